"""What the compiler makes of the convolution for every GPU, as a table for docs/benchmarks.md.

    python -m tools.mma_table            # needs NVRTC (`pip install nvidia-cuda-nvrtc`), no GPU
    python -m tools.mma_table --all      # every tiling that is tried: an hour or two of one core

For layers of the published networks and the tiling that is tried first: registers, what is spilled,
shared memory, blocks and warps of a multiprocessor. With --all only what a card has no room for,
and how many there are.
"""

from __future__ import annotations

import argparse
import io
import random
import re
from collections.abc import Iterator
from typing import NamedTuple

from stylegan3.cuda.nvrtc import compile_kernel
from stylegan3.fast.kernels.convolution.mma_launcher import mma_spec
from stylegan3.fast.kernels.convolution.mma_tiling import MmaTiling, candidates, shared_limit
from stylegan3.fast.kernels.convolution.tiling import ConvolutionShape

CARDS = {(7, 5): ("RTX 2060", 30), (8, 6): ("RTX 3060", 28), (8, 9): ("RTX 4090", 128),
         (12, 0): ("RTX 5090", 170)}  # fmt: skip
"""By capability: a card, and its multiprocessors."""

LAYERS = {
    "T 148 px, 512 to 512": ConvolutionShape(148, 148, 512, 512, 3, 2),
    "T 1044 px, 81 to 51": ConvolutionShape(1044, 1044, 81, 51, 3, 2),
    "R 148 px, 1x1, 1024": ConvolutionShape(148, 148, 1024, 1024, 1, 0),
    "SG2 64 px, 512 to 512": ConvolutionShape(64, 64, 512, 512, 3, 1),
    "SG2 1024 px, 32 to 32": ConvolutionShape(1024, 1024, 32, 32, 3, 1),
}


T = ((36, 512, 512), (52, 512, 512), (84, 512, 512), (148, 512, 512), (148, 512, 323),
     (276, 323, 203), (276, 203, 128), (532, 128, 81), (1044, 81, 51), (1044, 51, 32),
     (1044, 32, 32))  # fmt: skip
R = ((36, 1024, 1024), (148, 1024, 1024), (148, 1024, 645), (276, 645, 406), (276, 406, 256),
     (532, 256, 161), (1044, 161, 101), (1044, 101, 64), (1044, 64, 64))  # fmt: skip
"""Size [px] and channels of the layers of the published networks of 1024 px."""


class Compiled(NamedTuple):
    """What the compiler says of a kernel."""

    registers: int  # of a thread
    spilled: int  # [bytes]
    static: int  # shared memory besides the dynamic part [bytes]


def main() -> None:
    """Print the table, or check every tiling."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="compile every tiling that is tried")
    if parser.parse_args().all:
        _check_all()
        return
    print("| layer | capability | sums | tile | registers | spilled | shared | blocks x warps |")
    print("|---|---|---|---|---|---|---|---|")
    for name, shape in LAYERS.items():
        for capability, (_, processors) in CARDS.items():
            for run in (0, 2):
                tiling = candidates(shape, capability, processors, run=run, count=1)[0]
                print(_row(name, shape, capability, tiling), flush=True)


def _check_all() -> None:
    count, spilling = 0, 0
    for capability, shape, tiling in _tried():
        compiled, count = _compile(shape, capability, tiling), count + 1
        spilling += compiled.spilled > 0
        blocks = tiling.at_a_time(shape, capability)
        registers = -(-compiled.registers // 8) * 8 * tiling.threads * blocks
        shared = tiling.shared_bytes(shape) + compiled.static
        if registers > 65536 or shared > shared_limit(capability):
            print(f"no room on {capability}: {tiling} of {shape}, {compiled}", flush=True)
        if count % 100 == 0:
            print(f"{count} compiled, {spilling} of them spill", flush=True)
    print(f"{count} compiled, {spilling} of them spill")


def _tried() -> Iterator[tuple[tuple[int, int], ConvolutionShape, MmaTiling]]:
    """Yield every tiling that is tried on a card, with a shape of a published network."""
    shapes = [ConvolutionShape(size, size, ins, outs, 3, 2) for size, ins, outs in T]
    shapes += [ConvolutionShape(size, size, ins, outs, 1, 0) for size, ins, outs in R]
    for size in (4, 8, 16, 32, 64, 128, 256, 512, 1024):
        ins, outs = (min(32768 // side, 512) for side in (size, 2 * size))
        shapes.append(ConvolutionShape(size, size, ins, ins, 3, 1))
        shapes.append(ConvolutionShape(size, size, ins, 4 * outs, 2, 1))
    tried: dict[tuple[object, ...], tuple[tuple[int, int], ConvolutionShape, MmaTiling]] = {}
    for capability, processors in ((7, 5), 30), ((8, 6), 28), ((8, 9), 128), ((9, 0), 132), ((12, 0), 170):  # noqa: E501  # fmt: skip
        for shape in shapes:
            for run in (0, 1, 2):
                for tiling in candidates(shape, capability, processors, run=run):
                    key = capability, shape.kernel, tiling, tiling.at_a_time(shape, capability)
                    tried.setdefault(key, (capability, shape, tiling))
    found = list(tried.values())
    random.Random(1).shuffle(found)  # stopped early, it is a sample of all
    yield from found


def _compile(shape: ConvolutionShape, capability: tuple[int, int], tiling: MmaTiling) -> Compiled:
    log = io.StringIO()
    compile_kernel(mma_spec(shape, tiling, capability), "sm_{}{}".format(*capability), log=log)
    registers = re.search(r"Used (\d+) registers", log.getvalue())
    spilled = re.search(r"(\d+) bytes spill stores", log.getvalue())
    static = re.search(r"(\d+) bytes smem", log.getvalue())
    assert registers and spilled
    return Compiled(int(registers[1]), int(spilled[1]), int(static[1]) if static else 0)


def _row(name: str, shape: ConvolutionShape, capability: tuple[int, int], tiling: MmaTiling) -> str:
    compiled = _compile(shape, capability, tiling)
    sums = f"float16, {32 * tiling.run}" if tiling.run else "float32"
    width, height = tiling.strip
    blocks = tiling.at_a_time(shape, capability)
    cells = (
        name,
        "{}.{}".format(*capability),
        sums,
        f"{width}x{height} px, {tiling.n_tile}"
        + (f", split {tiling.split}" if tiling.split > 1 else ""),
        str(compiled.registers),
        str(compiled.spilled),
        f"{tiling.shared_bytes(shape) / 1024:.0f} KiB",
        f"{blocks} x {tiling.warps}",
    )
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()

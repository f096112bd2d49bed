"""What the compiler makes of the convolution for every GPU, as a table for docs/benchmarks.md.

    python -m tools.mma_table            # needs NVRTC (`pip install nvidia-cuda-nvrtc`), no GPU

For layers of the published networks and the tiling that is tried first: registers, what is spilled,
shared memory, blocks and warps of a multiprocessor.
"""

from __future__ import annotations

import io
import re

from stylegan3.cuda.nvrtc import compile_kernel
from stylegan3.fast.kernels.convolution.mma_launcher import mma_spec
from stylegan3.fast.kernels.convolution.mma_tiling import MmaTiling, candidates
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


def main() -> None:
    """Print the table."""
    print("| layer | capability | sums | tile | registers | spilled | shared | blocks x warps |")
    print("|---|---|---|---|---|---|---|---|")
    for name, shape in LAYERS.items():
        for capability, (_, processors) in CARDS.items():
            for run in (0, 2):
                tiling = candidates(shape, capability, processors, run=run, count=1)[0]
                print(_row(name, shape, capability, tiling), flush=True)


def _row(name: str, shape: ConvolutionShape, capability: tuple[int, int], tiling: MmaTiling) -> str:
    log = io.StringIO()
    spec = mma_spec(shape, tiling, capability)
    compile_kernel(spec, "sm_{}{}".format(*capability), log=log)
    registers = re.search(r"Used (\d+) registers", log.getvalue())
    spilled = re.search(r"(\d+) bytes spill stores", log.getvalue())
    assert registers and spilled
    sums = f"float16, {32 * tiling.run}" if tiling.run else "float32"
    width, height = tiling.strip
    blocks = tiling.at_a_time(shape, capability)
    cells = (
        name,
        "{}.{}".format(*capability),
        sums,
        f"{width}x{height} px, {tiling.n_tile}"
        + (f", split {tiling.split}" if tiling.split > 1 else ""),
        registers[1],
        spilled[1],
        f"{tiling.shared_bytes(shape) / 1024:.0f} KiB",
        f"{blocks} x {tiling.warps}",
    )
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()

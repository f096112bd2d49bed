"""Time every convolution of the published networks on this Hopper GPU (development only).

    python3 -m tools.gpu_check_conv [--json FILE] [--layers T,SG2,UP,R] [--sweep N] [--epilogue]

Per layer: our kernel with the tiling it chooses, cuDNN with the best padding of the channel counts,
and the floor of the tensor cores. UP are StyleGAN2's upsampling layers with the filter in their
weights. `--sweep` times the N tilings of least estimated time too, and names the best; `--epilogue`
times our kernel also with what follows in StyleGAN2 (activation, ToRGB), `--blocked` with blocked
output: times alone, tests compare results. From a checkout, with its root and `src` on PYTHONPATH.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import torch

from stylegan3.alias_free.config import StyleGAN3Config
from stylegan3.cuda import nvrtc
from stylegan3.fast.kernels.activation.launcher import ActVectors, TorgbOperands
from stylegan3.fast.kernels.channels_last import padded_channels, vector_length
from stylegan3.fast.kernels.convolution.epilogue import Epilogue
from stylegan3.fast.kernels.convolution.launcher import HopperConvolution
from stylegan3.fast.kernels.convolution.tiling import ConvolutionShape, Tiling
from stylegan3.fast.kernels.convolution.tuning import (
    beats_cudnn,
    candidates,
    choose_tiling,
    estimate,
)
from tools.gpu_timing import median_us
from tools.published import relative_error

DEVICE = torch.device("cuda", 0)
FLOPS_PER_US = 790e6
Row = dict[str, object]


def layers(family: str) -> Iterator[tuple[str, ConvolutionShape]]:
    """Yield the layers of a 1024 px network: "T" and "R" of StyleGAN3, "SG2", "UP" of it."""
    if family == "UP":
        for size in (4, 8, 16, 32, 64, 128, 256, 512):
            ins, outs = min(32768 // size, 512), min(16384 // size, 512)
            shape = ConvolutionShape(size, size, ins, 4 * outs, 3, 1)
            yield f"UP b{2 * size}.conv0", shape
        return
    if family == "SG2":
        for size in (4, 8, 16, 32, 64, 128, 256, 512, 1024):
            channels = min(32768 // size, 512)
            yield f"SG2 b{size}.conv1", ConvolutionShape(size, size, channels, channels, 3, 1)
            if size > 4:
                half, before = size // 2, min(65536 // size, 512)
                shape = ConvolutionShape(half, half, before, 4 * channels, 2, 1)
                yield f"SG2 b{size}.conv0", shape
        return
    radial = family == "R"
    config = StyleGAN3Config(
        img_resolution=1024,
        conv_kernel=1 if radial else 3,
        channel_base=65536 if radial else 32768,
        channel_max=1024 if radial else 512,
        use_radial_filters=radial,
    )
    for index in range(config.num_layers):
        g = config.layers[index]
        k = g.conv_kernel
        shape = ConvolutionShape(g.in_size, g.in_size, g.in_channels, g.out_channels, k, k - 1)
        yield f"{family} {g.name}", shape


class Layer:
    """One layer's operands, its reference, and the times of all that computes it."""

    def __init__(self, name: str, shape: ConvolutionShape) -> None:
        self.name, self.shape = name, shape
        pitch = padded_channels(shape.in_channels)
        self.x = torch.zeros(shape.height, shape.width, pitch, device=DEVICE).half()
        self.x[..., : shape.in_channels].normal_()
        size = (shape.out_channels, shape.in_channels, shape.kernel, shape.kernel)
        self.weight = torch.randn(size, device=DEVICE).half()
        planes = self.x[..., : shape.in_channels].permute(2, 0, 1)[None]
        with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
            self.expected = torch.nn.functional.conv2d(
                planes.float(), self.weight.float(), padding=shape.padding
            )[0].double()

    def own(self, tiling: Tiling) -> tuple[float, float]:
        """Return the time [us] of our kernel, and its error."""
        op = HopperConvolution(self.shape, DEVICE, tiling=tiling)
        weight = op.prepare(self.weight)
        size = (*self.shape.out_size, self.shape.columns)
        out = torch.full(size, torch.nan, device=DEVICE, dtype=torch.float16)
        run = partial(op, self.x, weight, out)
        run()
        actual = out[..., : self.shape.out_channels].permute(2, 0, 1)
        return median_us(run), relative_error(actual.cpu(), self.expected.cpu())

    def with_epilogue(self, tiling: Tiling) -> float:
        """Return the time [us] of our kernel with the activation, and ToRGB behind conv1."""
        shape, (height, width) = self.shape, self.shape.out_size
        has_phases = self.name.startswith("UP")
        size, channels = (height, width), shape.columns
        if has_phases:
            size, channels = (2 * height, 2 * width), channels // 4
        epilogue = Epilogue(256.0, colours=0 if has_phases else 3, has_phases=has_phases)
        op = HopperConvolution(shape, DEVICE, epilogue=epilogue, tiling=tiling)
        v = [torch.randn(vector_length(channels), device=DEVICE) for _ in range(3)]
        noise = torch.randn(size, device=DEVICE)
        vectors = ActVectors(*v, noise=noise, strength=torch.ones((), device=DEVICE))
        rgb = None
        if not has_phases:
            is_whole = op.torgb_parts == 1
            image = torch.zeros(3, *size, device=DEVICE)
            parts = torch.zeros(op.torgb_parts, 3, *size, device=DEVICE)
            previous = torch.zeros(3, height // 2, width // 2, device=DEVICE)
            weight = torch.randn(3, channels, 1, 1, device=DEVICE)
            rgb = TorgbOperands(
                weight,
                v[0][:channels],
                v[1][:3],
                0.1,
                image if is_whole else parts,
                previous if is_whole else None,
            )
        out = torch.zeros(*size, channels, device=DEVICE, dtype=torch.float16)
        taps = torch.ones(2, 4, device=DEVICE)
        weight = op.prepare(self.weight)
        return median_us(partial(op, self.x, weight, out, vectors, rgb, taps))

    def blocked(self, tiling: Tiling) -> float:
        """Return the time [us] of our kernel with blocked output."""
        op = HopperConvolution(self.shape, DEVICE, is_blocked=True, tiling=tiling)
        out = torch.zeros(op.blocked_shape, device=DEVICE, dtype=torch.float16)
        return median_us(partial(op, self.x, op.prepare(self.weight), out))

    def cudnn(self) -> float:
        """Return the time [us] of cuDNN with the best padding."""
        times, shape, kernel = [], self.shape, self.shape.kernel
        for multiple in (8, 16, 32, 64):
            ins, outs = (
                padded_channels(n, multiple) for n in (shape.in_channels, shape.out_channels)
            )
            x = torch.randn(1, ins, shape.height, shape.width, device=DEVICE).half()
            weight = torch.randn(outs, ins, kernel, kernel, device=DEVICE).half()
            operands = (v.to(memory_format=torch.channels_last) for v in (x, weight))
            with torch.backends.cudnn.flags(enabled=True, benchmark=True):
                run = partial(torch.nn.functional.conv2d, *operands, padding=shape.padding)
                times.append(median_us(run))
        return min(times)


def tilings(shape: ConvolutionShape, processors: int, count: int) -> list[Tiling]:
    """Return the chosen tiling and the `count` that are estimated best."""
    others = sorted(candidates(shape), key=lambda t: estimate(t, shape, processors))
    return list(dict.fromkeys([choose_tiling(shape, processors), *others[:count]]))


def time_layer(
    name: str, shape: ConvolutionShape, processors: int, count: int, modes: tuple[str, ...]
) -> Row:
    """Return a row of the table."""
    layer = Layer(name, shape)
    times = {tiling: layer.own(tiling) for tiling in tilings(shape, processors, count)}
    chosen, (own, error) = next(iter(times.items()))
    row: Row = {"name": name, "own_us": own, "cudnn_us": layer.cudnn()}
    row |= {"floor_us": shape.flops / FLOPS_PER_US, "rel": error}
    row |= {
        "beats_cudnn": beats_cudnn(shape, torch.cuda.get_device_capability(DEVICE)),
        "tiling": str(chosen),
    }
    for mode in modes:
        if mode == "with_epilogue" and not (name.startswith("UP") or "conv1" in name):
            continue  # no activation follows, or only behind a filter
        in_mode = {tiling: getattr(layer, mode)(tiling) for tiling in times}
        fastest = min(in_mode, key=lambda tiling: in_mode[tiling])
        row |= {f"{mode}_us": in_mode[chosen]}
        row |= {f"best_{mode}_us": in_mode[fastest], f"best_{mode}": str(fastest)}
    if count:
        best = min(times, key=lambda tiling: times[tiling][0])
        row |= {"best_us": times[best][0], "best_rel": times[best][1], "best": str(best)}
    print(
        *(f"{v:9.1e}" if k.endswith("rel") else f"{v:8.1f}" if isinstance(v, float) else v
          for k, v in row.items()), sep="  ", flush=True,
    )  # fmt: skip
    return row


def main() -> None:
    """Time what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--layers", default="T,SG2,UP,R")
    parser.add_argument("--sweep", type=int, default=0, metavar="N")
    parser.add_argument("--epilogue", action="store_true")
    parser.add_argument("--blocked", action="store_true")
    arguments = parser.parse_args()
    reason = nvrtc.unavailable_reason()
    if reason:
        sys.exit(reason)
    if torch.cuda.get_device_capability(DEVICE) != (9, 0):
        sys.exit(f"{torch.cuda.get_device_name()} is not a Hopper GPU")
    processors = torch.cuda.get_device_properties(DEVICE).multi_processor_count
    wanted = dict(item for family in arguments.layers.split(",") for item in layers(family))
    specs = [
        HopperConvolution(shape, DEVICE, tiling=tiling).spec
        for shape in wanted.values()
        for tiling in tilings(shape, processors, arguments.sweep)
    ]
    nvrtc.compile_all(specs, DEVICE)
    asked = {"with_epilogue": arguments.epilogue, "blocked": arguments.blocked}
    modes = tuple(mode for mode, is_asked in asked.items() if is_asked)
    rows = [time_layer(*item, processors, arguments.sweep, modes) for item in wanted.items()]
    for family in arguments.layers.split(","):
        mine = [row for row in rows if str(row["name"]).startswith(family + " ")]
        sums = {key: sum(float(str(r[key])) for r in mine) for key in ("own_us", "cudnn_us")}
        print(family, "sum", {key: round(value, 1) for key, value in sums.items()})
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=2))


if __name__ == "__main__":
    main()

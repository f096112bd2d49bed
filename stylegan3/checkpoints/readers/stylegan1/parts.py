"""StyleGAN1 weights in the layouts of three programs, brought to one.

What differs between them is folded into the tensors: multipliers of the learning rate, the gain of
the mapping network's activation, and the way that upsampling layers convolve. A *fused* layer is a
transposed convolution, which equals doubling every pixel and convolving with the kernel turned by
180 degrees; so its kernel is turned here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from stylegan3.checkpoints.container.tensors import read_tensor
from stylegan3.checkpoints.errors import UnusableError
from stylegan3.checkpoints.found import FoundGenerator, Part, configure, infer_options
from stylegan3.checkpoints.pickle.values import TensorRef
from stylegan3.checkpoints.source import Source
from stylegan3.families import FAMILIES
from stylegan3.stylegan1.names import tensor_layers

STYLEGAN1 = FAMILIES["stylegan1"]
FUSED_FROM = 128  # [px] from where upsampling layers are fused where nothing else is said
SQRT2 = math.sqrt(2)

Convert = Callable[[Tensor], Tensor]


def found_generator(
    parts: Mapping[str, Part], options: Mapping[str, Any], source_format: str, notes: list[str]
) -> FoundGenerator:
    """A generator of these parts; layers that a growing network does not run yet are left out.

    Args:
        parts: by published name, those of all resolutions.
        options: what shapes do not show.
        source_format: of the file, for people.
        notes: are told what was done.

    Raises:
        UnusableError: if no published network has such tensors, or such options.
    """
    lod = options.get("lod", 0.0)
    resolution = _finest(parts)
    if not 0 <= lod <= resolution.bit_length() - 3:
        raise UnusableError(f"it is StyleGAN1, but its configuration is impossible: lod is {lod:g}")
    run = resolution >> math.floor(lod)
    lowest_torgb = run if lod == math.floor(lod) else run // 2
    kept = {}
    for name, part in parts.items():
        block = re.match(r"synthesis\.b(\d{1,6})\.(ToRGB)?", name)
        size = int(block[1]) if block else 0
        if size <= run and not (block and block[2] and size < lowest_torgb):
            kept[name] = part
    inferred = infer_options(STYLEGAN1, {name: part.shape for name, part in kept.items()})
    inferred["img_resolution"] = resolution
    config = configure(STYLEGAN1.config, inferred | dict(options))
    if lod:
        notes.append(
            f"it was saved while it grew (lod {lod:g}): layers finer than {run} px are left out"
        )
    return FoundGenerator(config, dict(kept), source_format, notes)


def _finest(parts: Mapping[str, Part]) -> int:
    blocks = [re.match(r"synthesis\.b(\d{1,40})\.", name) for name in parts]
    sizes = [int(block[1]) for block in blocks if block]  # of up to 31 digits
    largest = STYLEGAN1.config.largest["img_resolution"]
    if not sizes or not all(4 <= n <= largest and n & (n - 1) == 0 for n in sizes):
        raise UnusableError("it is StyleGAN1, but its layers are of no size that networks have")
    return max(sizes)


def layer_prefix(index: int) -> str:
    """Published prefix of the layer that row `index` of `ws` drives."""
    resolution = 4 << index // 2
    return f"synthesis.b{resolution}.{tensor_layers(resolution)[index % 2]}."


def part_of(
    name: str,  # in the file, for messages
    ref: TensorRef,
    axes: tuple[int, ...],  # of the file's tensor, in the published order
    convert: Convert | None = None,  # after its axes are in the published order
    rank: int | None = None,  # of the file's tensor; None: as many as `axes`
    is_buffer: bool = False,
) -> Part:
    """A tensor of which `axes` remain; the others have length one.

    Raises:
        UnusableError: if the file's tensor has another number of axes, or an empty one.
    """
    rank = len(axes) if rank is None else rank
    dropped = tuple(axis for axis in range(rank) if axis not in axes)
    is_odd = len(ref.shape) != rank or math.prod(ref.shape) == 0
    if is_odd or any(ref.shape[axis] != 1 for axis in dropped):
        raise UnusableError(f"tensor {name[:120]} has the shape {list(ref.shape)}, not {rank} axes")
    shape = tuple(ref.shape[axis] for axis in axes)

    def converted(x: Tensor) -> Tensor:
        x = x.permute(*axes, *dropped).reshape(shape)
        return x if convert is None else convert(x)

    return Part(ref, shape, converted, is_buffer)


def times(gain: float) -> Convert:
    """Multiply by `gain`."""
    return lambda x: x * gain


def turned(gain: float = 1.0) -> Convert:
    """Turn a kernel [out, in, 3, 3] by 180 degrees, and multiply it by `gain`."""
    return lambda x: x.flip(2, 3) * gain


def first_half_plus_one(x: Tensor) -> Tensor:
    """Style biases that lack the 1 which the factors are added to."""
    half = len(x) // 2
    return torch.cat([x[:half] + 1, x[half:]])


def read_number(source: Source, name: str, value: Any) -> float:
    """A number that a file holds as such or as a tensor; 0 if it holds neither.

    Raises:
        UnusableError: if it is not finite, or not one number.
    """
    if isinstance(value, TensorRef):
        tensor = read_tensor(source, name, value)
        value = float(tensor) if tensor.numel() == 1 else math.nan
    elif isinstance(value, bool) or not isinstance(value, int | float):
        return 0.0
    if not math.isfinite(value):
        raise UnusableError(f"its configuration is impossible: {name} is no number")
    return float(value)

"""Published names of layers and tensors: what they say, and how a wrong one is reported.

A layer of StyleGAN3 is called "L6_36_512": its index, size [px] and channels. A block of StyleGAN2
is called "b16", for its resolution, and has the layers "b16.conv0", "b16.conv1", "b16.torgb" and,
where it is residual, "b16.skip". A tensor is called "synthesis.", its layer, and its own name.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# Numbers are short, so that names from a file cannot hold ones that take long to read.
_INDEXED = re.compile(r"(L\d{1,4})(?:_\d{1,6}_\d{1,6})?", re.ASCII)
_ALIAS_FREE = re.compile(r"synthesis\.(L(\d{1,4})_(\d{1,6})_(\d{1,6}))(?:\.((?s:.+)))?", re.ASCII)
_BLOCK = re.compile(r"synthesis\.(b(\d{1,6}))(?:\.((?s:.+)))?", re.ASCII)
_CONVOLUTION = re.compile(r"conv\d\.weight", re.ASCII)


@dataclass(frozen=True)
class LayerSpec:
    """One layer of a synthesis network that can be shown."""

    name: str  # "L6_36_16", "b16.conv0", "input"
    group: str  # what a blend treats as one: "input", "L6", "b16"
    size: int  # height of its output [px]
    channels: int
    width: int | None = None  # of its output [px]; None: as its height

    @property
    def dimensions(self) -> tuple[int, int]:
        """Width and height of its output [px]."""
        return (self.size if self.width is None else self.width), self.size


@dataclass(frozen=True, order=True)
class AliasFreeName:
    """What the name of a StyleGAN3 layer, or of a tensor of it, says."""

    index: int
    size: int  # width of its output [px], and its height where pictures are square
    channels: int
    name: str  # "L6_36_512"
    tensor: str = ""  # "weight", "affine.bias"; "" for the layer itself

    @property
    def group(self) -> str:
        """The layer without its sizes: "L6"."""
        return f"L{self.index}"


@dataclass(frozen=True, order=True)
class BlockName:
    """What the name of a StyleGAN2 block, or of a tensor of it, says."""

    resolution: int  # [px]
    name: str  # "b16"
    tensor: str = ""  # "conv0.weight", "const"; "" for the block itself


def alias_free_name(name: str) -> AliasFreeName | None:
    """Parse "synthesis.L6_36_512" or "synthesis.L6_36_512.weight"; None for any other name."""
    match = _ALIAS_FREE.fullmatch(name)
    if match is None:
        return None
    return AliasFreeName(int(match[2]), int(match[3]), int(match[4]), match[1], match[5] or "")


def block_name(name: str) -> BlockName | None:
    """Parse "synthesis.b16" or "synthesis.b16.conv0.weight"; None for any other name."""
    match = _BLOCK.fullmatch(name)
    return None if match is None else BlockName(int(match[2]), match[1], match[3] or "")


def is_alias_free(tensors: Iterable[str]) -> bool:
    """Return whether one of these names is that of a tensor of a StyleGAN3 layer."""
    names = map(alias_free_name, tensors)
    return any(name is not None and name.tensor != "" for name in names)


def has_blocks(tensors: Iterable[str]) -> bool:
    """Return whether one of these names is that of a tensor of a StyleGAN2 block."""
    blocks = map(block_name, tensors)
    first = ("const", "conv0.", "conv1.")
    return any(block is not None and block.tensor.startswith(first) for block in blocks)


def group_of(tensor: str) -> str:
    """Return what a blend treats as one: "mapping", "input", "L6" or "b16"."""
    layer = alias_free_name(tensor) or block_name(tensor)
    if isinstance(layer, AliasFreeName):
        return layer.group
    if layer is not None:
        return layer.name
    first, _, rest = tensor.partition(".")
    return "input" if first == "synthesis" and rest.startswith("input.") else first


def place_of(tensor: str) -> str:
    """Return a tensor's name without the sizes of its layer: "synthesis.L6.weight"."""
    layer = alias_free_name(tensor)
    return tensor if layer is None else f"synthesis.{layer.group}.{layer.tensor}"


def scale_invariant(tensors: Iterable[str]) -> frozenset[str]:
    """Return the weights of a network that demodulation divides a positive factor out of again.

    Weight demodulation: Karras et al. 2020 (StyleGAN2), section 2.2. ToRGB has none: in StyleGAN2
    the `torgb` of each block, in StyleGAN3 the last layer.
    """
    tensors = tuple(tensors)
    layers = [layer for layer in map(alias_free_name, tensors) if layer is not None]
    torgb = max((layer.index for layer in layers), default=-1)

    def has_demodulation(tensor: str) -> bool:
        layer = alias_free_name(tensor)
        if layer is not None:
            return layer.tensor == "weight" and layer.index != torgb
        block = block_name(tensor)
        return block is not None and _CONVOLUTION.fullmatch(block.tensor) is not None

    return frozenset(filter(has_demodulation, tensors))


def resolve_layer(name: str, layers: Sequence[LayerSpec]) -> str:
    """Return the full name of the layer that `name` means.

    A name is matched whole; of StyleGAN3's layers the index alone counts, so that "L6" and a
    "L6_36_512" from another network both find "L6_36_16" here. "L1" never means L10.

    Raises:
        ValueError: with the nearest names, where there is no such layer.
    """
    names = [layer.name for layer in layers]
    if not isinstance(name, str):
        raise ValueError(f"a layer goes by its name, such as {names[-1]!r}, not {name!r}")
    if name in names:
        return name
    if match := _INDEXED.fullmatch(name):
        for layer in layers:
            if layer.group == match[1]:
                return layer.name
    short = [layer.group for layer in layers if _INDEXED.fullmatch(layer.name)]
    near = difflib.get_close_matches(name, short + names, n=3, cutoff=0.3) or names[-3:]
    raise ValueError(f"no layer is called {name!r}; try {', '.join(near)}")


NOISE_MODES = ("const", "random", "none")
"""Of per-pixel noise: `noise_const`, fresh at each call, or not at all."""


def check_noise_mode(noise_mode: str) -> None:
    """Raise ValueError where there is no such noise mode."""
    if noise_mode not in NOISE_MODES:
        raise ValueError(f"noise_mode must be const, random or none, not {noise_mode!r}")


def check_ws(shape: tuple[int, ...], num_ws: int, w_dim: int) -> None:
    """Raise ValueError where `ws` is not [N, num_ws, w_dim]."""
    if len(shape) != 3 or shape[1:] != (num_ws, w_dim):
        raise ValueError(f"ws must have shape [N, {num_ws}, {w_dim}], not {list(shape)}")

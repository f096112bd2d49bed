"""StyleGAN3's last layer, ToRGB: what it computes, as a whole or from partial sums."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

MAX_COLOURS = 4
"""Of a picture whose ToRGB can be part of the launch before it: its sums fit beside a tile's."""
PART_CHANNELS = 16
"""Channels that each partial sum is over: those of a block of `filtered_lrelu.cu`."""


@dataclass(frozen=True)
class TorgbLayer:
    """A 1x1 convolution, bias, clamp and output scale; its input has the styles multiplied in."""

    weight: Tensor  # [colours, C, 1, 1] float32, live
    bias: Tensor  # [colours] float32, live
    clamp: float | None  # None for none
    output_scale: float

    @property
    def colours(self) -> int:
        """Of the picture."""
        return len(self.weight)

    @property
    def clamp_limit(self) -> float:
        """As kernels take it: infinity for none."""
        return math.inf if self.clamp is None else float(self.clamp)

    def parts_shape(self, size: tuple[int, int]) -> tuple[int, int, int, int]:
        """Return the shape of the sums: [parts, colours, H, W] for a height and width [px]."""
        return (-(-self.weight.shape[1] // PART_CHANNELS), self.colours, *size)

    def check_channels(self, channels: int) -> None:
        """Check that a filter of so many channels can store its sums; raises ValueError."""
        if self.weight.numel() != self.colours * channels:
            raise ValueError(f"ToRGB must read {channels} channels, not {tuple(self.weight.shape)}")
        if self.colours > MAX_COLOURS:
            raise ValueError(f"at most {MAX_COLOURS} colours can be summed, not {self.colours}")

    def check_parts(self, parts: Tensor, size: tuple[int, int]) -> None:
        """Check what the filter writes and `TorgbPartialSums` reads; raises ValueError."""
        _check("parts", parts, self.parts_shape(size))

    def check_picture(self, picture: Tensor, size: tuple[int, int]) -> None:
        """Check what `TorgbPartialSums` writes; raises ValueError."""
        _check("the picture", picture, (self.colours, *size))
        if self.bias.shape != (self.colours,):
            raise ValueError(f"ToRGB must have a bias a colour, not {tuple(self.bias.shape)}")


def _check(name: str, x: Tensor, shape: tuple[int, ...]) -> None:
    if x.shape != shape or x.dtype != torch.float32 or not x.is_contiguous():
        raise ValueError(
            f"{name} must be contiguous float32 {shape}, not {x.dtype} {tuple(x.shape)}"
        )

"""StyleGAN3's last layer, ToRGB, for what computes it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

MAX_COLOURS = 4
"""Of a picture whose ToRGB `filtered_lrelu.cu` can include."""


@dataclass(frozen=True)
class AliasFreeRgb:
    """A 1x1 convolution, bias, clamp and output scale; its input has the styles multiplied in."""

    weight: Tensor  # [colours, C, 1, 1] float32, live
    bias: Tensor  # [colours] float32, live
    clamp: float | None  # None for none
    output_scale: float

    @property
    def colours(self) -> int:
        """Of the picture."""
        return len(self.weight)

    def check(self, y: Tensor, size: tuple[int, int], channels: int) -> None:
        """Check what a filter that includes this writes and computes; raises ValueError."""
        expected = (self.colours, *size)
        if y.shape != expected or y.dtype != torch.float32 or not y.is_contiguous():
            raise ValueError(
                f"y must be contiguous float32 {expected}, not {y.dtype} {tuple(y.shape)}"
            )
        if self.weight.numel() != self.colours * channels or len(self.bias) != self.colours:
            raise ValueError(
                f"ToRGB must read {channels} channels and have a bias a colour,"
                f" not {tuple(self.weight.shape)} and {len(self.bias)}"
            )
        if self.colours > MAX_COLOURS:
            raise ValueError(f"at most {MAX_COLOURS} colours can be included, not {self.colours}")

    def arguments(self) -> tuple[Tensor, Tensor, float, float]:
        """Return what `filtered_lrelu.cu` takes: weight, bias, clamp, output scale."""
        clamp = math.inf if self.clamp is None else float(self.clamp)
        return self.weight, self.bias, clamp, float(self.output_scale)

"""ToRGB, where it is not part of the launch before it, in plain torch, on any device."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from stylegan3.fast.kernels.activation.reference import upsampled
from stylegan3.fast.kernels.torgb.launcher import SkipLevel, check_levels
from stylegan3.fast.kernels.torgb.layer import TorgbLayer


class TorgbConvolution:
    """`torgb_convolution.cu`; the same call as its launcher."""

    def __init__(self, torgb: TorgbLayer, *, pitch: int, dtype: torch.dtype) -> None:
        self._torgb = torgb

    def __call__(self, x: Tensor, y: Tensor) -> None:
        """Compute the picture."""
        rgb, weight = self._torgb, self._torgb.weight[:, :, 0, 0]
        v = torch.einsum("hwc,oc->ohw", x[..., : weight.shape[1]].float(), weight)
        _write_picture(rgb, v, y)


class TorgbPartialSums:
    """`torgb_partial_sums.cu`; the same call as its launcher."""

    def __init__(self, torgb: TorgbLayer, size: tuple[int, int]) -> None:
        self._torgb, self._size = torgb, size

    def __call__(self, parts: Tensor, picture: Tensor) -> None:
        """Compute the picture."""
        rgb = self._torgb
        rgb.check_parts(parts, self._size)
        rgb.check_picture(picture, self._size)
        _write_picture(rgb, parts.sum(0), picture)


class TorgbSkipSums:
    """`torgb_skip_sums.cu`; the same call as its launcher."""

    def __init__(
        self, levels: Sequence[SkipLevel], out: Tensor, previous: Tensor | None = None
    ) -> None:
        check_levels(levels, out, previous)
        self._levels, self._out, self._previous = tuple(levels), out, previous

    def __call__(self) -> None:
        """Add up all levels."""
        picture = self._previous
        for level in self._levels:
            clamp = math.inf if level.clamp is None else level.clamp
            own = (level.sums.sum(0) + level.bias[:, None, None]).clamp(-clamp, clamp)
            picture = own if picture is None else own + upsampled(picture, level.taps)
        assert picture is not None
        self._out.copy_(picture)


def _write_picture(rgb: TorgbLayer, sums: Tensor, picture: Tensor) -> None:
    v = (sums + rgb.bias[:, None, None]).clamp(-rgb.clamp_limit, rgb.clamp_limit)
    picture.copy_(v * rgb.output_scale)

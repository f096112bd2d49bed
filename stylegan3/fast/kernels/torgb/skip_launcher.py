"""CUDA launcher of `skip_sums.cu`: StyleGAN2's picture from shares of ToRGB's sums."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from stylegan3.cuda import nvrtc
from stylegan3.cuda.launch_table import POINTER, pointer, table
from stylegan3.cuda.sources import cuda_source
from stylegan3.fast.kernels.convolution.epilogue import MAX_COLOURS

_TILE = 8  # of the kernel [px]
_MOST_LEVELS = 10
_LAYOUT = (
    ("sums", POINTER),
    ("bias", POINTER),
    ("taps", POINTER),
    ("parts", np.int32),
    ("size", np.int32),
    ("clamp", np.float32),
)


@dataclass(frozen=True)
class SkipLevel:
    """ToRGB of one block."""

    sums: Tensor  # [parts, colours, r, r] float32: each over some of the channels
    bias: Tensor  # [colours] float32, live
    taps: Tensor  # [2, 4]: resampling_taps of the filter that upsamples the level before
    clamp: float | None = None  # None for none

    @property
    def size(self) -> int:
        """Height and width [px]."""
        return self.sums.shape[-1]


class SkipSums:
    """`skip_sums.cu`: `clamp(sums + bias) + upsample(level before)`, through all levels.

    Args:
        levels: each twice the size of the one before.
        out: [colours, r, r] float32 of the last level, written.
        previous: [colours, r / 2, r / 2] before the first level, None for none.

    Raises:
        ValueError: if shapes or types disagree.
    """

    def __init__(
        self, levels: Sequence[SkipLevel], out: Tensor, previous: Tensor | None = None
    ) -> None:
        self._levels, self._out, self._previous = tuple(levels), out, previous
        _check(self._levels, out, previous)
        rows = [
            (
                pointer(level.sums),
                pointer(level.bias),
                pointer(level.taps),
                len(level.sums),
                level.size,
                math.inf if level.clamp is None else level.clamp,
            )
            for level in self._levels
        ]
        self._table = table(rows, _LAYOUT, out.device)
        self.spec = nvrtc.KernelSpec(
            "skip_sums", cuda_source(__file__, "skip_sums.cu"), (("RGB", out.shape[0]),)
        )

    def __call__(self) -> None:
        """Launch on torch's current stream; capturable."""
        across = -(-self._levels[-1].size // _TILE)
        nvrtc.load(self.spec, self._out.device)(
            (across, across), 256, self._table, len(self._levels), self._previous, self._out
        )


def _check(levels: tuple[SkipLevel, ...], out: Tensor, previous: Tensor | None) -> None:
    colours = len(out)
    if not 0 < len(levels) <= _MOST_LEVELS or not 0 < colours <= MAX_COLOURS:
        raise ValueError(
            f"1 to {_MOST_LEVELS} levels of up to {MAX_COLOURS} colours,"
            f" not {len(levels)} of {colours}"
        )
    for level in levels:
        shape = (colours, level.size, level.size)
        if level.sums.shape[1:] != shape or len(level.bias) != colours:
            raise ValueError(f"sums must be [parts, {colours}, r, r], not {level.sums.shape}")
    for before, after in itertools.pairwise(levels):
        if after.size != 2 * before.size:
            raise ValueError(f"a level of {before.size} px comes before one of {after.size}")
    if out.shape[1:] != levels[-1].sums.shape[2:]:
        raise ValueError(f"out must be of {levels[-1].size} px, not {tuple(out.shape)}")
    half = levels[0].size // 2
    if previous is not None and previous.shape != (colours, half, half):
        raise ValueError(f"previous must be of {half} px, not {tuple(previous.shape)}")
    tensors = [t for level in levels for t in (level.sums, level.bias, level.taps)]
    if any(t.dtype != torch.float32 or not t.is_contiguous() for t in (*tensors, out)):
        raise ValueError("all must be contiguous float32")

"""CUDA launchers of ToRGB, or of what is left of it where the launch before stored its sums."""

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
from stylegan3.cuda.multiprocessors import multiprocessors
from stylegan3.cuda.sources import cuda_source, storage_class
from stylegan3.fast.kernels.channels_last import (
    check_picture,
    chunks_per_lane,
    lanes_per_pixel,
    striding_blocks,
)
from stylegan3.fast.kernels.torgb.layer import MAX_COLOURS, TorgbLayer

_THREADS = 256
_VECTORS = 2  # of a thread of `torgb_partial_sums.cu`
_AT_ONCE = 4  # blocks of it on a multiprocessor
_TILE = 8  # of `torgb_skip_sums.cu` [px]
_MOST_LEVELS = 10
_LAYOUT = (
    ("sums", POINTER),
    ("bias", POINTER),
    ("taps", POINTER),
    ("parts", np.int32),
    ("height", np.int32),
    ("width", np.int32),
    ("clamp", np.float32),
)


class TorgbConvolution:
    """The last layer: 1x1 convolution, bias, clamp, output scale, to planar float32.

    Args:
        torgb: what to compute.
        pitch: channels of the input, padded.
        dtype: of the input.
    """

    def __init__(self, torgb: TorgbLayer, *, pitch: int, dtype: torch.dtype) -> None:
        self._torgb = torgb
        self.spec = nvrtc.KernelSpec(
            "torgb_convolution",
            cuda_source(__file__, "torgb_convolution.cu"),
            (
                ("CHUNKS", chunks_per_lane(pitch)),
                ("IN_TYPE", storage_class(dtype)),
                ("LANES", lanes_per_pixel(pitch)),
                ("OUT_CHANNELS", torgb.colours),
            ),
        )

    def __call__(
        self,
        x: Tensor,  # [H, W, P], styles multiplied in
        y: Tensor,  # [colours, H, W] float32, written
    ) -> None:
        """Launch; raises ValueError if shapes disagree."""
        torgb, channels = self._torgb, self._torgb.weight.shape[1]
        check_picture("x", x, channels)
        if y.shape != (torgb.colours, *x.shape[:2]) or y.dtype != torch.float32:
            raise ValueError(f"y must be float32 [{torgb.colours}, H, W], not {tuple(y.shape)}")
        pixels, pitch = x.shape[0] * x.shape[1], x.shape[2]
        nvrtc.load(self.spec, x.device)(
            striding_blocks(pixels, pitch, x.device),
            _THREADS,
            x,
            y,
            torgb.weight,
            torgb.bias,
            pixels,
            channels,
            pitch,
            torgb.clamp_limit,
            float(torgb.output_scale),
        )


class TorgbPartialSums:
    """`picture = output_scale * clamp(sum of parts + bias, +-clamp)`.

    Args:
        torgb: whose bias, clamp and scale these are.
        size: of the picture, height and width [px].
    """

    def __init__(self, torgb: TorgbLayer, size: tuple[int, int]) -> None:
        self._torgb, self._size = torgb, size
        self._width = 1 if size[0] * size[1] % 4 else 4
        self.spec = nvrtc.KernelSpec(
            "torgb_partial_sums",
            cuda_source(__file__, "torgb_partial_sums.cu"),
            (("WIDTH", self._width),),
        )

    def __call__(
        self,
        parts: Tensor,  # [parts, colours, H, W] float32, as the filter leaves them
        picture: Tensor,  # [colours, H, W] float32, written
    ) -> None:
        """Launch; raises ValueError if shapes disagree."""
        self._torgb.check_parts(parts, self._size)
        self._torgb.check_picture(picture, self._size)
        vectors = picture[0].numel() // self._width
        blocks = _AT_ONCE * multiprocessors(parts.device).count // len(picture)
        nvrtc.load(self.spec, parts.device)(
            (max(min(-(-vectors // (_VECTORS * _THREADS)), blocks), 1), len(picture)),
            _THREADS,
            parts,
            picture,
            self._torgb.bias,
            len(parts),
            vectors,
            self._torgb.clamp_limit,
            float(self._torgb.output_scale),
        )


@dataclass(frozen=True)
class SkipLevel:
    """ToRGB of one block."""

    sums: Tensor  # [parts, colours, H, W] float32: each over some of the channels
    bias: Tensor  # [colours] float32, live
    taps: Tensor  # [2, 4]: resampling_taps of the filter that upsamples the level before
    clamp: float | None = None  # None for none

    @property
    def size(self) -> tuple[int, int]:
        """Height and width [px]."""
        height, width = self.sums.shape[-2:]
        return height, width


class TorgbSkipSums:
    """`torgb_skip_sums.cu`: `clamp(sums + bias) + upsample(level before)`, through all levels.

    Args:
        levels: each twice the size of the one before.
        out: [colours, H, W] float32 of the last level, written.
        previous: [colours, H / 2, W / 2] before the first level, None for none.

    Raises:
        ValueError: if shapes or types disagree.
    """

    def __init__(
        self, levels: Sequence[SkipLevel], out: Tensor, previous: Tensor | None = None
    ) -> None:
        self._levels, self._out, self._previous = tuple(levels), out, previous
        check_levels(self._levels, out, previous)
        rows = [
            (
                pointer(level.sums),
                pointer(level.bias),
                pointer(level.taps),
                len(level.sums),
                *level.size,
                math.inf if level.clamp is None else level.clamp,
            )
            for level in self._levels
        ]
        self._table = table(rows, _LAYOUT, out.device)
        self.spec = nvrtc.KernelSpec(
            "torgb_skip_sums", cuda_source(__file__, "torgb_skip_sums.cu"), (("RGB", out.shape[0]),)
        )

    def __call__(self) -> None:
        """Launch on torch's current stream; capturable."""
        rows, columns = (-(-side // _TILE) for side in self._levels[-1].size)
        nvrtc.load(self.spec, self._out.device)(
            (columns, rows), 256, self._table, len(self._levels), self._previous, self._out
        )


def check_levels(levels: Sequence[SkipLevel], out: Tensor, previous: Tensor | None) -> None:
    """Raise ValueError if what `TorgbSkipSums` is given does not fit together."""
    colours = len(out)
    if not 0 < len(levels) <= _MOST_LEVELS or not 0 < colours <= MAX_COLOURS:
        raise ValueError(
            f"1 to {_MOST_LEVELS} levels of up to {MAX_COLOURS} colours,"
            f" not {len(levels)} of {colours}"
        )
    for level in levels:
        shape = (colours, *level.size)
        if level.sums.shape[1:] != shape or len(level.bias) != colours:
            raise ValueError(f"sums must be [parts, {colours}, H, W], not {level.sums.shape}")
    for before, after in itertools.pairwise(levels):
        if after.size != tuple(2 * side for side in before.size):
            raise ValueError(f"a level of {_px(before.size)} comes before one of {_px(after.size)}")
    if out.shape[1:] != levels[-1].sums.shape[2:]:
        raise ValueError(f"out must be of {_px(levels[-1].size)}, not {tuple(out.shape)}")
    half = tuple(side // 2 for side in levels[0].size)
    if previous is not None and previous.shape != (colours, *half):
        raise ValueError(f"previous must be of {_px(half)}, not {tuple(previous.shape)}")
    tensors = [t for level in levels for t in (level.sums, level.bias, level.taps)]
    if any(t.dtype != torch.float32 or not t.is_contiguous() for t in (*tensors, out)):
        raise ValueError("all must be contiguous float32")


def _px(size: tuple[int, ...]) -> str:
    return f"{size[0]} x {size[1]} px"

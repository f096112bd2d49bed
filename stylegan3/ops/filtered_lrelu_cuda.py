"""CUDA launchers of filtered leaky ReLU: channels last, scale, bias and clamp per channel.

Pictures are [H, W, P] (`channels_last`): padding channels of inputs are ignored, those of outputs
are zero. Per-channel vectors are float32 with `vector_length(P)` values, zero beyond the channels.

    y = scale * down(clamp(lrelu(up(x + bias)) * gain, +-clamp))

A demodulation factor d before the bias is folded by the caller, exactly, as lrelu(d v) = d lrelu(v)
for d > 0: bias / d, clamp / d, scale * d.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from stylegan3.ops import nvrtc
from stylegan3.ops.alias_free_rgb import AliasFreeRgb
from stylegan3.ops.channels_last import check_picture, check_vectors, padded_channels
from stylegan3.ops.filtered_lrelu_strips import STRIP_WIDTH, strip_steps
from stylegan3.ops.multiprocessors import multiprocessors
from stylegan3.ops.separable_terms import Array, separable_terms
from stylegan3.ops.sources import cuda_source

Padding = tuple[int, int, int, int]

_CORRELATION = {2: 0.9, 4: 0.95}  # of the oversampled signal; see separable_terms
_MAX_RANK = 4
LEAK = 0.666748046875
"""lrelu(v) = (v + LEAK |v|) / (1 + LEAK): the kernel takes turns with the float16 next to 2 / 3 on
either side, so that the filter behind averages what rounding does to the slope."""
_THREADS = 192


@dataclass(frozen=True)
class FilterGeometry:
    """What a layer's filtered leaky ReLU computes, apart from its per-channel vectors."""

    up_filter: Array | None  # [T] taps, or None: identity
    down_filter: Array | None  # [T], [T, T], or None
    up: int
    down: int
    padding: Padding  # x0, x1, y0, y1 of the upsampled picture
    gain: float = math.sqrt(2)
    slope: float = 0.2
    _taps: tuple[int, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        taps = tuple(1 if f is None else f.shape[0] for f in (self.up_filter, self.down_filter))
        object.__setattr__(self, "_taps", taps)
        if self.up_filter is not None and self.up_filter.ndim != 1:
            raise ValueError("the upsampling filter must be separable, given as 1-D taps")

    def out_size(self, height: int, width: int) -> tuple[int, int]:
        """Output height and width [px] for an input's."""
        x0, x1, y0, y1 = self.padding
        lost = sum(self._taps) - 2
        rows, columns = height * self.up + y0 + y1 - lost, width * self.up + x0 + x1 - lost
        return (rows - 1) // self.down + 1, (columns - 1) // self.down + 1

    def suits_tensor_cores(self, dtype: torch.dtype, capability: tuple[int, int]) -> bool:
        """Whether `TensorCoreFilteredLrelu` computes this: what published networks use does."""
        return (
            dtype == torch.float16
            and capability >= (8, 0)
            and self.up in (2, 4)
            and self.down == 2
            and self.slope == 0.2
            and self.up_filter is not None
            and self.down_filter is not None
            and self._taps[0] <= 6 * self.up
            and self._taps[1] <= 12
            and self.padding[0] == self.padding[2]
            and len(self.terms()) <= _MAX_RANK
        )

    def terms(self) -> list[tuple[Array, Array]]:
        """The downsampling filter as separable terms."""
        assert self.down_filter is not None
        return separable_terms(self.down_filter, _CORRELATION.get(self.up, 0.9))


class TensorCoreFilteredLrelu:
    """The streaming float16 kernel (`filtered_lrelu.cu`); sm_80 and later.

    Args:
        geometry: where `suits_tensor_cores`.
        device: of the filter matrices and launches.
        has_clamp: False leaves the clamp out.
        blocked_input: x is [channels / 16, H, W, 16], rounded up, which loads faster.
        torgb: y is the parts of its sums, for `ColourSums`; the filtered signal is not stored.
    """

    def __init__(
        self,
        geometry: FilterGeometry,
        device: torch.device,
        *,
        has_clamp: bool = True,
        blocked_input: bool = False,
        torgb: AliasFreeRgb | None = None,
    ) -> None:
        self.geometry = geometry
        self._device = device
        self._blocked_input, self._torgb = blocked_input, torgb
        processors = multiprocessors(device)
        matrices, self.rank, self.dc_correction = filter_matrices(geometry)
        self._matrices = torch.from_numpy(matrices).to(device)
        self._peak_gain = _peak_gain(geometry)
        self._first_input = math.ceil(-geometry.padding[0] / geometry.up)
        self._at_once = 2 * processors.count  # blocks
        # GeForce has 100 KB of shared memory for the two: less room to load ahead
        slots = 2 if geometry.up == 4 and processors.shared_bytes < 160 * 1024 else 3
        columns, step_rows = (42, 8) if geometry.up == 2 else (24, 16)
        self._shared = slots * 8 * columns * 32 + 192 + 2 * step_rows * 1024
        self._shared += 32 + 64 + 128 * geometry.up + 8 * (slots + 4)
        self.spec = nvrtc.KernelSpec(
            "filtered_lrelu",
            cuda_source("filtered_lrelu.cu"),
            (
                ("AT_ONCE", 4 if self.rank == 1 else 1),  # on an H200
                ("CLAMP", int(has_clamp)),
                ("COLOURS", 0 if torgb is None else torgb.colours),
                ("RANK", self.rank),
                ("SLOTS", slots),
                ("UP", geometry.up),
            ),
        )

    def __call__(
        self,
        x: Tensor,  # [H, W, P] float16, or [B, H, W, 16] with blocked_input
        y: Tensor,  # [H', W', P'] float16, or with ToRGB parts [.., H', W'] float32, written
        channels: int,
        bias: Tensor,
        clamp: Tensor,
        scale: Tensor,
        strip_height: int | None = None,  # [px], a multiple of 4 up; None: chosen for the GPU
    ) -> None:
        """Launch; raises ValueError if shapes disagree."""
        if self._blocked_input:
            height, width = _check_blocked(x, channels)
            stored, pitch, block = x.shape[0] * 16, 16, height * width * 16
        else:
            check_picture("x", x, channels)
            (height, width, stored), pitch, block = x.shape, x.shape[2], 16
        if x.dtype != torch.float16:
            raise ValueError(f"x must be float16, not {x.dtype}")
        if self._torgb is None:
            if y.dtype != torch.float16:
                raise ValueError(f"y must be float16, not {y.dtype}")
            check_output(self.geometry, (height, width), y, channels, bias, clamp, scale)
            rows, columns, out_pitch = y.shape
        else:
            out_pitch = padded_channels(channels, 16)
            check_vectors(out_pitch, bias=bias, clamp=clamp, scale=scale)
            self._torgb.check_channels(channels)
            rows, columns = self.geometry.out_size(height, width)
            self._torgb.check_parts(y, (rows, columns))
        step = 4 * self.geometry.up  # rows that a step completes
        across, down = -(-columns // STRIP_WIDTH), -(-rows // step)
        channel_blocks = -(-out_pitch // 16)
        if strip_height is None:
            strip_height = step * strip_steps(
                down, channel_blocks * across, self._at_once, 12 if self.geometry.up == 4 else down
            )
        elif strip_height % step:
            raise ValueError(f"strip_height must be a multiple of {step}")
        nvrtc.load(self.spec, self._device)(
            (-(-rows // strip_height), channel_blocks, across),
            _THREADS,
            x,
            y,
            bias,
            clamp,
            scale,
            self._matrices,
            channels,
            height,
            width,
            stored,
            pitch,
            block,
            rows,
            columns,
            out_pitch,
            self._first_input,
            self._peak_gain,
            strip_height,
            None if self._torgb is None else self._torgb.weight,
            shared=self._shared,
        )


def filter_matrices(geometry: FilterGeometry) -> tuple[np.ndarray, int, float]:
    """Return the matrices of `filtered_lrelu.cu` as float16, the rank, and the DC correction.

    Rounding the taps to float16 changes a layer's gain at DC by up to 8e-4, and gains of layers
    multiply; the third value, exact gain over rounded gain, is to be multiplied into `scale`.
    """
    up, offset = geometry.up, geometry.padding[0]
    assert geometry.up_filter is not None
    assert geometry.down_filter is not None
    taps = geometry.up_filter[::-1] * up
    first = math.ceil(-offset / up)

    def up_matrix(rows: int, start: int, gain: float) -> Array:  # [rows, 16 inputs]
        tap = up * (np.arange(16)[None] + first) + offset - start - np.arange(rows)[:, None]
        inside = (tap >= 0) & (tap < len(taps))
        return gain * np.where(inside, taps[np.clip(tap, 0, len(taps) - 1)], 0)

    def down_matrix(f: Array, rows: int, start: int) -> Array:  # [rows, 16 oversampled]
        tap = np.arange(16)[None] + start - 2 * np.arange(rows)[:, None]
        inside = (tap >= 0) & (tap < len(f))
        return np.where(inside, f[::-1][np.clip(tap, 0, len(f) - 1)], 0)

    terms = geometry.terms()
    up_v = [up_matrix(16, 16 * i, 1) for i in range(up // 2)]
    up_h = [up_matrix(8, 8 * i, geometry.gain / (1 + LEAK)) for i in range(up)]
    down_h = [down_matrix(row, 16, 16 * k) for _, row in terms for k in range(3)]
    down_v = [down_matrix(column, 8, 16 * k) for column, _ in terms for k in range(2)]
    swapped = [np.roll(m, 8, axis=1) for m in up_h]
    flat = [m.ravel() for m in (*up_v, *up_h, *swapped, *down_h, *down_v)]
    matrices = np.concatenate(flat).astype(np.float16)

    def rounded(values: Array) -> Array:
        return values.astype(np.float16).astype(np.float64)

    vertical = np.mean([rounded(m).sum(1).mean() for m in up_v])
    horizontal = np.mean([rounded(m).sum(1).mean() for m in up_h])
    down = sum(rounded(column).sum() * rounded(row).sum() for column, row in terms)
    filters = geometry.down_filter
    exact_down = filters.sum() ** 2 if filters.ndim == 1 else filters.sum()
    exact = geometry.up_filter.sum() ** 2 * geometry.gain * exact_down
    actual = vertical * horizontal * (1 + LEAK) * down
    correction = exact / actual if abs(actual) > 0.1 * abs(exact) > 0 else 1.0
    return matrices, len(terms), float(correction)


def _peak_gain(geometry: FilterGeometry) -> float:
    """Return by how much upsampling can raise the largest magnitude, with some room to round."""
    assert geometry.up_filter is not None
    phases = [np.abs(geometry.up_filter[i :: geometry.up]).sum() for i in range(geometry.up)]
    return 1.01 * geometry.gain * (geometry.up * max(phases)) ** 2


def check_operands(
    geometry: FilterGeometry,
    x: Tensor,
    y: Tensor,
    channels: int,
    bias: Tensor,
    clamp: Tensor,
    scale: Tensor,
) -> None:
    """Check what a filtered leaky ReLU is given; raises ValueError."""
    check_picture("x", x, channels)
    check_output(geometry, (x.shape[0], x.shape[1]), y, channels, bias, clamp, scale)


def check_output(
    geometry: FilterGeometry,
    in_size: tuple[int, int],
    y: Tensor,
    channels: int,
    bias: Tensor,
    clamp: Tensor,
    scale: Tensor,
) -> None:
    """Check all but the input; raises ValueError."""
    check_picture("y", y, channels)
    expected = geometry.out_size(*in_size)
    if (y.shape[0], y.shape[1]) != expected:
        raise ValueError(f"y must be {expected} pixels for x {in_size}, not {tuple(y.shape)}")
    check_vectors(y.shape[2], bias=bias, clamp=clamp, scale=scale)


def _check_blocked(x: Tensor, channels: int) -> tuple[int, int]:
    if x.ndim != 4 or x.shape[3] != 16 or x.shape[0] * 16 < channels or not x.is_contiguous():
        raise ValueError(
            f"x must be a contiguous [{-(-channels // 16)}, H, W, 16], not {tuple(x.shape)}"
        )
    return x.shape[1], x.shape[2]

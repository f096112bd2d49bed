"""The filters of a layer as the matrices that `filtered_lrelu.cu` multiplies with."""

from __future__ import annotations

import numpy as np

from stylegan3.fast.kernels.filtered_lrelu.geometry import FilterGeometry
from stylegan3.fast.kernels.filtered_lrelu.separable_terms import Array

LEAK = 0.666748046875
"""lrelu(v) = (v + LEAK |v|) / (1 + LEAK): the kernel takes turns with the float16 next to 2 / 3 on
either side, so that the filter behind averages what rounding does to the slope."""


def filter_matrices(geometry: FilterGeometry) -> tuple[np.ndarray, int, float]:
    """Return the matrices of `filtered_lrelu.cu` as float16, the rank, and the DC correction.

    Rounding the taps to float16 changes a layer's gain at DC by up to 8e-4, and gains of layers
    multiply; the third value, exact gain over rounded gain, is to be multiplied into `scale`.
    """
    up, rows_first = geometry.up, (geometry.padding[2], geometry.first_inputs[0])
    columns_first = (geometry.padding[0], geometry.first_inputs[1])
    assert geometry.up_filter is not None
    assert geometry.down_filter is not None
    taps = geometry.up_filter[::-1] * up

    def up_matrix(
        rows: int,
        start: int,
        gain: float,
        axis: tuple[int, int],  # what is padded before, and the first input
    ) -> Array:  # [rows, 16 inputs]
        offset, first = axis
        tap = up * (np.arange(16)[None] + first) + offset - start - np.arange(rows)[:, None]
        inside = (tap >= 0) & (tap < len(taps))
        return gain * np.where(inside, taps[np.clip(tap, 0, len(taps) - 1)], 0)

    def down_matrix(f: Array, rows: int, start: int) -> Array:  # [rows, 16 oversampled]
        tap = np.arange(16)[None] + start - 2 * np.arange(rows)[:, None]
        inside = (tap >= 0) & (tap < len(f))
        return np.where(inside, f[::-1][np.clip(tap, 0, len(f) - 1)], 0)

    terms = geometry.terms()
    up_v = [up_matrix(16, 16 * i, 1, rows_first) for i in range(up // 2)]
    up_h = [up_matrix(8, 8 * i, geometry.gain / (1 + LEAK), columns_first) for i in range(up)]
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


def peak_gain(geometry: FilterGeometry) -> float:
    """Return by how much upsampling can raise the largest magnitude, with some room to round."""
    assert geometry.up_filter is not None
    phases = [np.abs(geometry.up_filter[i :: geometry.up]).sum() for i in range(geometry.up)]
    return 1.01 * geometry.gain * (geometry.up * max(phases)) ** 2

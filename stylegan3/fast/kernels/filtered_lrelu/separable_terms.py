"""Radial filters as few outer products, for kernels that filter one axis at a time."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

TOLERANCE = 3e-4
"""Relative error of a filter, weighted as below, that leaves a layer's output within 5e-4."""


def separable_terms(
    taps: Array,  # [T] or [Th, Tw]
    correlation: float,
    tolerance: float = TOLERANCE,
) -> list[tuple[Array, Array]]:  # [(column [Th], row [Tw]), ..]
    """Write `taps` as `sum(outer(column, row))` with as few terms as the tolerance allows.

    The filter acts on an oversampled signal, whose neighbouring samples are strongly correlated.
    Singular values are therefore taken in the metric of a first-order autoregressive signal,
    `C[i, j] = correlation ** |i - j|`: the error goes where the signal has no energy, and rank 2
    does what rank 3 needs otherwise. StyleGAN3-R's 12 x 12 filters need 1 to 3 terms.

    Args:
        taps: a 1-D filter (one exact term), or a 2-D one.
        correlation: of neighbouring samples of the filtered signal, 0 (white) to below 1.
        tolerance: largest weighted relative error, as a Euclidean norm.
    """
    if taps.ndim == 1:
        return [(taps, taps)]
    metric_y, metric_x = (_metric(size, correlation) for size in taps.shape)
    u, s, v = np.linalg.svd(metric_y.T @ taps @ metric_x)
    tails = np.sqrt(np.cumsum(s[::-1] ** 2)[::-1])  # what is lost when terms i.. are dropped
    rank = max(1, int((tails > tolerance * tails[0]).sum()))
    terms = []
    for i in range(rank):
        column = np.linalg.solve(metric_y.T, u[:, i]) * s[i]
        row = np.linalg.solve(metric_x.T, v[i])
        balance = math.sqrt(np.linalg.norm(row) / max(np.linalg.norm(column), 1e-30))
        terms.append((column * balance, row / balance))
    return terms


def _metric(size: int, correlation: float) -> Array:
    distance = np.abs(np.subtract.outer(np.arange(size), np.arange(size)))
    return np.linalg.cholesky(correlation**distance).astype(np.float64)

"""Resampling along one axis as a product with a banded matrix.

Zero-insertion, padding, filtering and decimation are all linear, so along one axis they are one
matrix. Its rows are shifted copies of a few filter phases: multiplying by zeros is never done
explicitly, borders need no special case, and matrix products run near a machine's peak.
"""

from __future__ import annotations

import torch
from torch import Tensor


def resample_matrix(
    f: Tensor,  # [T] taps
    size: int,
    up: int,
    down: int,
    padding: tuple[int, int],
) -> Tensor:  # [size', size], size' = (size * up + sum(padding) - T) // down + 1
    """The matrix that upsamples, pads (crops where negative), convolves and downsamples one axis.

    Column `i` reaches sample `i * up + padding[0]` of the upsampled signal, row `o` starts at
    `o * down`; their difference picks the tap, from the end as convolution flips the filter.
    """
    taps = len(f)
    out_size = (size * up + padding[0] + padding[1] - taps) // down + 1
    rows = torch.arange(out_size, device=f.device)[:, None]
    columns = torch.arange(size, device=f.device)[None, :]
    tap = columns * up + padding[0] - rows * down
    # samples cropped away do not count
    last = size * up + padding[0] + padding[1]
    inside = (tap >= 0) & (tap < taps) & (columns * up + padding[0] >= 0)
    inside &= columns * up + padding[0] < last
    return f.flip(0)[tap.clamp(0, taps - 1)] * inside


def separate(f: Tensor) -> list[tuple[Tensor, Tensor]]:  # [(column [Th], row [Tw]), ..]
    """Write a filter as a sum of separable ones, exact to float32 rounding: `sum(outer(c, r))`.

    A 1-D filter acts along both axes. A 2-D one is split by singular values; StyleGAN2's is one
    term, StyleGAN3-R's radial ones are symmetric and need at most half their taps.
    """
    if f.ndim == 1:
        return [(f, f)]
    u, s, v = torch.linalg.svd(f.detach().double())
    rank = int((s > s[0] * 1e-8).sum())
    root = s.sqrt()
    return [((u[:, i] * root[i]).to(f), (v[i] * root[i]).to(f)) for i in range(max(rank, 1))]

"""Resampling along one axis as a product with a banded matrix: the differentiable form.

Zero-insertion, padding, filtering and decimation are all linear, so along one axis they are one
matrix. Borders need no special case, gradients of any order are matrix products too, and those run
well on every device.
"""

from __future__ import annotations

import torch
from torch import Tensor

TILE = 128  # rows of one product; a larger matrix is mostly zeros


def resample_matrix(
    f: Tensor,  # [T] taps
    size: int,
    up: int,
    down: int,
    pads: tuple[int, int],
) -> Tensor:  # [size', size], size' = (size * up + sum(pads) - T) // down + 1
    """The matrix that upsamples, pads (crops where negative), convolves and downsamples one axis.

    Column `i` lies at sample `i * up + pads[0]` of the upsampled signal, row `o` starts at
    `o * down`; their difference picks the tap, from the end as convolution flips the filter.
    """
    taps = len(f)
    length = size * up + pads[0] + pads[1]
    rows = torch.arange((length - taps) // down + 1, device=f.device)[:, None] * down
    columns = torch.arange(size, device=f.device)[None, :] * up + pads[0]
    tap = columns - rows
    inside = (tap >= 0) & (tap < taps) & (columns >= 0) & (columns < length)
    return f.flip(0)[tap.clamp(0, taps - 1)] * inside


def resample_rows(
    x: Tensor,  # [.., H, W]
    f: Tensor,  # [T]
    up: int,
    down: int,
    pads: tuple[int, int],
) -> Tensor:  # [.., H', W]
    """Resample along the second last axis."""
    matrix = resample_matrix(f, x.shape[-2], up, down, pads).to(x)
    return torch.cat([m @ x[..., a:b, :] for m, a, b in _tiles(matrix, len(f), up, down, pads)], -2)


def resample_columns(
    x: Tensor,  # [.., H, W]
    f: Tensor,  # [T]
    up: int,
    down: int,
    pads: tuple[int, int],
) -> Tensor:  # [.., H, W']
    """Resample along the last axis."""
    matrix = resample_matrix(f, x.shape[-1], up, down, pads).to(x)
    return torch.cat(
        [x[..., a:b] @ m.t() for m, a, b in _tiles(matrix, len(f), up, down, pads)], -1
    )


def _tiles(
    matrix: Tensor, taps: int, up: int, down: int, pads: tuple[int, int]
) -> list[tuple[Tensor, int, int]]:  # [(block of rows, first column, last column + 1), ..]
    """Bands of rows and the columns that they touch."""
    out_size, size = matrix.shape
    tiles = []
    for start in range(0, out_size, TILE):
        stop = min(start + TILE, out_size)
        first = max(0, -((pads[0] - start * down) // up))
        last = min(size, ((stop - 1) * down + taps - 1 - pads[0]) // up + 1)
        first, last = min(first, size - 1), max(last, 1)
        tiles.append((matrix[start:stop, first:last], first, last))
    return tiles


def separate(f: Tensor) -> list[tuple[Tensor, Tensor]]:  # [(column [Th], row [Tw]), ..]
    """Write a filter as a sum of separable ones, exact to float32 rounding: `sum(outer(c, r))`.

    A 1-D filter acts along both axes. A 2-D one is split by singular values; StyleGAN2's is one
    term, StyleGAN3-R's radial ones are symmetric and need at most half their taps.
    """
    if f.ndim == 1:
        return [(f, f)]
    u, s, v = torch.linalg.svd(f.detach().double())
    rank = int((s > s[0] * 1e-7).sum())
    root = s.sqrt()
    return [((u[:, i] * root[i]).to(f), (v[i] * root[i]).to(f)) for i in range(max(rank, 1))]

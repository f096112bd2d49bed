"""Resampling along one axis as a product with a banded matrix: the differentiable form.

Zero-insertion, padding, filtering and decimation are all linear, so along one axis they are one
matrix. Borders need no special case, gradients of any order are matrix products too, and those run
well on every device.
"""

from __future__ import annotations

from dataclasses import dataclass

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


@dataclass(frozen=True)
class Tile:
    """Some rows of a resampling matrix, and the columns that they touch."""

    matrix: Tensor  # [rows, stop - start]
    start: int
    stop: int


def resample_tiles(
    f: Tensor,  # [T]
    size: int,
    up: int,
    down: int,
    pads: tuple[int, int],
) -> list[Tile]:
    """The matrix of `resample_matrix` in tiles of `TILE` rows, without most of its zeros."""
    matrix = resample_matrix(f, size, up, down, pads)
    tiles = []
    for row in range(0, len(matrix), TILE):
        last_row = min(row + TILE, len(matrix)) - 1
        start = max(0, -((pads[0] - row * down) // up))
        stop = min(size, (last_row * down + len(f) - 1 - pads[0]) // up + 1)
        # all of it may be padding: keep one column of zeros
        start, stop = min(start, size - 1), max(stop, 1)
        tiles.append(Tile(matrix[row : last_row + 1, start:stop].contiguous(), start, stop))
    return tiles


def resample_rows(x: Tensor, tiles: list[Tile]) -> Tensor:  # [.., H, W] -> [.., H', W]
    """Resample along the second last axis."""
    parts = [t.matrix @ x[..., t.start : t.stop, :] for t in tiles]
    return parts[0] if len(parts) == 1 else torch.cat(parts, -2)


def resample_columns(x: Tensor, tiles: list[Tile]) -> Tensor:  # [.., H, W] -> [.., H, W']
    """Resample along the last axis."""
    parts = [x[..., t.start : t.stop] @ t.matrix.t() for t in tiles]
    return parts[0] if len(parts) == 1 else torch.cat(parts, -1)


def separate(f: Tensor) -> list[tuple[Tensor, Tensor]]:  # [(column [Th], row [Tw]), ..]
    """Write a filter as a sum of separable ones, exact to float32 rounding: `sum(outer(c, r))`.

    A 1-D filter acts along both axes. A 2-D one is split by singular values; StyleGAN2's is one
    term, StyleGAN3-R's radial ones are symmetric and need at most half their taps.
    """
    if f.ndim == 1:
        return [(f, f)]
    # on the CPU: not every device knows float64
    u, s, v = torch.linalg.svd(f.detach().cpu().double())
    rank = int((s > s[0] * 1e-7).sum())
    root = s.sqrt()
    return [((u[:, i] * root[i]).to(f), (v[i] * root[i]).to(f)) for i in range(max(rank, 1))]

"""Pictures on a larger canvas: learned constants and noise that go on beyond their own size."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from stylegan3.canvas import Fill

_GOLDEN = (math.sqrt(5) - 1) / 2  # shifts by multiples of it come nowhere near one another


def crop_centre(x: Tensor, size: tuple[int, int]) -> Tensor:
    """Return the middle of `x` [.., H, W], `size` high and wide; as much is cut off either end.

    Raises:
        ValueError: if `x` is smaller, or an odd number of rows or columns would have to go.
    """
    height, width = x.shape[-2:]
    rows, columns = height - size[0], width - size[1]
    if not rows and not columns:
        return x
    if rows < 0 or columns < 0 or rows % 2 or columns % 2:
        raise ValueError(f"{width} x {height} px have no middle of {size[1]} x {size[0]}")
    top, left = rows // 2, columns // 2
    return x[..., top : height - top, left : width - left]


def enlarge_constant(
    const: Tensor,  # [C, H, W]
    size: tuple[int, int],  # height and width
    fill: Fill,
) -> Tensor:  # [C, *size]
    """Continue a learned constant beyond its ends, with itself in the middle.

    "mirror": mirrored at each end, again and again. "tile": repeated. "stretch": interpolated to
    the whole size, so that its own is not kept. "centre": its last row or column goes on and fades
    to its mean within its own length.

    Raises:
        ValueError: if the new size is odd where the old one is even, or the other way round.
    """
    if tuple(const.shape[1:]) == size:
        return const
    if fill == "stretch":
        return F.interpolate(const[None], size=size, mode="bilinear", align_corners=False)[0]
    mean = const.mean(dim=(1, 2), keepdim=True)
    for dim, wanted in zip((1, 2), size, strict=True):
        own = const.shape[dim]
        if (wanted - own) % 2:
            raise ValueError(f"{own} rows or columns do not lie in the middle of {wanted}")
        place = torch.arange(wanted, device=const.device) - (wanted - own) // 2
        if fill == "mirror":
            turn = place.remainder(2 * own)
            index = torch.minimum(turn, 2 * own - 1 - turn)
        else:
            index = place.remainder(own) if fill == "tile" else place.clamp(0, own - 1)
        const = const.index_select(dim, index)
        if fill == "centre":
            distance = torch.maximum(-place, place - (own - 1)).clamp_min(0) / own
            share = 0.5 + 0.5 * torch.cos(math.pi * distance.clamp_max(1))
            share = share.to(const.dtype).view([-1 if d == dim else 1 for d in range(3)])
            const = mean + (const - mean) * share
    return const


def enlarge_noise(
    noise: Tensor,  # [H, W]
    size: tuple[int, int],
) -> Tensor:  # [*size]
    """Continue a map of noise beyond its ends, with itself in the middle.

    Around it lie copies of it, each turned and shifted round in another way: noise has no seams,
    and nothing comes again at a distance that could be seen.

    Raises:
        ValueError: if the new size is odd where the old one is even, or the other way round.
    """
    if tuple(noise.shape) == size:
        return noise
    (height, width), (rows, columns) = noise.shape, size
    if (rows - height) % 2 or (columns - width) % 2:
        raise ValueError(f"{width} x {height} px do not lie in the middle of {columns} x {rows}")
    down, across = _tiles(rows, height), _tiles(columns, width)
    grid = [torch.cat([_variant(noise, i, j) for j in across], dim=1) for i in down]
    return crop_centre(torch.cat(grid, dim=0), size)


def _tiles(wanted: int, own: int) -> range:
    each_side = max(0, -(-(wanted - own) // (2 * own)))
    return range(-each_side, each_side + 1)


def _variant(noise: Tensor, row: int, column: int) -> Tensor:
    if row == column == 0:
        return noise
    height, width = noise.shape
    shift = (
        round(height * _GOLDEN * (row + 3 * column)),
        round(width * _GOLDEN * (column - 2 * row)),
    )
    turned = noise.flip([axis for axis, place in enumerate((row, column)) if place % 2])
    return turned.roll(shift, dims=(0, 1))

"""Masks as shares of latents, at the samples of every layer."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from sgview.state.region_places import Mask
from stylegan3 import Grid

FindFile = Callable[[str], Tensor | None]
"""From the path of a picture to the mask in it, [H, W] on the device."""


class Shares:
    """How much of each latent is in each sample of each layer.

    Masks are drawn where samples lie, for all layers in one go, and kept until they change: a layer
    with a margin sees them beyond the edges of the picture, and none is resampled. Each mask lies
    over those before it: of latent k, `a_k` is to be seen, and of all below, `1 - a_k` of what was.

    Args:
        device: where they are drawn.
        find_file: finds the pictures that are masks.
    """

    def __init__(self, device: torch.device, find_file: FindFile) -> None:
        self._device = device
        self._find_file = find_file
        self._plan: tuple[object, ...] = ()
        self._masks: tuple[Mask, ...] = ()
        self._scale = 1.0
        self._grids: dict[Grid, slice] = {}
        self._points: tuple[Tensor, Tensor, Tensor] | None = None  # x, y, distance, [P] each
        self._shares = torch.empty(0)
        self._is_drawn = False

    def set(
        self,
        masks: tuple[Mask, ...],
        scale: float,  # heights of the picture in a height of the network's own
        plan: tuple[object, ...],  # what layers and their sizes follow from
    ) -> None:
        """Let shares be those of `masks` from now on."""
        if plan != self._plan or scale != self._scale:
            self._plan, self._scale = plan, scale
            self._grids, self._points, self._is_drawn = {}, None, False
        if masks != self._masks:
            self._masks, self._is_drawn = masks, False

    def redraw(self) -> None:
        """Draw all masks anew: a picture has changed."""
        self._is_drawn = False

    def __call__(self, grid: Grid) -> Tensor:  # [K, 1, H, W]
        """Return how much of each latent is in each sample of a layer; the shares add up to 1."""
        place = self._grids.get(grid)
        if place is None:
            start = max((known.stop for known in self._grids.values()), default=0)
            place = self._grids[grid] = slice(start, start + grid.height * grid.width)
            self._points, self._is_drawn = None, False
        if not self._is_drawn:
            self._draw()
        return self._shares[:, place].view(-1, 1, grid.height, grid.width)

    def _draw(self) -> None:
        x, y, distance = self._points = self._points or self._find_points()
        count = len(self._masks) + 1
        if self._shares.shape != (count, len(x)):
            self._shares = torch.empty(count, len(x), device=self._device)
        self._shares[0] = 1.0
        for number, mask in enumerate(self._masks, 1):
            alpha = self._from_file(mask, x, y) if mask.kind == "file" else None
            alpha = drawn(mask, x, y, distance) if alpha is None else alpha
            alpha = (1.0 - alpha if mask.is_inverted else alpha) * mask.strength
            self._shares[:number] *= 1.0 - alpha
            self._shares[number] = alpha
        self._is_drawn = True

    def _find_points(self) -> tuple[Tensor, Tensor, Tensor]:
        """Return where all samples lie, and how far apart they are [heights of the picture]."""
        found: list[tuple[Tensor, Tensor, Tensor]] = []
        for grid in self._grids:
            step = self._scale / grid.rate
            y = (grid.height / 2 - 0.5 - self._range(grid.height)) * step
            x = (self._range(grid.width) + 0.5 - grid.width / 2) * step
            across, up = torch.broadcast_tensors(x[None, :], y[:, None])
            found.append((across.reshape(-1), up.reshape(-1), torch.full_like(across, step)))
        x, y, distance = zip(*found, strict=True)
        return torch.cat(x), torch.cat(y), torch.cat([one.reshape(-1) for one in distance])

    def _range(self, count: int) -> Tensor:
        return torch.arange(count, device=self._device, dtype=torch.float32)

    def _from_file(self, mask: Mask, x: Tensor, y: Tensor) -> Tensor:
        """Return the values of a picture where samples lie; 0 beyond it, and without one."""
        picture = self._find_file(mask.file)
        if picture is None:
            return torch.full_like(x, float(mask.is_inverted))
        height, width = picture.shape
        size = max(mask.size, 1e-6)
        cosine, sine = math.cos(mask.angle), math.sin(mask.angle)
        x, y = x - mask.x, y - mask.y
        across = (x * cosine + y * sine) * (2.0 * height / (width * size))
        down = (x * sine - y * cosine) * (2.0 / size)
        points = torch.stack([across, down], dim=-1)
        values = torch.empty_like(x)
        levels = [picture[None, None]]
        for grid, place in self._grids.items():
            wanted = round(math.log2(max(self._scale / grid.rate * height / size, 1.0)))
            while len(levels) <= wanted and min(levels[-1].shape[2:]) > 1:
                levels.append(F.avg_pool2d(levels[-1], 2, ceil_mode=True))
            level = levels[min(wanted, len(levels) - 1)]
            at = points[None, None, place]
            values[place] = F.grid_sample(level, at, align_corners=False)[0, 0, 0]
        return values


def drawn(
    mask: Mask,
    x: Tensor,  # [P], to the right [heights of the picture]
    y: Tensor,  # [P], upwards
    distance: Tensor,  # [P], between samples: no edge is sharper
) -> Tensor:  # [P], 0..1
    """Return a mask at points, as it is before it is inverted and weakened.

    An edge rises as 3 t^2 - 2 t^3 over its softness, and is a half where it lies.
    """
    x, y = x - mask.x, y - mask.y
    softness = mask.softness
    if mask.kind == "radial":
        inside = mask.size / 2.0 - torch.hypot(x, y)
    else:
        inside = x * math.cos(mask.angle) + y * math.sin(mask.angle)
        if mask.kind == "band":
            inside = mask.size / 2.0 - inside.abs()
    if mask.kind != "linear":
        softness = min(softness, mask.size)  # so that its middle is white
    t = (inside / distance.clamp_min(softness) + 0.5).clamp_(0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)

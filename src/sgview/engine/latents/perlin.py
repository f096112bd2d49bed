"""Perlin noise in two, three and four dimensions."""

from __future__ import annotations

import torch
from torch import Tensor

from sgview.engine.latents.lattice import gradients_at

SCALES = {2: 1.4142, 3: 0.9649, 4: 0.9}
"""Factors that bring the largest value near 1, by dimension."""


def perlin(
    points: Tensor,  # [..., D] float64, D = 2, 3 or 4
    seeds: Tensor,  # [...] int64, 0..2^32-1
) -> Tensor:  # [...] float32 in [-1, 1]
    """Return gradient noise with the quintic fade of Perlin, "Improving noise" (2002)."""
    dimensions = points.shape[-1]
    cell = torch.floor(points)
    inside = (points - cell).to(torch.float32)
    corners = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * dimensions)  # [2^D, D]
    corners = corners.view(-1, *[1] * (points.ndim - 1), dimensions)

    offsets = inside - corners
    gradients = gradients_at(cell + corners, seeds.expand(points.shape[:-1]))
    slopes = (gradients * offsets).sum(-1)  # [2^D, ...]
    fade = inside**3 * (inside * (inside * 6.0 - 15.0) + 10.0)
    weights = torch.where(corners == 1.0, fade, 1.0 - fade).prod(-1)
    return ((weights * slopes).sum(0) * SCALES[dimensions]).clamp(-1.0, 1.0)

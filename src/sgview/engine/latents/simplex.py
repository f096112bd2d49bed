"""Simplex noise in two, three and four dimensions.

Perlin's simplex noise as constructed by Gustavson, "Simplex noise demystified" (2005): space is
skewed so that simplices become halves, sixths or twenty-fourths of unit cubes, the order of the
coordinates inside a cube says which of them a point is in, and every corner adds its gradient times
a radial falloff. The falloff reaches zero at the simplex's height (0.5 squared, not the 0.6 of the
paper's listing), so the noise has no jumps.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from sgview.engine.latents.lattice import gradients_at

SCALES = {2: 99.2, 3: 76.88, 4: 62.8}
"""Factors that bring the largest value to 1 or just below, by dimension."""


def simplex(
    points: Tensor,  # [..., D] float64, D = 2, 3 or 4
    seeds: Tensor,  # [...] int64, 0..2^32-1
) -> Tensor:  # [...] float32 in [-1, 1]
    """Return simplex noise at every point.

    Cells are found in float64, so that the noise stays smooth far from the origin.
    """
    dimensions = points.shape[-1]
    skew = (math.sqrt(dimensions + 1.0) - 1.0) / dimensions
    unskew = (1.0 - 1.0 / math.sqrt(dimensions + 1.0)) / dimensions

    cell = torch.floor(points + points.sum(-1, keepdim=True) * skew)
    inside = (points - cell + cell.sum(-1, keepdim=True) * unskew).to(torch.float32)

    # Corner k of the simplex is the cell's corner plus the k axes with the largest coordinates.
    later = torch.ones(dimensions, dimensions, dtype=torch.bool).triu(1)
    left, right = inside.unsqueeze(-1), inside.unsqueeze(-2)
    ranks = ((left > right) | ((left == right) & later)).sum(-1)
    steps = torch.arange(dimensions, -1, -1).view(-1, *[1] * points.ndim)
    corners = ranks >= steps  # [D + 1, ..., D]
    shifts = torch.arange(dimensions + 1, dtype=torch.float32) * unskew
    offsets = inside - corners.to(torch.float32) + shifts.view(steps.shape)

    falloff = (0.5 - offsets.square().sum(-1)).clamp_min(0.0)
    gradients = gradients_at(cell + corners, seeds.expand(points.shape[:-1]))
    slopes = (gradients * offsets).sum(-1)
    return (falloff.square().square() * slopes).sum(0) * SCALES[dimensions]

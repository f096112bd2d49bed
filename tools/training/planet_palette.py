"""Colours of planets."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from tools.training.canvas import Canvas

_SPACE_HUES = (0.55, 0.66, 0.72, 0.76, 0.8, 0.88, 0.97)  # ink, navy, indigo, plum, wine
_LOW_HUES = (0.02, 0.07, 0.11, 0.5, 0.56, 0.62, 0.68, 0.73, 0.78, 0.84, 0.94)
_LAND_HUES = (
    0.0,
    0.06,
    0.12,
    0.17,
    0.21,
    0.25,
    0.42,
    0.5,
    0.66,
    0.8,
    0.92,
)  # rose .. sand .. lilac


@dataclass
class Palette:
    """Colours of one picture, each [N, 3, 1, 1] OKLab."""

    space: Tensor
    nebula: Tensor
    low: Tensor  # deep sea, or the darkest band
    shallow: Tensor
    land: Tensor
    high: Tensor
    ice: Tensor
    cloud: Tensor
    air: Tensor
    night: Tensor
    ring: Tensor


def choose_palette(c: Canvas) -> Palette:
    """Land and sea a swing of hue apart, on a dark or dusky space."""
    hue = c.choice(_LOW_HUES) + c.uniform(-0.025, 0.025)
    land_hue = c.choice(_LAND_HUES) + c.uniform(-0.025, 0.025)
    # The short way round the circle of hues from one to the other.
    swing = (land_hue - hue + 0.5) % 1 - 0.5
    space_hue = c.choice(_SPACE_HUES) + c.uniform(-0.03, 0.03)
    # Hue and lightness rise together, as in old printed charts: deep water, shore, land, heights.
    dark = c.uniform(0.34, 0.5)
    rise = c.uniform(0.13, 0.2)
    chroma = c.uniform(0.09, 0.165)
    air_hue = torch.where(c.chance(0.6) > 0, c.uniform(0.58, 0.7), hue + swing * 0.5)
    is_dusk = c.chance(0.2)
    space_light = torch.where(is_dusk > 0, c.uniform(0.28, 0.38), c.uniform(0.12, 0.19))
    return Palette(
        space=c.colour(space_light, c.uniform(0.03, 0.06) + 0.035 * is_dusk, space_hue),
        nebula=c.colour(
            space_light + c.uniform(0.12, 0.26),
            c.uniform(0.08, 0.14),
            space_hue + c.uniform(-0.16, 0.16),
        ),
        low=c.colour(dark, chroma, hue),
        shallow=c.colour(dark + rise, chroma, hue + 0.09 * torch.sign(swing)),
        land=c.colour(dark + rise * 1.8, chroma, land_hue),
        high=c.colour((dark + rise * 2.7).clamp(max=0.94), chroma * 0.6, land_hue + 0.04),
        ice=c.colour(c.uniform(0.93, 0.98), c.uniform(0.0, 0.025), hue + 0.5),
        cloud=c.colour(c.uniform(0.92, 0.98), c.uniform(0.0, 0.035), land_hue),
        air=c.colour(c.uniform(0.8, 0.92), c.uniform(0.05, 0.11), air_hue),
        night=c.colour(c.uniform(0.13, 0.2), c.uniform(0.03, 0.065), space_hue),
        ring=c.colour(c.uniform(0.7, 0.9), c.uniform(0.03, 0.09), land_hue),
    )

"""Colours of blooms."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from tools.training.canvas import Canvas

# Hues in turns of OKLCH: rose, coral, amber, gold, teal, blue, lavender, violet, magenta.
_PETAL_HUES = (0.0, 0.03, 0.07, 0.11, 0.18, 0.24, 0.53, 0.67, 0.75, 0.8, 0.86, 0.93, 0.97)
_NIGHT_HUES = (0.5, 0.58, 0.68, 0.74, 0.79, 0.86, 0.95, 0.44)  # pine, ink, navy, aubergine


@dataclass
class Palette:
    """Colours of one picture, each [N, 3, 1, 1] OKLab."""

    ground: Tensor
    glow: Tensor
    base: Tensor
    tip: Tensor
    accent: Tensor
    heart: Tensor
    leaf: Tensor
    is_dark: Tensor  # [N, 1, 1, 1], 1 where the ground is dark


def choose_palette(c: Canvas) -> Palette:
    """Harmonies around one hue: analogous, split or complementary accents on a quiet ground."""
    hue = c.choice(_PETAL_HUES) + c.uniform(-0.03, 0.03)
    step = c.choice((0.06, 0.09, -0.07, -0.1, 0.14, -0.13))
    is_dark = c.chance(0.55)
    is_pale = c.chance(0.22)
    chroma = c.uniform(0.11, 0.19) * (1 - 0.62 * is_pale)
    light = torch.where(is_dark > 0, c.uniform(0.64, 0.84), c.uniform(0.58, 0.76))
    light = torch.where(is_pale > 0, 0.92 - 0.05 * (1 - is_dark), light)
    # Dark grounds stay cool (dark yellow is mud); light ones take any quiet hue.
    ground_hue = torch.where(
        is_dark > 0, c.choice(_NIGHT_HUES), hue + c.choice((0.0, 0.5, 0.45, 0.55, 0.08, -0.08))
    )
    ground = c.colour(
        torch.where(is_dark > 0, c.uniform(0.17, 0.32), c.uniform(0.8, 0.94)),
        torch.where(is_dark > 0, c.uniform(0.03, 0.075), c.uniform(0.012, 0.055)),
        ground_hue,
    )
    glow = c.colour(
        torch.where(is_dark > 0, c.uniform(0.36, 0.5), c.uniform(0.95, 0.98)),
        torch.where(is_dark > 0, c.uniform(0.05, 0.1), c.uniform(0.01, 0.035)),
        ground_hue + c.uniform(-0.06, 0.06),
    )
    is_deep = c.chance(0.6)  # dark towards the heart, or light
    base_light = torch.where(is_deep > 0, light - c.uniform(0.16, 0.3), light + 0.12)
    warm = c.uniform(0.16, 0.25)
    return Palette(
        ground=ground,
        glow=glow,
        base=c.colour(base_light.clamp(0.28, 0.95), chroma * 1.05 + 0.02, hue + step),
        tip=c.colour(light, chroma, hue),
        accent=c.colour(c.uniform(0.72, 0.93), c.uniform(0.05, 0.13), hue + step * 2.2),
        heart=c.colour(
            torch.where(c.chance(0.65) > 0, c.uniform(0.68, 0.86), c.uniform(0.26, 0.4)),
            c.uniform(0.08, 0.15),
            torch.where(c.chance(0.7) > 0, warm, hue + 0.5),
        ),
        leaf=c.colour(c.uniform(0.36, 0.56), c.uniform(0.05, 0.1), c.uniform(0.33, 0.46)),
        is_dark=is_dark,
    )

"""Colours in OKLab, so that gradients, shadows and harmonies stay even to the eye.

Pictures are composed as OKLab planes [N, 3, H, W] and leave as sRGB. OKLab: Björn Ottosson 2020,
"A perceptual color space for image processing".
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

_LAB_TO_LMS = (
    (1.0, 0.3963377774, 0.2158037573),
    (1.0, -0.1055613458, -0.0638541728),
    (1.0, -0.0894841775, -1.2914855480),
)
_LMS_TO_RGB = (
    (4.0767416621, -3.3077115913, 0.2309699292),
    (-1.2684380046, 2.6097574011, -0.3413193965),
    (-0.0041960863, -0.7034186147, 1.7076147010),
)


def oklch(
    lightness: Tensor,  # [N, 1, 1, 1], 0..1
    chroma: Tensor,  # [N, 1, 1, 1], 0..0.3
    hue: Tensor,  # [N, 1, 1, 1], turns
) -> Tensor:  # [N, 3, 1, 1] OKLab
    """A colour from lightness, chroma and hue angle.

    Chroma is reduced around cyan, where sRGB ends early and clipping would look like plastic.
    """
    past_cyan = (hue - 0.52 + 0.5) % 1 - 0.5
    chroma = chroma * (1 - 0.42 * torch.exp(-((past_cyan / 0.13) ** 2)))
    angle = hue * (2 * math.pi)
    return torch.cat([lightness, chroma * torch.cos(angle), chroma * torch.sin(angle)], dim=1)


def to_srgb(
    lab: Tensor,  # [N, 3, H, W] OKLab
) -> Tensor:  # [N, 3, H, W] sRGB in [-1, 1]
    """Convert to gamma-coded sRGB; colours out of gamut lose chroma first, then clip."""
    linear = _linear_rgb(lab)
    # How far the worst channel leaves 0..1 says how much chroma must go: one cheap step is enough
    # for colours that are only a little out.
    excess = (linear - 1).clamp(min=0).amax(1, keepdim=True) + (-linear).clamp(min=0).amax(
        1, keepdim=True
    )
    keep = 1 / (1 + 1.5 * excess)
    lab = torch.cat([lab[:, :1].clamp(0, 1), lab[:, 1:] * keep], dim=1)
    linear = _linear_rgb(lab).clamp(0, 1)
    srgb = torch.where(
        linear <= 0.0031308, linear * 12.92, 1.055 * linear.clamp(min=1e-8) ** (1 / 2.4) - 0.055
    )
    return srgb * 2 - 1


def _linear_rgb(lab: Tensor) -> Tensor:
    return _mix_planes(_mix_planes(lab, _LAB_TO_LMS) ** 3, _LMS_TO_RGB)


def _mix_planes(planes: Tensor, matrix: tuple[tuple[float, ...], ...]) -> Tensor:
    a, b, c = planes.unbind(1)
    return torch.stack([m[0] * a + m[1] * b + m[2] * c for m in matrix], dim=1)

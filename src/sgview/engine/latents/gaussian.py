"""Making bounded noise normally distributed."""

from __future__ import annotations

import torch
from torch import Tensor

from sgview.engine.latents.noise import octave
from sgview.state.params import Noise, NoiseType

_STEPS = 2049
_SAMPLES = 1 << 17


def normal_quantiles(noise_type: NoiseType) -> Tensor:  # [2049] float32
    """Return the standard normal value of each noise value at even steps over [-1, 1].

    The probability integral transform: a value v with F(v) of the noise below it becomes the normal
    value with as much below it. F is counted once over 131,072 fixed places of one octave, and made
    odd, as the noise is.
    """
    generator = torch.Generator().manual_seed(0)
    points = torch.rand(_SAMPLES, 4, generator=generator, dtype=torch.float64) * 4096.0
    seeds = torch.randint(2**32, (_SAMPLES,), generator=generator)
    values, _ = octave(Noise(type=noise_type), points, seeds).sort()
    below = torch.searchsorted(values, torch.linspace(-1.0, 1.0, _STEPS))
    share = (below.to(torch.float64) + 0.5) / (_SAMPLES + 1)
    normal = torch.special.ndtri(share)
    return ((normal - normal.flip(0)) / 2.0).to(torch.float32)

"""Smooth random fields over four dimensions, and where in the last two of them time is."""

from __future__ import annotations

import math
import zlib

import numpy as np
import torch

_WAVES = 16
_TURN_STEPS = 2**30  # of a loop


class RandomField:
    """A smooth random function of four coordinates, about normally distributed at each point.

    A sum of waves of random direction, which has nearly the correlation of a Gaussian process
    exp(-|x - y|^2 / 2): Rahimi and Recht 2007, "Random Features for Large-Scale Kernel Machines".

    Args:
        name: draws it, so that equal names are equal fields.
    """

    def __init__(self, name: str) -> None:
        generator = torch.Generator().manual_seed(zlib.crc32(name.encode()))
        drawn = torch.randn(4, _WAVES, generator=generator, dtype=torch.float64)
        starts = torch.rand(_WAVES, generator=generator, dtype=torch.float64)
        self._waves = drawn.numpy()  # [4, waves]
        self._starts = starts.numpy() * (2.0 * math.pi)

    def __call__(
        self,
        points: np.ndarray,  # [n, 2]
        time: tuple[float, float],  # the other two coordinates, of all points
    ) -> np.ndarray:  # [n] float64, at most sqrt(32)
        """Return the field's values."""
        angles = points @ self._waves[:2] + (np.array(time) @ self._waves[2:] + self._starts)
        return np.cos(angles).sum(1) * math.sqrt(2.0 / _WAVES)


def held_turn(turns: float) -> float:  # 0..1
    """Return the place in a loop, on a grid so fine that one turn later is equal to the bit."""
    return round(turns * _TURN_STEPS) % _TURN_STEPS / _TURN_STEPS

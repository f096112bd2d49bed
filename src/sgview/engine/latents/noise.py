"""Noise with the parameters of TouchDesigner's Noise TOP.

The samples of one frame lie along x over [-0.5, 0.5], on a straight line that translation, rotation
and scale place in the noise. `harmonics` octaves are added to the first and the sum is divided by
the root of the sum of their squared amplitudes, so that its spread stays that of one octave: about
-1..1. All of it is computed on the CPU, a few hundred numbers in well under a millisecond; on CUDA
`simplex_noise.cu` computes the same beside the network.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from msgspec.structs import replace
from torch import Tensor

from sgview.engine.latents.lattice import GOLDEN, lattice_hash, mix
from sgview.engine.latents.perlin import perlin
from sgview.engine.latents.simplex import simplex
from sgview.state.motion import Motion
from sgview.state.params import Noise, NoiseType, Vec3

SHIFT_RANGE = 64  # octaves and seeds start up to this many cells away from each other
RANDOM_FINENESS = 4096  # cells of "random" noise in one period

Vec4 = tuple[float, float, float, float]

STILL: Vec4 = (0.0, 0.0, 0.0, 0.0)
_TURN_STEPS = 2**30  # of a loop
POSITIONS = ("noise.x", "noise.y", "noise.z", "noise.4d")  # names of speeds


@dataclass(frozen=True)
class Strip:
    """The line on which a frame's samples lie: origin + u * direction, u in (-0.5, 0.5)."""

    origin: Vec4  # [cells]
    direction: Vec4  # [cells a strip width]


class Course:
    """How the strip of one noise lies: translate(rotate(scale(p - pivot)) + pivot).

    Attributes:
        direction: of the strip, which only moves along itself [cells a strip width].
    """

    def __init__(self, noise: Noise) -> None:
        turn = _rotation(noise.rotate)
        start = _times(turn, tuple(-p * s for p, s in zip(noise.pivot, noise.scale, strict=True)))
        along = _times(turn, (noise.scale[0], 0.0, 0.0))
        self._period = noise.period
        rest = [a + b for a, b in zip(start, noise.pivot, strict=True)]
        self._axes = tuple(zip(rest, noise.translate, strict=True))
        self._fourth = noise.translate_4d
        x, y, z = (a / noise.period for a in along)
        self.direction: Vec4 = (x, y, z, 0.0)

    def origin(self, moved: Vec4) -> Vec4:  # [cells]
        """Return where the strip's centre is after it has `moved`."""
        x, y, z = [
            (rest + (at + way)) / self._period
            for (rest, at), way in zip(self._axes, moved[:3], strict=True)
        ]
        return x, y, z, self._fourth + moved[3]


def moved(noise: Noise, motion: Motion) -> Vec4:
    """Return how far the strip has moved, in x, y, z and the fourth dimension.

    A loop is a circle through z and the fourth dimension, begun where the noise would be without
    it: the strip lies across it, so that no part of the way looks like going back.
    """
    places = motion.positions
    if noise.loop <= 0.0:
        x, y, z, fourth = (places.get(name, 0.0) for name in POSITIONS)
        return x, y, z, fourth
    # Held to a fine grid, so that one turn later is the same place to the last bit.
    turn = round(places.get("noise.loop", 0.0) * _TURN_STEPS) % _TURN_STEPS / _TURN_STEPS
    angle = 2.0 * math.pi * turn
    across, along = math.cos(angle) - 1.0, math.sin(angle)
    return 0.0, 0.0, across * noise.loop_size * noise.period, along * noise.loop_size


def playing(noise: Noise) -> Noise:
    """Return the noise that is sampled: a loop needs one of four dimensions."""
    if noise.loop <= 0.0 or noise.type[-2] not in "23":
        return noise
    four: dict[str, NoiseType] = {"simplex": "simplex4d", "perlin": "perlin4d"}
    return replace(noise, type=four[noise.type[:-2]])


def place_strip(noise: Noise, way: Vec4 = STILL) -> Strip:
    """Return where the strip lies after it has moved that `way`."""
    course = Course(noise)
    return Strip(course.origin(way), course.direction)


def sample_noise(
    noise: Noise,
    way: Vec4,  # that the strip has moved
    count: int,
    *,
    rows: int = 1,
    is_independent: bool = False,
    quantiles: Tensor | None = None,
) -> Tensor:  # [rows, count] float32
    """Return the noise along the strip, about -amplitude..amplitude around the offset.

    Rows are equal unless `noise.monochrome` is off. With `is_independent` every sample is a track
    of its own, at the strip's centre in noise of its own seed, instead of a place on one strip.
    With `quantiles` (see `gaussian.py`) every octave, and so their sum, is normally distributed.
    """
    strip = place_strip(noise, way)
    u = (torch.arange(count, dtype=torch.float64) + 0.5) / count - 0.5
    if is_independent:
        u = torch.zeros_like(u)
    points = torch.tensor(strip.origin, dtype=torch.float64) + u.unsqueeze(-1) * torch.tensor(
        strip.direction, dtype=torch.float64
    )
    seeds = _seeds(noise, count, 1 if noise.monochrome else rows, is_independent)
    values = _octaves(noise, points, seeds, quantiles)
    if noise.exponent != 1.0:
        values = values.sign() * values.abs().pow(noise.exponent)
    return (values * noise.amplitude + noise.offset).expand(rows, count)


def octave(
    noise: Noise,
    points: Tensor,  # [..., 4] float64
    seeds: Tensor,  # [...] int64, 0..2^32-1
) -> Tensor:  # [...] float32 in [-1, 1]
    """Return one octave of the noise's type, the domain shifted by the seed.

    Without the shift, which comes out of the seed, every octave would be zero at the origin, and
    Perlin noise at every whole number along an axis.
    """
    function, dimensions = _TYPES[noise.type]
    axes = torch.arange(1, dimensions + 1)
    shifts = mix((seeds.unsqueeze(-1) + axes * GOLDEN) & 0xFFFFFFFF).to(torch.float64)
    return function(points[..., :dimensions] + shifts * (SHIFT_RANGE / 2.0**32), seeds)


def _octaves(
    noise: Noise,
    points: Tensor,  # [count, 4]
    seeds: Tensor,  # [rows, count or 1]
    quantiles: Tensor | None,
) -> Tensor:  # [rows, count]
    steps = torch.arange(noise.harmonics + 1)
    gains = [noise.harmonic_gain**k for k in range(noise.harmonics + 1)]
    spreads = torch.tensor([noise.harmonic_spread**k for k in range(noise.harmonics + 1)])
    seeds = mix((seeds + (steps * GOLDEN).view(-1, 1, 1)) & 0xFFFFFFFF)
    points = points * spreads.to(torch.float64).view(-1, 1, 1, 1)
    shape = (len(gains), seeds.shape[1], points.shape[2])
    values = octave(noise, points.expand(*shape, 4), seeds.expand(shape))
    if quantiles is not None:
        values = look_up(quantiles, values)
    norm = math.sqrt(sum(gain * gain for gain in gains))
    return (values * (torch.tensor(gains) / norm).view(-1, 1, 1)).sum(0)


def look_up(
    table: Tensor,  # [n] values at n even steps over [-1, 1]
    x: Tensor,  # in [-1, 1]
) -> Tensor:
    """Interpolate `table` linearly at `x`."""
    place = (x + 1.0) * (0.5 * (len(table) - 1))
    left = place.to(torch.int64).clamp(0, len(table) - 2)
    return torch.lerp(table[left], table[left + 1], place - left)


def _seeds(noise: Noise, count: int, rows: int, is_independent: bool) -> Tensor:
    """Return [rows, count or 1] seeds: the noise's own for row 0, unrelated ones elsewhere."""
    row = torch.arange(rows).view(-1, 1)
    seeds = ((noise.seed & 0xFFFFFFFF) + row * 0x85EBCA6B) & 0xFFFFFFFF
    if is_independent:
        seeds = mix((mix(seeds) + torch.arange(count) * GOLDEN) & 0xFFFFFFFF)
    return seeds


def _white(points: Tensor, seeds: Tensor) -> Tensor:
    """Return a uniform number for every cell of a very fine lattice."""
    cells = torch.floor(points * RANDOM_FINENESS)
    return (lattice_hash(cells, seeds).to(torch.float64) / 2.0**31 - 1.0).to(torch.float32)


_TYPES: dict[str, tuple[Callable[[Tensor, Tensor], Tensor], int]] = {
    "simplex2d": (simplex, 2),
    "simplex3d": (simplex, 3),
    "simplex4d": (simplex, 4),
    "perlin2d": (perlin, 2),
    "perlin3d": (perlin, 3),
    "perlin4d": (perlin, 4),
    "random": (_white, 4),
}


def _rotation(degrees: Vec3) -> tuple[Vec3, Vec3, Vec3]:
    """Return the rows of the matrix that turns about x, then y, then z."""
    (sx, cx), (sy, cy), (sz, cz) = (
        (math.sin(math.radians(a)), math.cos(math.radians(a))) for a in degrees
    )
    return (
        (cz * cy, cz * sy * sx - sz * cx, cz * sy * cx + sz * sx),
        (sz * cy, sz * sy * sx + cz * cx, sz * sy * cx - cz * sx),
        (-sy, cy * sx, cy * cx),
    )


def _times(matrix: tuple[Vec3, Vec3, Vec3], v: tuple[float, ...]) -> Vec3:
    x, y, z = (sum(m * a for m, a in zip(row, v, strict=True)) for row in matrix)
    return x, y, z

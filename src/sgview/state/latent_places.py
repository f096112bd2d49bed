"""Places in latent space by name: what keys of a path, the strip of seeds and glides refer to.

A place is a short text: "seed 5.5", "plane 0 1.5 2" (the seed at its origin, x, y), "file petals".
What plays at an instant is a place, or a way between places, see `whereabouts`.
"""

from __future__ import annotations

import math

from msgspec import Struct

from sgview.state.motion import Motion
from sgview.state.params import Latents


class NoisePlace(Struct, frozen=True, cache_hash=True):
    """A noise; the strip of seeds names it, no path leads there."""

    seed: int

    def __str__(self) -> str:
        """Return its name."""
        return f"noise {self.seed}"


class SeedPlace(Struct, frozen=True, cache_hash=True):
    """A seed, or a place on the great circle from one to the next."""

    number: float

    def __str__(self) -> str:
        """Return its name."""
        return f"seed {_text(self.number)}"


class PlanePlace(Struct, frozen=True, cache_hash=True):
    """A place over the lattice of seeds."""

    seed: int  # at the origin
    x: float
    y: float

    def __str__(self) -> str:
        """Return its name."""
        return f"plane {self.seed} {_text(self.x)} {_text(self.y)}"


class FilePlace(Struct, frozen=True, cache_hash=True):
    """A latent of the library."""

    name: str  # or path; "#2" after it: the second of several

    def __str__(self) -> str:
        """Return its name."""
        return f"file {self.name}"


Place = NoisePlace | SeedPlace | PlanePlace | FilePlace


class Between(Struct, frozen=True):
    """On the way from one to the other: along the great circle of z, or straight in w."""

    a: Whereabouts
    b: Whereabouts
    amount: float  # 0..1


class Sum(Struct, frozen=True):
    """A sum in w; the weights add up to 1."""

    parts: tuple[tuple[Place, float], ...]


Whereabouts = Place | Between | Sum


def read_place(text: str) -> Place:
    """Return the place of that name.

    Raises:
        ValueError: if there is none.
    """
    kind, _, rest = text.strip().partition(" ")
    words = rest.split()
    try:
        if kind == "file" and rest.strip():
            return FilePlace(rest.strip())
        if kind == "noise" and len(words) == 1:
            return NoisePlace(round(_number(words[0])))
        if kind == "seed" and len(words) == 1:
            return SeedPlace(_number(words[0]))
        if kind == "plane" and len(words) == 3:
            seed, x, y = map(_number, words)
            return PlanePlace(round(seed), x, y)
    except ValueError:
        pass
    raise ValueError(f"{text[:60]!r} is no place: write seed 5, plane 0 1.5 2, or file NAME")


def place_of(latents: Latents, motion: Motion) -> Place | None:
    """Return the place where the source is; None for noise and paths, which have no name."""
    at = motion.positions.get
    if latents.source == "seeds":
        return SeedPlace(latents.seed + latents.between + at("seed", 0.0))
    if latents.source == "plane":
        plane = latents.plane
        return PlanePlace(latents.seed, plane.x + at("plane.x", 0.0), plane.y + at("plane.y", 0.0))
    if latents.source == "library" and latents.entry.strip():
        return FilePlace(latents.entry.strip())
    return None


def _number(word: str) -> float:
    number = float(word)
    if not math.isfinite(number) or abs(number) > 2**53:
        raise ValueError(word)
    return number


def _text(number: float) -> str:
    return str(int(number)) if number == int(number) else repr(number)

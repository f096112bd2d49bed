"""Going somewhere: what changes when a seed or a place is chosen."""

from __future__ import annotations

import math
from typing import NamedTuple

from msgspec.structs import replace

from sgview.state.latent_params import Source
from sgview.state.latent_places import (
    FilePlace,
    NoisePlace,
    Place,
    PlanePlace,
    SeedPlace,
    place_of,
)
from sgview.state.motion import Motion
from sgview.state.params import Key, Latents, Params, Path, Regions
from sgview.state.shaping_params import Directions, Mixing, Walk

HIGHEST = 2**31 - 1
_DIGITS = 3  # of a place that becomes a key of a path


class Going(NamedTuple):
    """Parameters that lead somewhere, and names of positions that begin there (`Restart`)."""

    params: Params
    restarts: tuple[str, ...] = ()


def go_to(params: Params, place: Place) -> Going:
    """Let the source be at `place` exactly; what moves goes on from there."""
    latents = params.latents
    match place:
        case NoisePlace(seed):
            params = replace(params, noise=replace(params.noise, seed=_seed(seed)))
            return Going(replace(params, latents=replace(latents, source="noise")))
        case SeedPlace(number):
            first = math.floor(number)
            latents = replace(latents, source="seeds", seed=_seed(first), between=number - first)
            restarts = ("seed",)
        case PlanePlace(seed, x, y):
            plane = replace(latents.plane, x=x, y=y)
            latents = replace(latents, source="plane", seed=_seed(seed), plane=plane)
            restarts = ("plane.x", "plane.y")
        case FilePlace(name):
            latents, restarts = replace(latents, source="library", entry=name), ()
    return Going(replace(params, latents=latents), restarts)


def step_seed(params: Params, by: int) -> Params:
    """Return `params` with the seed of the source that plays moved on; of a path, as it is."""
    if params.latents.source == "noise":
        return replace(params, noise=replace(params.noise, seed=_seed(params.noise.seed + by)))
    if params.latents.source in ("seeds", "plane"):
        return with_seed(params, params.latents.seed + by)
    return params


def as_it_is(params: Params) -> Params:
    """Return `params` with the latent of the source alone, and unshaped, truncation aside."""
    latents = replace(params.latents, space="z")
    rest = {"mixing": Mixing(), "directions": Directions(), "walk": Walk()}
    return replace(params, latents=latents, regions=Regions(), **rest)


def seed_of(params: Params) -> int:
    """Return the seed of the source that plays."""
    return params.noise.seed if params.latents.source == "noise" else params.latents.seed


def shown_place(params: Params, motion: Motion) -> Place | None:
    """Return where the source is by a name that leads back; None for paths."""
    if params.latents.source == "noise":
        return NoisePlace(params.noise.seed)
    return place_of(params.latents, motion)


def is_from(params: Params, place: Place) -> bool:
    """Return whether the source is set to the seed or the latent of `place`."""
    match place, params.latents.source:
        case NoisePlace(seed), "noise":
            return seed == params.noise.seed
        case SeedPlace(number), "seeds":
            return math.floor(number) == params.latents.seed
        case PlanePlace(seed, _, _), "plane":
            return seed == params.latents.seed
        case FilePlace(name), "library":
            return name == params.latents.entry.strip()
        case _:
            return False


def go_home(latents: Latents) -> Latents:
    """Return the plane at its origin, at rest."""
    plane = replace(latents.plane, x=0.0, y=0.0, speed_x=0.0, speed_y=0.0)
    return replace(latents, plane=plane)


def add_key(path: Path, place: str, gap: float = 4.0) -> Path:
    """Return a path with one key more, `gap` after the last one."""
    at = max((key.at for key in path.keys), default=-gap) + gap
    return replace(path, keys=(*path.keys, Key(at=at, place=place, easing="smooth")))


def tidy(place: Place) -> Place:
    """Return a place as people write it: with a few digits, by less than can be seen elsewhere."""
    match place:
        case SeedPlace(number):
            return SeedPlace(round(number, _DIGITS))
        case PlanePlace(seed, x, y):
            return PlanePlace(seed, round(x, _DIGITS), round(y, _DIGITS))
    return place


def next_to(place: Place) -> Place:
    """Return the next seed after a place; of a file, that."""
    match place:
        case SeedPlace(number):
            return SeedPlace(float(math.floor(number) + 1))
        case PlanePlace(seed, x, y):
            return PlanePlace(seed, x + 1.0, y)
    return place


def choose(params: Params, source: Source, here: Place | None) -> Params:
    """Return `params` with a source that was chosen by hand, so that it moves.

    Args:
        params: as they were.
        source: that is to play.
        here: where the source before was: an empty path begins there.
    """
    latents = paced(replace(params.latents, source=source))
    is_key = here is not None and not isinstance(here, NoisePlace)
    if source == "path" and not latents.path.keys and is_key:
        assert here is not None
        latents = replace(latents, path=add_key(latents.path, str(tidy(here))))
    return replace(params, latents=latents)


def paced(latents: Latents) -> Latents:
    """Return a source that was just chosen by hand with a speed of its own, if it has none."""
    if latents.source == "seeds" and latents.seed_speed == 0.0:
        return replace(latents, seed_speed=0.25)
    plane = latents.plane
    if latents.source == "plane" and plane.speed_x == plane.speed_y == 0.0:
        return replace(latents, plane=replace(plane, speed_x=0.1, speed_y=0.04))
    return latents


def with_seed(params: Params, seed: int) -> Params:
    """Return `params` with another seed of seeds and plane."""
    return replace(params, latents=replace(params.latents, seed=_seed(seed)))


def _seed(number: int) -> int:
    return min(max(number, -HIGHEST), HIGHEST)

"""The dice: another place of the source that plays, by chance."""

from __future__ import annotations

import random
from collections.abc import Iterable

from msgspec.structs import replace

from sgview.state.journeys import Going, add_key, go_to, with_seed
from sgview.state.latent_places import (
    FilePlace,
    NoisePlace,
    Place,
    PlanePlace,
    SeedPlace,
    read_place,
)
from sgview.state.params import Params, Path

DICE = 100_000  # seeds that it has


def throw_dice(params: Params, number: int, library: Iterable[str] = ()) -> Going:
    """Return `params` with the source at another place; the source stays what it is.

    The same number throws the same. Where there is nothing to throw, see `has_dice`, all stays.

    Args:
        params: as they are.
        number: that is thrown: the seed; of a path, that of its first key.
        library: names of the latents there are, for the source of that name.
    """
    latents = params.latents
    match latents.source:
        case "noise":
            return go_to(params, NoisePlace(number))
        case "plane":
            return Going(with_seed(params, number))
        case "library":
            others = _others(params, library)
            if not others:
                return Going(params)
            return go_to(params, FilePlace(others[number % len(others)]))
        case "path":
            path = _thrown(latents.path, number)
            return Going(replace(params, latents=replace(latents, path=path)))
        case _:
            return go_to(params, SeedPlace(float(number)))


def has_dice(params: Params, library: Iterable[str] = ()) -> bool:
    """Return whether there is another place of the source; arguments as above."""
    latents = params.latents
    if latents.source == "library":
        return bool(_others(params, library))
    if latents.source == "path":
        places = [_read(key.place) for key in latents.path.keys]
        return not places or any(isinstance(place, SeedPlace | PlanePlace) for place in places)
    return True


def _others(params: Params, library: Iterable[str]) -> list[str]:
    """The latents of the library that do not play."""
    return sorted(set(library) - {params.latents.entry.strip()})


def _thrown(path: Path, number: int) -> Path:
    """Return a path with keys at the same times and other seeds; latents of files stay.

    Keys that have one place in common still do, so that a journey back leads back.
    """
    if not path.keys:
        return add_key(path, str(SeedPlace(float(number))))
    chance = random.Random(number)
    seeds: dict[object, int] = {}

    def seed_for(before: object) -> int:
        if before not in seeds:
            seeds[before] = chance.randrange(DICE) if seeds else number
        return seeds[before]

    def other(place: Place | None) -> Place | None:
        match place:
            case SeedPlace(before):
                return SeedPlace(float(seed_for(before)))
            case PlanePlace(before, x, y):
                return PlanePlace(seed_for(("plane", before)), x, y)
        return None

    places = [other(_read(key.place)) for key in path.keys]
    keys = (
        replace(key, place=str(place)) if place is not None else key
        for key, place in zip(path.keys, places, strict=True)
    )
    return replace(path, keys=tuple(keys))


def _read(name: str) -> Place | None:
    try:
        return read_place(name)
    except ValueError:
        return None

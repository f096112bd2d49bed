"""Journeys over keys: where a path is at an instant, and how long it takes."""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import pairwise

from msgspec import Struct

from sgview.state.latent_places import (
    Between,
    Place,
    SeedPlace,
    Sum,
    Whereabouts,
    place_of,
    read_place,
)
from sgview.state.morph import EASINGS
from sgview.state.motion import Motion
from sgview.state.params import Key, Params, Path

_DIGITS = 9  # of time after the point: so that one round later is the same to the last bit


class Stop(Struct, frozen=True):
    """A key as it is used."""

    at: float  # from the first one on [s or beats]
    place: Place
    easing: str


class Progress(Struct, frozen=True):
    """How far a path is, for people and for messages."""

    time: float  # from its first key on, 0..length [s or beats]
    lap: int  # rounds done; negative where it runs backwards
    key: int  # the key that lies behind, in the order of time


@lru_cache(maxsize=64)
def stops_of(keys: tuple[Key, ...]) -> tuple[Stop, ...]:
    """Return the keys in the order of time; one whose place cannot be read is left out."""
    found: list[Stop] = []
    ordered = sorted(keys, key=lambda key: key.at)
    for key in ordered:
        try:
            found.append(Stop(key.at - ordered[0].at, read_place(key.place), key.easing))
        except ValueError:
            continue
    return tuple(found)


def length_of(path: Path) -> float:
    """Return how long it is from the first key to the last, and back if it is closed."""
    stops = stops_of(path.keys)
    if len(stops) < 2:
        return 0.0
    return stops[-1].at + (path.closing if path.ends == "closed" else 0.0)


def period_of(path: Path) -> float:
    """Return after how long it comes by the same place again; 0: never, or it stays at one."""
    length = length_of(path)
    return {"closed": length, "open": 0.0, "ping-pong": 2.0 * length}[path.ends]


def progress_of(
    path: Path,
    travelled: float,  # [s or beats]
) -> Progress:
    """Return how far the path is."""
    length, position = length_of(path), path.position + travelled
    if length <= 0.0:
        return Progress(0.0, 0, 0)
    period = period_of(path)
    lap, time = 0, min(max(position, 0.0), length)
    if period > 0.0:
        lap = math.floor(position / period)
        time = round(position - lap * period, _DIGITS)
        lap, time = (lap, time) if time < period else (lap + 1, 0.0)
        if path.ends == "ping-pong" and time > length:
            time = period - time
    stops = stops_of(path.keys)
    key = max(index for index, stop in enumerate(stops) if stop.at <= time or index == 0)
    return Progress(time, lap, key)


def place_on(path: Path, travelled: float) -> Whereabouts:
    """Return the place, or the way between places, where the path is; seed 0 without keys."""
    stops = stops_of(path.keys)
    if len(stops) < 2:
        return stops[0].place if stops else SeedPlace(0.0)
    progress = progress_of(path, travelled)
    index, count = progress.key, len(stops)
    start = stops[index]
    if path.ends != "closed" and index == count - 1:
        return start.place
    end = stops[(index + 1) % count]
    span = (end.at if index + 1 < count else length_of(path)) - start.at
    x = min((progress.time - start.at) / span, 1.0) if span > 0.0 else 1.0
    x = EASINGS[start.easing](x)  # type: ignore[index]
    if path.curve == "cubic":
        return _cubic(path, stops, index, span, x)
    if x <= 0.0 or start.place == end.place:
        return start.place
    if path.curve == "linear":
        return Sum(((start.place, 1.0 - x), (end.place, x)))
    return Between(start.place, end.place, x)


def loop_length(params: Params) -> tuple[float, bool]:
    """Return after how long the source repeats, speeds included, and whether that is in beats.

    0.0: it does not.
    """
    noise, latents, path = params.noise, params.latents, params.latents.path
    if latents.source == "noise":
        pace, period, is_in_beats = latents.motion, noise.loop, noise.loop_unit == "beats"
    elif latents.source == "path":
        pace, period, is_in_beats = (
            latents.motion * path.speed,
            period_of(path),
            path.unit == "beats",
        )
    else:
        pace = period = 0.0
        is_in_beats = False
    if not period and params.walk.reach:
        walk = params.walk
        pace, period, is_in_beats = latents.motion, walk.loop, walk.loop_unit == "beats"
    return (period / abs(pace) if pace else 0.0), is_in_beats


def _cubic(path: Path, stops: tuple[Stop, ...], index: int, span: float, x: float) -> Whereabouts:
    """Return a point of the Hermite spline whose slope at a key is that between its neighbours.

    Catmull and Rom 1974, for keys that are not evenly apart.
    """
    count, is_closed = len(stops), path.ends == "closed"

    def key(place: int) -> int:
        return place % count if is_closed else min(max(place, 0), count - 1)

    before, after = key(index - 1), key(index + 2)
    gaps = [b.at - a.at for a, b in pairwise(stops)] + [path.closing]
    earlier = gaps[(index - 1) % count] if is_closed or index > 0 else 0.0
    later = gaps[(index + 1) % count] if is_closed or index + 2 < count else 0.0
    leaving = span / (earlier + span) if earlier + span > 0.0 else 0.0
    coming = span / (span + later) if span + later > 0.0 else 0.0
    h1 = x * x * (3.0 - 2.0 * x)
    out, into = x * (1.0 - x) ** 2, x * x * (x - 1.0)
    weights = (
        (before, -out * leaving),
        (index, 1.0 - h1 - into * coming),
        (key(index + 1), h1 + out * leaving),
        (after, into * coming),
    )
    total: dict[Place, float] = {}
    for place, weight in weights:
        total[stops[place].place] = total.get(stops[place].place, 0.0) + weight
    return Sum(tuple((place, weight) for place, weight in total.items() if weight))


def whereabouts(params: Params, motion: Motion) -> Whereabouts | None:
    """Return where the source is, glides included; None for noise."""
    latents = params.latents
    if latents.source == "noise":
        return None
    if latents.source == "path":
        here: Whereabouts = place_on(latents.path, motion.positions.get("path", 0.0))
    else:
        here = place_of(latents, motion) or SeedPlace(0.0)
    if not motion.trail:
        return here
    way: Whereabouts = read_place(motion.trail[0][0])
    ends = [read_place(name) for name, _ in motion.trail[1:]]
    for end, (_, amount) in zip([*ends, here], motion.trail, strict=True):
        way = Between(way, end, amount)
    return way

"""Motion: every speed of `Params`, and the positions that they have led to.

A speed moves a position by speed x dt. The player adds positions up (`show/travel.py`), so that a
speed may change at any time without a jump; the engine is given the positions of an instant and
adds them to what is set by hand. A new speed is a row of `SPEEDS`; where it acts, its position is
read by name.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import msgspec

from sgview.state.params import Node, Params
from sgview.state.region_params import NAMES

Trail = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Speed:
    """How fast one position moves: units of the position for each second of `t`, or beat."""

    name: str  # of the position, in `Motion`, takes and sessions: never renamed
    rate: Callable[[Params], float]
    is_in_beats: Callable[[Params], bool] = lambda params: False
    is_source: bool = False  # the fader "Motion" multiplies it
    friction: Callable[[Params], float] = lambda params: 0.0  # [1 / s or beats], see `travelled`


class Motion(Node, frozen=True):
    """Where all that moves has come to at one instant."""

    positions: dict[str, float] = msgspec.field(default_factory=dict)
    """By the name of its speed; in the unit of what is set by hand."""
    trail: Trail = ()
    """Places that a glide comes from, oldest first (see `latent_places.py`), and how far the way
    from each to the next one is gone, 0..1; the last one leads to where `Params` and positions
    are."""
    trails: dict[str, Trail] = msgspec.field(default_factory=dict)
    """The same of other sources, by their names in `other_sources.py`."""


def rate_of(speed: Speed, params: Params) -> float:
    """Return the rate at which a position moves now, the fader "Motion" included."""
    rate = speed.rate(params)
    return rate * params.latents.motion if speed.is_source else rate


def travelled(
    speed: float,
    time: float,  # [s or beats]
    friction: float,  # [1 / s or beats]
) -> float:
    """Return how far a speed leads that friction takes away: speed x exp(-friction x time)."""
    if friction <= 0.0:
        return speed * time
    return math.copysign((1.0 - left(time, friction)) / friction, time) * speed


def left(time: float, friction: float) -> float:
    """Return what share of a speed friction leaves after a time, whichever way that runs."""
    return math.exp(-friction * abs(time))


def motion_at(
    params: Params,
    t: float,  # [s]
    beat: float = 0.0,
) -> Motion:
    """Return what constant speeds have led to since t = 0."""
    return Motion(
        positions={
            speed.name: travelled(
                rate_of(speed, params),
                beat if speed.is_in_beats(params) else t,
                speed.friction(params),
            )
            for speed in SPEEDS
        }
    )


def _turns(loop: float) -> float:
    """Return turns of a loop for each second or beat; a length of 0 is no loop."""
    return 1.0 / loop if loop > 0.0 else 0.0


def _of_region(region: str, part: str) -> Callable[[Params], float]:
    return lambda params: getattr(getattr(params.regions, region), part)


def _drift(axis: Literal["speed_x", "speed_y"]) -> Callable[[Params], float]:
    """Return how fast pixel noise drifts: whole rounds of the picture in a loop."""

    def rate(params: Params) -> float:
        noise = params.ground.noise
        speed = getattr(noise, axis)
        if not speed or noise.loop <= 0.0:
            return speed
        return math.copysign(max(round(abs(speed) * noise.loop), 1), speed) / noise.loop

    return rate


def _loops_in_beats(params: Params) -> bool:
    return params.ground.noise.loop > 0.0 and params.ground.noise.loop_unit == "beats"


def _axis(index: int) -> Callable[[Params], float]:
    return lambda params: params.noise.translate_speed[index]


SPEEDS: tuple[Speed, ...] = (
    Speed("noise.x", _axis(0), is_source=True),
    Speed("noise.y", _axis(1), is_source=True),
    Speed("noise.z", _axis(2), is_source=True),
    Speed("noise.4d", lambda params: params.noise.translate_4d_speed, is_source=True),
    Speed(
        "noise.loop",  # [turns]
        lambda params: _turns(params.noise.loop),
        lambda params: params.noise.loop_unit == "beats",
        is_source=True,
    ),
    Speed("seed", lambda params: params.latents.seed_speed, is_source=True),
    Speed(
        "plane.x",
        lambda params: params.latents.plane.speed_x,
        is_source=True,
        friction=lambda params: params.latents.plane.friction,
    ),
    Speed(
        "plane.y",
        lambda params: params.latents.plane.speed_y,
        is_source=True,
        friction=lambda params: params.latents.plane.friction,
    ),
    Speed(
        "path",
        lambda params: params.latents.path.speed,
        lambda params: params.latents.path.unit == "beats",
        is_source=True,
    ),
    Speed("ground.x", lambda params: params.ground.input.speed_x),
    Speed("ground.y", lambda params: params.ground.input.speed_y),
    Speed("ground.rotate", lambda params: params.ground.input.speed_rotate),
    Speed("ground.scale", lambda params: params.ground.input.speed_scale),
    Speed("ground.noise", lambda params: params.ground.noise.moving),
    Speed(
        "ground.noise.loop",  # [turns]
        lambda params: _turns(params.ground.noise.loop),
        lambda params: params.ground.noise.loop_unit == "beats",
    ),
    Speed("ground.noise.x", _drift("speed_x"), _loops_in_beats),  # [sizes of the picture]
    Speed("ground.noise.y", _drift("speed_y"), _loops_in_beats),
    Speed("ground.constant", lambda params: params.ground.constant.speed),
    Speed(
        "ground.constant.loop",  # [turns]
        lambda params: _turns(params.ground.constant.loop),
        lambda params: params.ground.constant.loop_unit == "beats",
    ),
    Speed("mixing.seed", lambda params: params.mixing.seed_speed, is_source=True),
    Speed("walk", lambda params: params.walk.speed, is_source=True),  # [steps]
    Speed(
        "walk.loop",  # [turns]
        lambda params: 1.0 / params.walk.loop if params.walk.loop > 0.0 else 0.0,
        lambda params: params.walk.loop_unit == "beats",
        is_source=True,
    ),
    *(
        Speed(f"regions.{region}.seed", _of_region(region, "seed_speed"), is_source=True)
        for region in NAMES
    ),
    *(
        Speed(f"regions.{region}.{part}", _of_region(region, f"speed_{part}"))
        for region in NAMES
        for part in ("x", "y", "angle")
    ),
)
"""Every speed; `Motion.positions` has one position for each."""

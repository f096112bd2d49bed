"""Adding up motion: from speeds to positions, instant after instant."""

from __future__ import annotations

import math

from msgspec.structs import replace

from sgview.signals.incoming import Instant
from sgview.state.latent_places import place_of
from sgview.state.morph import EASINGS
from sgview.state.motion import SPEEDS, Motion, Speed, Trail, rate_of
from sgview.state.other_sources import other_latents, other_motion, other_sources
from sgview.state.params import Latents, Params
from sgview.state.travel import Course, Glides, Leg, TravelState

_MOST_LEGS = 4  # glides at once; who asks for more leaves the oldest out
_SAME = 1e-6  # a pace of time so near to 1 is 1


class Travel:
    """Adds up positions.

    Time that runs at one speed is multiplied by it, not added up in small steps: what moves evenly
    is as exact after a night as after a second, at any frame rate. A speed holds from the instant
    that sets it up to the one that sets another. The first instant finds everything as if its
    speeds had held since t = 0.
    """

    def __init__(self, state: TravelState | None = None) -> None:
        self.state = state  # None: before the first instant

    def advance(self, params: Params, instant: Instant) -> Motion:
        """Return the positions of `instant`; `params` are what plays at it."""
        state = self.state
        if state is None or "" in instant.restarts:
            state = TravelState(beat=instant.beat, beats=instant.beat)
        t, beats = instant.t, state.beats + (instant.beat - state.beat) * _pace(instant)
        courses: dict[str, Course] = {}
        positions: dict[str, float] = {}
        begun = _positions(instant.restarts)
        for speed in SPEEDS:
            course = state.courses.get(speed.name) or _begun(speed, params)
            position = begun.get(speed.name, course.at(t, beats))
            wanted = _begun(speed, params)
            if speed.name in begun or not _is_same(course, wanted):
                is_pushed = speed.name in begun or course.push != wanted.push
                course = replace(
                    wanted,
                    since=beats if wanted.is_in_beats else t,
                    origin=position,
                    share=1.0 if is_pushed or not wanted.friction else course.share_at(t, beats),
                )
            courses[speed.name], positions[speed.name] = course, position
        motion = Motion(positions=positions)
        now, glide = state.now + instant.elapsed, params.latents.glide
        first = Glides(target=state.target, place=state.place, legs=state.legs)
        first = _glides(first, params.latents, motion, glide, now)
        others: dict[str, Glides] = {}
        for name, source in other_sources(params).items():
            latents, there = other_latents(params.latents, source), other_motion(motion, name)
            before = state.others.get(name, Glides())
            others[name] = _glides(before, latents, there, glide, now)
        if first.legs or any(other.legs for other in others.values()):
            trails = {name: _trail(other.legs, now) for name, other in others.items() if other.legs}
            motion = replace(motion, trail=_trail(first.legs, now), trails=trails)
        self.state = TravelState(
            courses=courses,
            now=now,
            target=first.target,
            place=first.place,
            legs=first.legs,
            others=others,
            beat=instant.beat,
            beats=beats,
        )
        return motion


def _glides(before: Glides, latents: Latents, motion: Motion, seconds: float, now: float) -> Glides:
    """Return the glides of a source at this instant; one begins where it was set anew."""
    target, legs = _target(latents), before.legs
    if target != before.target:
        is_glide = bool(target and before.target and seconds > 0.0)
        leg = Leg(place=before.place, since=now, seconds=max(seconds, 1e-6))
        legs = (*legs, leg)[-_MOST_LEGS:] if is_glide else ()
    arrived = [place for place, leg in enumerate(legs, 1) if now - leg.since >= leg.seconds]
    legs = legs[arrived[-1] :] if arrived else legs
    place = str(place_of(latents, motion)) if target else ""
    return Glides(target=target, place=place, legs=legs)


def _positions(restarts: tuple[str, ...]) -> dict[str, float]:
    """Return where positions begin anew, by name; see `Instant.restarts`."""
    positions: dict[str, float] = {}
    for restart in restarts:
        name, _, number = restart.partition(" ")
        try:
            position = float(number or 0.0)
        except ValueError:  # of a take that somebody wrote
            continue
        positions[name] = position if math.isfinite(position) else 0.0
    return positions


def _begun(speed: Speed, params: Params) -> Course:
    """Return the course of a speed that has held since t = 0."""
    return Course(
        speed=rate_of(speed, params),
        is_in_beats=speed.is_in_beats(params),
        friction=speed.friction(params),
        push=speed.rate(params),
    )


def _is_same(course: Course, wanted: Course) -> bool:
    """Return whether a stretch goes on as it is wanted; a push that has gone needs a new one."""
    is_as_before = (course.speed, course.is_in_beats) == (wanted.speed, wanted.is_in_beats)
    is_braked = course.friction or wanted.friction
    is_pushed = (course.friction, course.push) != (wanted.friction, wanted.push)
    return is_as_before and not (is_braked and is_pushed)


def _target(latents: Latents) -> str:
    """Return what a change of begins a glide."""
    if latents.source in ("seeds", "plane"):
        return f"{latents.source} {latents.seed}"
    return f"file {latents.entry}" if latents.source == "library" and latents.entry else ""


def _trail(legs: tuple[Leg, ...], now: float) -> Trail:
    return tuple((leg.place, _share(leg, now)) for leg in legs)


def _share(leg: Leg, now: float) -> float:
    return EASINGS["smooth"](min(max((now - leg.since) / leg.seconds, 0.0), 1.0))


def _pace(instant: Instant) -> float:
    """Return how much faster than real time `t` runs: beats stand still and run with it."""
    if instant.elapsed <= 0.0:
        return 0.0 if instant.dt == 0.0 else 1.0
    pace = instant.dt / instant.elapsed
    return 1.0 if abs(pace - 1.0) < _SAME else pace

"""Adding up motion: from speeds to positions, instant after instant."""

from __future__ import annotations

from sgview.signals.incoming import Instant
from sgview.state.motion import SPEEDS, Motion, Speed, rate_of
from sgview.state.params import Params
from sgview.state.travel import Course, TravelState

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
        for speed in SPEEDS:
            course = state.courses.get(speed.name) or _begun(speed, params)
            position = 0.0 if speed.name in instant.restarts else course.at(t, beats)
            rate, is_in_beats = rate_of(speed, params), speed.is_in_beats(params)
            is_as_before = rate == course.speed and is_in_beats == course.is_in_beats
            if not is_as_before or speed.name in instant.restarts:
                course = Course(
                    since=beats if is_in_beats else t,
                    origin=position,
                    speed=rate,
                    is_in_beats=is_in_beats,
                )
            courses[speed.name], positions[speed.name] = course, position
        self.state = TravelState(courses=courses, beat=instant.beat, beats=beats)
        return Motion(positions=positions)


def _begun(speed: Speed, params: Params) -> Course:
    """Return the course of a speed that has held since t = 0."""
    return Course(speed=rate_of(speed, params), is_in_beats=speed.is_in_beats(params))


def _pace(instant: Instant) -> float:
    """Return how much faster than real time `t` runs: beats stand still and run with it."""
    if instant.elapsed <= 0.0:
        return 0.0 if instant.dt == 0.0 else 1.0
    pace = instant.dt / instant.elapsed
    return 1.0 if abs(pace - 1.0) < _SAME else pace

"""What adding up motion keeps from one instant to the next, as data."""

from __future__ import annotations

import msgspec

from sgview.state.motion import left, travelled
from sgview.state.params import Node


class Course(Node, frozen=True):
    """A stretch of one speed: position = origin + speed * (time - since), friction included."""

    since: float = 0.0  # [s or beats]
    origin: float = 0.0
    speed: float = 0.0
    is_in_beats: bool = False
    friction: float = 0.0  # [1 / s or beats]
    push: float = 0.0  # the speed as it is set, without the fader "Motion"
    share: float = 1.0  # of it that friction had left at `since`

    def at(self, t: float, beats: float) -> float:
        """Return the position at this time."""
        time = (beats if self.is_in_beats else t) - self.since
        return self.origin + travelled(self.speed * self.share, time, self.friction)

    def share_at(self, t: float, beats: float) -> float:
        """Return what share of the speed friction leaves at this time."""
        time = (beats if self.is_in_beats else t) - self.since
        return self.share * left(time, self.friction)


class Leg(Node, frozen=True):
    """A glide that is under way."""

    place: str  # that it leaves, see `latent_places.py`
    since: float  # real time, as `TravelState.now` [s]
    seconds: float


class Glides(Node, frozen=True):
    """What a source was set to, where it was, and its glides that are under way."""

    target: str = ""  # "": what no glide leads to
    place: str = ""
    legs: tuple[Leg, ...] = ()  # oldest first


class TravelState(Node, frozen=True):
    """All that `Travel` keeps from one instant to the next; takes and sessions store it."""

    courses: dict[str, Course] = msgspec.field(default_factory=dict)  # by name of the speed
    now: float = 0.0  # real time in all instants together [s]
    target: str = ""  # of the first source, as in `Glides`
    place: str = ""
    legs: tuple[Leg, ...] = ()
    others: dict[str, Glides] = msgspec.field(default_factory=dict)  # by name of the source
    beat: float = 0.0  # of the last instant
    beats: float = 0.0  # the same, but standing still with time and as fast as it

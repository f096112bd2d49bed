"""What a session keeps, so that `--resume` goes on where the last one ended."""

from __future__ import annotations

from typing import Literal

import msgspec

from sgview.state.commands import Slot
from sgview.state.morph import Easing
from sgview.state.params import Node, Params
from sgview.state.sound import Sound
from sgview.state.travel import TravelState


class Surroundings(Node, frozen=True):
    """What a session keeps besides `Params`."""

    networks: dict[Slot, str] = msgspec.field(default_factory=dict)
    """Path of what is wanted in each slot, read by now or not; "": built in."""
    demo: Literal["sg2", "sg3"] = "sg2"  # which built-in pair
    t: float = 0.0  # [s]
    is_paused: bool = False
    travel: TravelState | None = None  # None: of a version that did not add motion up
    fade_seconds: float = 2.0
    fade_easing: Easing = "smooth"
    sound: Sound = Sound()
    bpm: float = 120.0
    follows_sound: bool = False
    marked: tuple[str, ...] = ()  # paths of the values on the web page
    script: str = ""  # path; remembered, never run without being asked for


class Session(Node, frozen=True):
    """All that `--resume` restores."""

    params: Params = Params()
    surroundings: Surroundings = Surroundings()

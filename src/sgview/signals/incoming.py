"""Everything from outside that an expression can see, as plain data that a take can record."""

from __future__ import annotations

import math

from msgspec import Struct

FRAME_RATE = 60.0  # of `frame` and `absTime.frame` [1/s]


class Inputs(Struct, frozen=True):
    """The newest value of every signal from outside.

    A source keeps returning the same tables until something in them changes, so that comparing
    them by identity tells what is new.
    """

    osc: dict[str, tuple[float, ...]] = {}  # address to the numbers of its newest message
    midi: dict[str, float] = {}
    """Controllers "cc/CHANNEL/NUMBER", notes "note/CHANNEL/NUMBER", pressure on a channel
    "aftertouch/CHANNEL" and on a key "polytouch/CHANNEL/NUMBER" in 0..1, pitch wheels
    "bend/CHANNEL" in -1..1; channels 1..16, and 0 for the newest on any channel. Of 14 bits:
    "cc14/CHANNEL/NUMBER" and "nrpn/CHANNEL/NUMBER" in 0..1. Of endless knobs, while one is read:
    "turn/ENCODING/CHANNEL/NUMBER" in steps and "repeat/CHANNEL/NUMBER" in messages."""
    audio: dict[str, float] = {}  # "low", "mid", "high", "rms", "onset": levels, about 0..1
    bands: tuple[float, ...] = ()  # levels of the spectrum, low to high, about 0..1
    mouse: tuple[float, float] = (0.5, 0.5)  # over the picture: x right, y up, 0..1
    is_mouse_down: bool = False  # the left button, pressed on the picture


class Instant(Struct, frozen=True):
    """Time, beat and inputs of one frame; equal instants give equal values."""

    t: float  # [s]
    dt: float = 0.0  # from the last instant to this one, in t; 0 while paused [s]
    elapsed: float = 0.0  # the same in real time, 1 / fps offline [s]
    beat: float = 0.0  # beats since the start, with their fraction
    bpm: float = 120.0  # [1/min]
    beats_per_bar: int = 4
    inputs: Inputs = Inputs()
    restarts: tuple[str, ...] = ()
    """Names of positions that begin at 0 again here, "plane.x 1.5" at another position; "": time
    was set to 0, and all with it."""

    @property
    def frame(self) -> float:
        """Frames of 1/60 s since t = 0, a whole number."""
        return float(math.floor(self.t * FRAME_RATE + 1e-6))

    @property
    def bar(self) -> float:
        """Bars since the start, with their fraction."""
        return self.beat / self.beats_per_bar

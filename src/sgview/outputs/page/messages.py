"""What a browser may ask for, and what it is told: JSON, nothing of which is executed."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from sgview.state import commands as c
from sgview.state.validation import decode_json

LONGEST = 20_000  # of a message from a browser [bytes]; an offer of WebRTC is the longest
Name = Annotated[str, Meta(max_length=1000)]

Action = Literal[
    "pause", "rewind", "back", "step", "tap", "snapshot", "save look", "take", "record", "replay"
]


class SetValue(Struct, frozen=True, tag="set", tag_field="kind"):
    """Move a control; only those that the page shows."""

    path: Name
    value: float


class Do(Struct, frozen=True, tag="do", tag_field="kind"):
    """Press a button."""

    what: Action


class GoToLook(Struct, frozen=True, tag="look", tag_field="kind"):
    """Recall a look."""

    name: Name


class NextPicture(Struct, frozen=True, tag="next", tag_field="kind"):
    """The last picture is drawn: send the newest. On a slow net, none waits in a queue."""


class Offer(Struct, frozen=True, tag="offer", tag_field="kind"):
    """Send the picture by WebRTC, please."""

    sdp: Annotated[str, Meta(max_length=16_384)]


class Watch(Struct, frozen=True, tag="watch", tag_field="kind"):
    """How the picture is seen now: by WebRTC, or as JPEG."""

    video: bool


class KeyPicture(Struct, frozen=True, tag="key", tag_field="kind"):
    """WebRTC has lost too much: send a picture that needs none before it."""


Wish = SetValue | Do | GoToLook
"""What is for the program; the rest is for the server."""

Message = Wish | NextPicture | Offer | Watch | KeyPicture

HARMLESS: dict[Action, c.Command] = {
    "pause": c.TogglePause(),
    "rewind": c.Rewind(),
    "back": c.Step(-1),
    "step": c.Step(1),
    "tap": c.TapTempo(),
}
WRITING: dict[Action, c.Command] = {
    "snapshot": c.SaveSnapshot(),
    "save look": c.SaveLook(),
    "take": c.ToggleTake(),
    "record": c.ToggleOutput("Recorder"),
    "replay": c.SaveReplay(),
}
"""What makes files: only where the user lets it, see `PageSettings.files`."""


def decode(text: str) -> Message:
    """Return what a browser asks for.

    Raises:
        ValueError: if it is nothing of the above.
    """
    if len(text) > LONGEST:
        raise ValueError("the message is too long")
    return decode_json(text, Message)


class Hello(Struct, frozen=True, tag="hello", tag_field="kind"):
    """The first thing that a page is told."""

    video: bool  # whether it may ask for WebRTC


class Ended(Struct, frozen=True, tag="ended", tag_field="kind"):
    """The last thing that a page is told: the page is off, or the program ends."""


class VideoAnswer(Struct, frozen=True, tag="answer", tag_field="kind"):
    """What its offer is answered."""

    sdp: str


class NoVideo(Struct, frozen=True, tag="no video", tag_field="kind"):
    """It has to do with JPEG, and why."""

    why: str


class ControlState(Struct, frozen=True):
    """A control of the page."""

    path: str
    label: str
    value: float
    low: float
    high: float
    is_switch: bool = False
    is_whole: bool = False
    is_driven: bool = False  # something else moves it: it is shown, not set


class LookState(Struct, frozen=True):
    """A look of the page."""

    name: str
    key: int = 0
    has_picture: bool = False


class PageState(Struct, frozen=True, tag="state", tag_field="kind"):
    """All that the page shows besides the picture."""

    t: float = 0.0  # [s], to a tenth
    is_paused: bool = False
    fps: float = 0.0
    bpm: float = 120.0
    blackout: bool = False
    freeze: bool = False
    look: str = ""
    looks: tuple[LookState, ...] = ()
    controls: tuple[ControlState, ...] = ()
    may_write: bool = False  # the buttons that make files are there
    is_recording: bool = False
    is_taking: bool = False


encode = msgspec.json.Encoder().encode

"""What every output is to the program, and the table of those there are."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from sgview.outputs.picture import OutputPicture
from sgview.outputs.png_series import open_png_series
from sgview.outputs.recording.recorder import open_recorder
from sgview.outputs.recording.replay import open_replay
from sgview.outputs.recording.sound_track import SoundTap
from sgview.outputs.sharing.textures import SharedTexture, SpoutServer, SyphonServer
from sgview.settings import Settings
from sgview.state.commands import Command
from sgview.state.output_frame import PLAIN, OutputFrame
from sgview.state.params import Params
from sgview.state.recording import PAGE, RECORDER, REPLAY
from sgview.state.status import OutputStatus, Status

FRAME_FIELDS = ("size", "rate", "fit", "rotation", "edges", "resampling")


class Output(Protocol):
    """A place where pictures go, open from when it is made until `close`.

    All methods are called on the thread that draws the window, so none may wait. Any may raise: the
    output is then closed and its status says why, in the words of the error. One that works on a
    thread raises at the next call what went wrong there.
    """

    def offer(self, picture: OutputPicture) -> None:
        """Take a picture in the output's frame, or drop and count it.

        With a rate of 0 each new picture is offered once. With a rate, one is offered in each slot
        of it, the same one again where there is no newer: `picture.slot` counts. Slots that the
        program was too slow for are left out.
        """
        ...

    def status(self) -> OutputStatus:
        """Return how it goes; name, help and frame are filled in from its row."""
        ...

    def close(self) -> None:
        """Take no more pictures; those that wait are still written. Idempotent."""
        ...


@runtime_checkable
class Listener(Protocol):
    """An output that takes sound too."""

    def listen(self, tap: SoundTap) -> None:
        """Take the sound of `tap`, and close it at the end; called once, before any picture."""
        ...


@runtime_checkable
class Replays(Protocol):
    """An output that keeps what has just played."""

    def save(self) -> None:
        """Save it, without waiting."""
        ...


@runtime_checkable
class Reporter(Protocol):
    """An output that has news for people, also after `close`: then until `is_ended`."""

    @property
    def is_ended(self) -> bool:
        """Whether it is closed, and what waited is written or given up."""
        ...

    def take_messages(self) -> list[str]:
        """Return what happened since the last call, a sentence each; asked in every frame.

        Raises:
            Exception: what went wrong.
        """
        ...


@runtime_checkable
class Controller(Protocol):
    """An output whose other end plays along."""

    def exchange(
        self,
        params: Params,
        status: Status,
        marked: tuple[str, ...],
        thumbnails: Mapping[str, np.ndarray],
    ) -> tuple[Params, list[Command]]:
        """Show what is set, and return it as the other end wants it; in every frame, no waiting.

        Args:
            params: as they are set.
            status: of the last frame.
            marked: paths of the values that the user put there.
            thumbnails: pictures of looks by name, uint8 [H, W, 4].
        """
        ...


@dataclass(frozen=True)
class OutputKind:
    """One row of the table."""

    name: str  # as people read it, and `ToggleOutput` takes it
    help: str
    open: Callable[[Settings], Output]  # raises OutputError, or ImportError without its `extra`
    extra: str = ""  # of the package sgview, which brings the libraries it needs; "": none
    frame: OutputFrame = PLAIN  # what it gets pictures in until the user says otherwise
    frame_fields: tuple[str, ...] = FRAME_FIELDS  # those that mean something to it
    is_fixed: bool = False  # the frame stays as at its first picture, such as a film's
    is_seen: bool = False  # by an audience: blackout, freeze and hold act on it
    system: str = ""  # the only one it exists on, as `sys.platform` says; "": all


def _open_page(settings: Settings) -> Output:
    from sgview.outputs.page.page import open_page

    return open_page(settings)


def _open_ndi(settings: Settings) -> Output:
    from sgview.outputs.sharing.ndi import open_sender

    return open_sender()


def _open_camera(settings: Settings) -> Output:
    from sgview.outputs.sharing.camera import open_sender

    return open_sender()


def _open_spout(settings: Settings) -> Output:
    return SharedTexture(SpoutServer("sgview"), "Spout sender sgview")


def _open_syphon(settings: Settings) -> Output:
    return SharedTexture(SyphonServer("sgview"), "Syphon server sgview")


ALL_OUTPUTS: tuple[OutputKind, ...] = (
    OutputKind(
        RECORDER,
        "What plays as a film, with the sound that is listened to (F9).",
        open_recorder,
        frame=OutputFrame(rate=60.0),
        is_fixed=True,
    ),
    OutputKind(
        REPLAY,
        "Keeps the last half minute, to be saved when it was good (F10).",
        open_replay,
        frame=OutputFrame(rate=60.0),
        is_fixed=True,
    ),
    OutputKind(
        "PNG series",
        "Every new picture as a numbered PNG, in a new folder beside the snapshots.",
        open_png_series,
    ),
    OutputKind(
        PAGE,
        "In a browser, with looks and controls: a phone plays along. Open its address there.",
        _open_page,
        extra="serve",
        frame=OutputFrame(size="640x640", rate=24.0),
        is_seen=True,
    ),
    OutputKind(
        "NDI",
        "On the network, for Resolume, OBS, TouchDesigner and others; with alpha.",
        _open_ndi,
        extra="ndi",
        frame=OutputFrame(size="1080p", rate=60.0),
        is_seen=True,
    ),
    OutputKind(
        "Virtual camera",
        "As a webcam, for video calls and browsers.",
        _open_camera,
        extra="camera",
        frame=OutputFrame(size="720p", rate=30.0),
        is_fixed=True,
        is_seen=True,
    ),
    OutputKind(
        "Spout",
        "As a texture that other programs of this machine take without a copy.",
        _open_spout,
        extra="spout",
        is_seen=True,
        system="win32",
    ),
    OutputKind(
        "Syphon",
        "As a texture that other programs of this machine take without a copy.",
        _open_syphon,
        extra="syphon",
        is_seen=True,
        system="darwin",
    ),
)
"""The outputs of all systems, in the order of the panel."""

OUTPUTS = tuple(kind for kind in ALL_OUTPUTS if kind.system in ("", sys.platform))
"""The outputs there are, in the order of the panel."""


def frame_of(settings: Settings, kind: OutputKind) -> OutputFrame:
    """Return the frame that `kind` starts with: the user's settings for it, or its own."""
    return settings.outputs.get(kind.name, kind.frame)

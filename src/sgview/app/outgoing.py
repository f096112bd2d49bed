"""All that leaves the window: the outputs, the clean window among them, and how they are kept."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from sgview.app.clean_output import CleanOutput
from sgview.app.kept_outputs import KeptOutputs, read_outputs, with_kept, write_outputs
from sgview.app.pictures import Requests
from sgview.app.screen import Screen
from sgview.closing import Closing
from sgview.outputs.output import OUTPUTS
from sgview.outputs.outputs import Outputs
from sgview.outputs.picture import OutputPicture
from sgview.outputs.recording.sound_track import SoundTap
from sgview.settings import Settings
from sgview.state import commands as c
from sgview.state.boundary import Boundary
from sgview.state.notices import Notices
from sgview.state.output_frame import CLEAN_WINDOW, OutputFrame
from sgview.state.params import Params, Stage
from sgview.state.status import CleanWindowStatus

if TYPE_CHECKING:
    from sgview.engine.picture.picture import Picture


class Outgoing(Closing):
    """Owns the outputs and the clean window, and remembers how they are set.

    Args:
        settings: of all outputs; what they do not say is as it was last.
        folder: where that is kept.
        screen: whose textures are drawn.
        notices: told what goes wrong.
        now: the source of real time [s].
        boundary: through which the outputs are called.
        listen: opens a tap of the sound that is listened to, None while nothing is.
    """

    def __init__(
        self,
        settings: Settings,
        folder: Path,
        screen: Screen,
        notices: Notices,
        now: Callable[[], float],
        boundary: Boundary,
        listen: Callable[[], SoundTap | None],
    ) -> None:
        self._folder, self._kept = folder, read_outputs(folder)
        settings = with_kept(settings, self._kept)
        self._screen, self._boundary = screen, boundary
        self._now, self._requests = now, Requests()
        self._given: weakref.WeakSet[Picture] = weakref.WeakSet()  # some may wait in outputs
        self._owned = ExitStack()
        clean, vsync = settings.clean_window, settings.window.vsync
        self.clean = self._owned.enter_context(
            CleanOutput(screen.window, clean, vsync, screen.pictures.texture_of, now)
        )
        kinds = (self.clean.kind, *OUTPUTS)
        self.outputs = self._owned.enter_context(
            Outputs(settings, notices, now, self._view, kinds, listen)
        )

    @property
    def is_needed(self) -> bool:
        """Whether an output wants pictures, also while nobody sees the window."""
        return self.outputs.are_on

    def execute(self, command: c.OutputCommand | c.CleanWindowCommand) -> None:
        """Do what `command` asks, and remember it."""
        if isinstance(command, c.CleanWindowCommand):
            self.clean.execute(command)
        else:
            self.outputs.execute(command)
        kept = KeptOutputs(self.outputs.own_frames, self.clean.screen, self.outputs.recording)
        if kept != self._kept:
            self._kept = kept
            write_outputs(self._folder, kept)

    def offer(self, picture: Picture | None, stage: Stage) -> None:
        """Hand the newest picture to the outputs; None while nothing plays."""
        self._boundary.call("outputs", self.outputs.offer, picture, stage, otherwise=None)

    def note_request(self, params: Params, t: float) -> None:
        """Note that the picture of an instant is asked for now, if an output wants it."""
        if self.is_needed:
            self._requests.note(params, t, self._now())

    def draw(self) -> None:
        """Draw the clean window if it is on; one that the user closed goes off."""
        if self.clean.is_left:
            self.outputs.execute(c.ToggleOutput(CLEAN_WINDOW))
        self._boundary.call("clean window", self.clean.draw, otherwise=None)

    def clean_window_status(self) -> CleanWindowStatus:
        """Return what the clean window may show, and where."""
        return self.clean.describe()

    def pictures(self) -> list[weakref.ReferenceType[Picture]]:
        """Return the pictures that outputs were given and may still hold."""
        return [weakref.ref(picture) for picture in self._given]

    def close(self) -> None:
        """Close the outputs that are on; idempotent."""
        self._owned.close()

    def _view(
        self, picture: Picture, frame: OutputFrame, size: tuple[int, int] | None, level: float
    ) -> OutputPicture:
        """Return what outputs are offered of a picture."""
        self._given.add(picture)
        draw = self._screen.pictures.framed_texture
        return self._requests.output_picture(picture, frame, size, level, draw)

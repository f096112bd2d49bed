"""What makes a set of parameters a performance: looks, fades, script, sound, tempo and takes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import numpy as np
from msgspec.structs import replace

from sgview.looks import Looks
from sgview.session import Surroundings
from sgview.settings import Settings
from sgview.signals.hearing import Hearing, Levels
from sgview.signals.inputs import Instant
from sgview.signals.resolver import Resolved, Resolver
from sgview.signals.script import Script
from sgview.signals.tempo import Tempo
from sgview.state import commands as c
from sgview.state.networks import NetworkStatus
from sgview.state.notices import Notices
from sgview.state.params import Params
from sgview.state.status import FadeStatus, LookStatus, ScriptStatus, Status, TakeStatus
from sgview.takes.recorder import TakeRecorder, dated_name
from sgview.takes.take import FadeStart, PlayedNetwork

log = logging.getLogger(__name__)


class Performance:
    """Owns what plays along, and leads from what is set to what plays.

    Args:
        settings: how to start.
        notices: told what the user should know.
        now: the source of real time [s].
        shipped: looks that came with the program, by name.
    """

    def __init__(
        self,
        settings: Settings,
        notices: Notices,
        now: Callable[[], float],
        shipped: dict[str, Path] | None = None,
    ) -> None:
        self._settings = settings
        self._notices = notices
        self._now = now
        self._owned = ExitStack()
        self.looks = Looks(Path(settings.folders.presets), notices, now, shipped)
        self._owned.callback(self.looks.close)
        self.tempo = Tempo(settings.tempo.bpm, is_following=settings.tempo.follows_sound)
        self.hearing = Hearing(settings.sound, now)
        self._owned.callback(self.hearing.close)
        self._resolver = Resolver()
        self._script: Script | None = None
        self._script_error = ""  # that was told of last
        self._recorder: TakeRecorder | None = None
        self._fade = FadeStatus(settings.looks.fade, settings.looks.easing)

    def hear(
        self,
        position: float,  # in a file that is heard [s]
        elapsed: float,  # real time [s]
    ) -> Levels:
        """Return the levels of the sound of now, and let the beat go on."""
        levels = self.hearing.hear(position)
        self.tempo.advance(elapsed, self.hearing.tempo(position))
        return levels

    def play(
        self, params: Params, instant: Instant, networks: dict[c.Slot, NetworkStatus]
    ) -> Resolved:
        """Return what plays at `instant`, and note it if a take is being recorded."""
        act = self._script.run if self._script is not None else None
        resolved = self._resolver.resolve(params, instant, act)
        if self._recorder is not None:
            self._recorder.record(params, instant, resolved.changes, played(networks))
            if self._recorder.problem:
                self._fail(self._recorder.problem, "The take ends there.")
                self._end_take()
        return resolved

    def poll(self) -> None:
        """Tell of what was done in the background; cheap, each frame."""
        self.looks.poll()
        error = self._script.status.error if self._script is not None else ""
        if self._script is not None and error and error != self._script_error:
            status = self._script.status
            place = f"{self._script.path.name}, line {status.line}" if status.line else status.file
            hint = "The last good version plays on; mend and save the file."
            self._notices.add("warning", f"{place}: {error}", hint, now=self._now())
        self._script_error = error

    def recall(self, command: c.RecallLook) -> tuple[Params, str] | None:
        """Begin to fade to a look; return its parameters and name, None if there is none."""
        look = self.looks.find(command.name, command.key)
        if look is None or look.params is None:
            return None
        seconds = self._fade.seconds if command.seconds is None else max(command.seconds, 0.0)
        self._begin_fade(seconds)
        self._fade = replace(self._fade, look=look.name)
        return look.params, look.name

    def leave_look(self) -> None:
        """What plays is no look any more: the state came from elsewhere."""
        if self._resolver.crossfade.is_running:
            self._begin_fade(0.0)
        self._fade = replace(self._fade, look="")

    def save_look(self, params: Params, pixels: np.ndarray | None, name: str) -> None:
        """Store what is set as a look."""
        self._fade = replace(self._fade, look=self.looks.save(params, pixels, name))

    def rename_look(self, name: str, new_name: str) -> None:
        """Give a look another name."""
        self.looks.rename(name, new_name)
        if self._fade.look == name:
            self._fade = replace(self._fade, look=new_name)

    def set_fade(self, command: c.SetFade) -> None:
        """Choose how looks are recalled from now on."""
        seconds = min(max(command.seconds, 0.0), 3600.0)
        self._fade = replace(self._fade, seconds=seconds, easing=command.easing)

    def open_script(self, path: Path | None) -> None:
        """Let a script play along; None: none."""
        if self._script is not None:
            self._script.close()
        self._script = Script(path) if path is not None else None

    def toggle_take(self, params: Params, networks: dict[c.Slot, NetworkStatus]) -> None:
        """Begin a take with the next frame, or end the one that is being recorded."""
        if self._recorder is not None:
            path, frames = self._recorder.path, self._recorder.status.frames
            self._end_take()
            self._notices.add("info", f"Recorded {path}: {frames} frames", now=self._now())
            return
        path = Path(self._settings.folders.takes) / dated_name(datetime.now())
        self._resolver.restart()
        try:
            self._recorder = TakeRecorder(path, params, self._resolver, played(networks))
        except OSError as error:
            text = f"{path} cannot be written: {error.strerror or error}"
            self._fail(text, "Choose another folder for takes in the settings.")

    def resume(self, surroundings: Surroundings) -> None:
        """Go on with what was around the parameters when they were saved."""
        self.tempo.set(surroundings.bpm, is_following=surroundings.follows_sound)
        self.hearing.set(surroundings.sound)
        self._fade = replace(
            self._fade, seconds=surroundings.fade_seconds, easing=surroundings.fade_easing
        )
        if surroundings.script:
            text = f"{surroundings.script} played along when the session ended."
            self._notices.add("info", text, "Open it again if it shall.", now=self._now())

    def surroundings(self) -> Surroundings:
        """Return what `resume` takes."""
        return Surroundings(
            fade_seconds=self._fade.seconds,
            fade_easing=self._fade.easing,
            sound=self.hearing.sound,
            bpm=self.tempo.bpm,
            follows_sound=self.tempo.is_following,
            script=str(self._script.path.absolute()) if self._script is not None else "",
        )

    def fill(self, status: Status, textures: dict[str, int]) -> Status:
        """Add what there is to show; `textures` are the looks' thumbnails by path."""
        built_in = all(not network.path for network in status.networks.values())
        script = self._script.status if self._script is not None else ScriptStatus()
        return replace(
            status,
            looks=tuple(
                LookStatus(
                    look.name,
                    look.key,
                    textures.get(str(look.path), 0),
                    look.problem,
                    look.is_shipped,
                )
                for look in self.looks.shown
                # Those that came with the program are made for its own networks.
                if built_in or not look.is_shipped
            ),
            fade=replace(self._fade, progress=self._resolver.crossfade.progress),
            take=self._recorder.status if self._recorder is not None else TakeStatus(),
            script=script,
            tempo=self.tempo.status,
            sound=self.hearing.status(lists_inputs=self.hearing.sound.source == "input"),
        )

    def close(self) -> None:
        """End everything that runs; a take is closed."""
        self._end_take()
        self.open_script(None)
        self._owned.close()

    def _begin_fade(self, seconds: float) -> None:
        """Fade from the next frame on; 0 seconds: cut, and end a fade that is running."""
        fade = FadeStart(seconds=seconds, easing=self._fade.easing)
        self._resolver.fade(fade.seconds, fade.easing)
        if self._recorder is not None:
            self._recorder.note_fade(fade)

    def _end_take(self) -> None:
        if self._recorder is not None:
            self._recorder.close()
            self._recorder = None

    def _fail(self, text: str, hint: str) -> None:
        log.error("%s", text)
        self._notices.add("error", text, hint, now=self._now())


def played(networks: dict[c.Slot, NetworkStatus]) -> dict[c.Slot, PlayedNetwork]:
    """Return what a take notes of the networks that play."""
    return {
        slot: PlayedNetwork(path=network.path, name=network.name)
        for slot, network in networks.items()
    }

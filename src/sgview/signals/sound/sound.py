"""The source of sound: a live input, or a file that follows the time of the picture."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from sgview.signals.sound.devices import Names, SoundDevices
from sgview.signals.sound.file import SoundFile, analyse, read_parts
from sgview.signals.sound.input import SoundInput
from sgview.signals.sound.spectrum import BANDS, NAMES, SoundLevels
from sgview.signals.sound.tap import SoundTap, SoundTaps
from sgview.signals.sound.tempo_estimation import DetectedTempo
from sgview.state.sound import Sound
from sgview.state.status import SoundStatus
from sgview.state.validation import ConfigError

RETRY_EVERY = 3.0  # after an input went away [s]
LIST_EVERY = 3.0  # inputs are listed anew, while the panel asks [s]

Levels = tuple[dict[str, float], tuple[float, ...]]
SILENCE: Levels = ({}, ())  # nothing is listened to
QUIET: Levels = (dict.fromkeys(NAMES, 0.0), (0.0,) * BANDS)  # of an input that is gone


class SoundSource:
    """Owns the input or file that sound comes from; never holds up a frame.

    Args:
        sound: what to listen to.
        now: the source of real time [s].
    """

    def __init__(self, sound: Sound, now: Callable[[], float] = time.perf_counter) -> None:
        self._now = now
        self._thread = ThreadPoolExecutor(1, "sgview sound")
        self.taps = SoundTaps()
        self._sound_devices = SoundDevices(now, self.taps)
        self._opening: Future[SoundInput] | None = None  # open, once it is done
        self._input: SoundInput | None = None
        self._file: SoundFile | None = None
        self._task: Future[SoundFile] | None = None
        self._reading = Sound()  # what the task reads
        self._wanted: Sound | None = None  # to be analysed as soon as the task is done
        self._retry = float("inf")
        self._names: Future[Names] | None = None
        self._devices: tuple[str, ...] = ()
        self._listed = float("-inf")
        self._reason = ""
        self._problems: list[str] = []
        self._said = ""  # the newest problem of an input
        self._last_heard: SoundLevels | None = None
        self._last_hop: Levels = SILENCE
        self.sound = Sound()
        self.set(sound)

    def set(self, sound: Sound) -> None:
        """Change the input or file, or how its levels move."""
        if sound == self.sound:
            return
        self.sound, self._reason, self._said = sound, "", ""
        self._close_input()
        self._last_hop, self._retry = SILENCE, float("inf")
        if sound.source != "file":
            self._file, self._wanted = None, None
        if sound.source == "input":
            self._open_input()
        elif sound.source == "file" and sound.file:
            self._wanted = sound
            self._begin()

    def levels(
        self,
        position: float,  # in the file, if the source is one [s]
    ) -> Levels:
        """Return the newest levels and bands; the same objects until there are new ones."""
        self._poll()
        if self._file is not None:
            self.taps.play(self._now(), position, self.sound.file)
            levels = self._file.at(position)
            if levels != self._last_hop:
                self._last_hop = levels
        elif self._input is not None:
            heard = self._input.latest()
            if heard is not None and heard is not self._last_heard:
                self._last_heard, self._said = heard, ""
                levels, bands = heard.levels[-1].tolist(), heard.bands[-1].tolist()
                self._last_hop = (dict(zip(NAMES, levels, strict=True)), tuple(bands))
        elif self._last_hop is not QUIET:
            self._last_hop = SILENCE
        return self._last_hop

    def listen(self) -> SoundTap | None:
        """Return a tap of what is heard from now on, None while nothing is listened to."""
        return self.taps.open() if self.sound.source != "off" else None

    def tempo(self, position: float) -> DetectedTempo | None:
        """Return the beat of what is heard, its phase that of now."""
        if self._file is not None:
            return self._file.tempo_at(position)
        return self._input.tempo() if self._input is not None else None

    def status(self, *, lists_inputs: bool = False) -> SoundStatus:
        """Return what the panel shows; `lists_inputs` looks for devices, in the background."""
        if self._names is not None and self._names.done():
            self._devices, reason = self._names.result()
            if self.sound.source == "input" and self._input is None and reason:
                self._reason = reason
            self._names = None
        is_due = self._now() - self._listed > LIST_EVERY
        if lists_inputs and self._names is None and is_due:
            self._listed = self._now()
            self._names = self._sound_devices.names()
        levels, bands = self._last_hop
        return SoundStatus(
            sound=self.sound,
            devices=self._devices,
            reason=self._reason,
            bands=bands,
            levels=levels,
            is_loading=self._task is not None,
        )

    def take_problems(self) -> list[str]:
        """Return what went wrong with inputs and files since the last call."""
        taken, self._problems = self._problems, []
        return taken

    def wait(self) -> None:
        """Wait until a file is analysed, or an input is open, that was asked for.

        Raises:
            ConfigError: if it cannot be heard.
        """
        while self._task is not None:
            self._task.exception()
            self._poll()
        if self._opening is not None:
            self._opening.exception()
            self._poll()
        if self._reason:
            raise ConfigError(self._reason)

    def close(self) -> None:
        """Stop listening; closing again does nothing."""
        self._close_input()
        self._wanted = None
        self._thread.shutdown()
        self._sound_devices.close()

    def _poll(self) -> None:
        if self._task is not None and self._task.done():
            task, self._task = self._task, None
            try:
                analysed = task.result()
            except ConfigError as error:
                self._file, self._reason = None, str(error)
                self._problems.append(self._reason)
            else:
                if self.sound.source == "file" and self.sound.file == self._reading.file:
                    self._file = analysed
            self._begin()
        if self._opening is not None and self._input is None and self._opening.done():
            try:
                self._input, self._reason = self._opening.result(), ""
            except OSError as error:
                self._fail(str(error))
        if self._input is not None and not self._input.is_alive:
            name = self.sound.device or "The sound input"
            self._fail(f"{name} is gone: sgview listens again when it is back.")
            self._last_hop = QUIET
        elif self.sound.source == "input" and self._now() >= self._retry:
            self._open_input()

    def _begin(self) -> None:
        """Begin to read and analyse the wanted file, if no other is being read."""
        if self._wanted is None or self._task is not None:
            return
        self._reading, self._wanted = self._wanted, None
        self._task = self._thread.submit(_analyse_file, self._reading)

    def _open_input(self) -> None:
        self._retry = float("inf")
        self._opening = self._sound_devices.open(self.sound)

    def _close_input(self) -> None:
        self._last_heard = self._input = None
        if self._opening is not None:
            self._sound_devices.close_input(self._opening)
            self._opening = None

    def _fail(self, reason: str) -> None:
        """Say once that the input is not heard, and try again later."""
        self._close_input()
        if reason != self._said:
            self._problems.append(reason)
        self._reason = self._said = reason
        self._retry = self._now() + RETRY_EVERY


def _analyse_file(sound: Sound) -> SoundFile:
    return analyse(read_parts(Path(sound.file).expanduser()), sound)

"""The source of sound: a live input, or a file that follows the time of the picture."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np

from sgview.signals.sound.file import SoundFile, analyse, read_samples
from sgview.signals.sound.input import SoundInput, input_names
from sgview.signals.sound.spectrum import NAMES, SoundLevels
from sgview.signals.sound.tempo import DetectedTempo
from sgview.state.sound import Sound
from sgview.state.status import SoundStatus
from sgview.state.validation import ConfigError

RETRY_EVERY = 3.0  # after an input went away [s]
LIST_EVERY = 3.0  # inputs are listed anew, while the panel asks [s]

Levels = tuple[dict[str, float], tuple[float, ...]]
SILENCE: Levels = ({}, ())


class SoundSource:
    """Owns the input or file that sound comes from; never holds up a frame.

    Args:
        sound: what to listen to.
        now: the source of real time [s].
    """

    def __init__(self, sound: Sound, now: Callable[[], float] = time.perf_counter) -> None:
        self._now = now
        self._thread = ThreadPoolExecutor(1, "sgview sound")
        self._input: SoundInput | None = None
        self._file: SoundFile | None = None
        self._samples: tuple[str, np.ndarray] | None = None  # of the file read last
        self._task: Future[tuple[str, np.ndarray, SoundFile]] | None = None
        self._wanted: Sound | None = None  # to be analysed as soon as the task is done
        self._retry = float("inf")
        self._names: Future[tuple[tuple[str, ...], str]] | None = None
        self._devices: tuple[str, ...] = ()
        self._listed = float("-inf")
        self._reason = ""
        self._last_heard: SoundLevels | None = None
        self._last_hop: Levels = SILENCE
        self.sound = Sound()
        self.set(sound)

    def set(self, sound: Sound) -> None:
        """Change the input or file, or how its levels move."""
        if sound == self.sound:
            return
        self.sound, self._reason = sound, ""
        self._close_input()
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
            levels = self._file.at(position)
            if levels != self._last_hop:
                self._last_hop = levels
        elif self._input is not None:
            heard = self._input.latest()
            if heard is not None and heard is not self._last_heard:
                self._last_heard = heard
                self._last_hop = (dict(zip(NAMES, heard.levels, strict=True)), heard.bands)
        else:
            self._last_hop = SILENCE
        return self._last_hop

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
            self._names = self._thread.submit(input_names)
        levels, bands = self._last_hop
        return SoundStatus(
            sound=self.sound,
            devices=self._devices,
            reason=self._reason,
            bands=bands,
            levels=levels,
            is_loading=self._task is not None,
        )

    def wait(self) -> None:
        """Wait until a file that was asked for is heard.

        Raises:
            ConfigError: if it cannot be.
        """
        while self._task is not None:
            self._task.exception()
            self._poll()
        if self._reason:
            raise ConfigError(self._reason)

    def close(self) -> None:
        """Stop listening; closing again does nothing."""
        self._close_input()
        self._wanted = None
        self._thread.shutdown()

    def _poll(self) -> None:
        if self._task is not None and self._task.done():
            task, self._task = self._task, None
            try:
                name, samples, heard = task.result()
            except ConfigError as error:
                self._file, self._reason = None, str(error)
            else:
                self._samples = (name, samples)
                if self.sound.source == "file" and self.sound.file == name:
                    self._file = heard
            self._begin()
        if self._input is not None and not self._input.is_alive:
            self._close_input()
            self._reason = f"{self.sound.device or 'The sound input'} is gone."
            self._retry = self._now() + RETRY_EVERY
        elif self._input is None and self.sound.source == "input" and self._now() >= self._retry:
            self._open_input()

    def _begin(self) -> None:
        """Begin to read and analyse the wanted file, if no other is being read."""
        if self._wanted is None or self._task is not None:
            return
        sound, self._wanted = self._wanted, None
        known = self._samples
        self._task = self._thread.submit(_analyse_file, sound, known)

    def _open_input(self) -> None:
        self._retry = float("inf")
        try:
            self._input = SoundInput(self.sound)
            self._reason = ""
        except OSError as error:
            self._reason = str(error)
            self._retry = self._now() + RETRY_EVERY

    def _close_input(self) -> None:
        self._last_heard = None
        if self._input is not None:
            self._input.close()
            self._input = None


def _analyse_file(
    sound: Sound, known: tuple[str, np.ndarray] | None
) -> tuple[str, np.ndarray, SoundFile]:
    is_known = known is not None and known[0] == sound.file
    samples = known[1] if is_known and known else read_samples(Path(sound.file).expanduser())
    return sound.file, samples, analyse(samples, sound)

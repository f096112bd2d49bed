"""A microphone or line as the source of sound."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np

from sgview.signals.sound.spectrum import Follower, SoundLevels, Spectrum, Windows, hop_of
from sgview.signals.sound.tap import SoundTaps
from sgview.signals.sound.tempo_estimation import DetectedTempo, find_tempo
from sgview.state.sound import Sound

TEMPO_MEMORY = 10.0  # length of sound in which the beat is looked for [s]
TEMPO_EVERY = 0.5  # [s]
STALLED = 2.0  # without a block of sound, the input is gone [s]

_Found = tuple[DetectedTempo, int]  # the beat, and the hop at which it has that phase


class SoundInput:
    """Listens on the audio library's thread; the newest levels can be read at any time.

    Args:
        library: sounddevice.
        device: index or name of the input; None: the system's choice.
        sound: how its levels move.
        now: the source of real time [s].
        taps: of those who keep the samples.

    Raises:
        ValueError, library.PortAudioError: if the input cannot be heard.
    """

    def __init__(
        self,
        library: Any,
        device: int | str | None,
        sound: Sound,
        now: Callable[[], float] = time.perf_counter,
        taps: SoundTaps | None = None,
    ) -> None:
        info = library.query_devices(device, "input")
        rate = float(info["default_samplerate"])
        self._now = now
        self._rate = rate
        self._taps = taps
        self._step = hop_of(rate) / rate  # [s]
        self._windows, self._spectrum = Windows(rate), Spectrum(rate, sound)
        self._follower = Follower(rate, sound)
        self._newest: SoundLevels | None = None
        self._hops = 0  # heard so far
        self._rises: deque[list[float]] = deque(maxlen=round(TEMPO_MEMORY / self._step))
        self._searched = 0  # value of `_hops` when the beat was last looked for
        self._search: Future[_Found | None] | None = None
        self._tempo: _Found | None = None
        self._thread = ThreadPoolExecutor(1, "sgview tempo")
        self._stream = library.InputStream(
            device=device,
            channels=max(1, min(2, int(info["max_input_channels"]))),
            samplerate=rate,
            blocksize=hop_of(rate),
            dtype="float32",
            latency="low",
            callback=self._take,
        )
        self._heard_at = now()  # when the last block came [s]
        self._stream.start()

    @property
    def is_alive(self) -> bool:
        """Whether sound still comes; False after the device was pulled out."""
        return bool(self._stream.active) and self._now() - self._heard_at < STALLED

    def latest(self) -> SoundLevels | None:
        """Return the newest levels, None before the first; the same object until new ones come."""
        return self._newest

    def tempo(self) -> DetectedTempo | None:
        """Return the beat with its phase of now, None if none is heard; found on a thread."""
        if self._search is not None and self._search.done():
            self._tempo, self._search = self._search.result(), None
        if self._search is None and (self._hops - self._searched) * self._step >= TEMPO_EVERY:
            self._searched = hops = self._hops
            before = 0.0 if self._tempo is None else self._tempo[0].bpm
            rises = np.array(self._rises.copy())
            self._search = self._thread.submit(_search, rises, self._step, before, hops)
        if self._tempo is None:
            return None
        found, start = self._tempo
        phase = (found.phase + (self._hops - start) * self._step * found.bpm / 60.0) % 1.0
        return DetectedTempo(found.bpm, phase, found.clarity)

    def close(self) -> None:
        """Stop listening; closing again does nothing."""
        self._stream.close()
        self._thread.shutdown()

    def _take(self, block: np.ndarray, frames: int, time: Any, status: Any) -> None:
        """Analyse what has come: [samples, channels]."""
        self._heard_at = self._now()
        if self._taps is not None:
            age = _age(time, frames / self._rate)
            self._taps.hear(block, self._rate, self._heard_at - age)
        windows = self._windows.cut(block.T)
        if len(windows):
            heard = self._follower.follow(self._spectrum.powers(windows))
            self._rises.extend(heard.rises.tolist())
            self._hops += len(windows)
            self._newest = heard


def _search(rises: np.ndarray, step: float, before: float, end: int) -> _Found | None:
    found = find_tempo(rises, step, before)
    return None if found is None else (found, end - len(rises))


def _age(
    time: Any,  # PortAudio's times of the block
    length: float,  # of the block [s]
) -> float:
    """Return how long ago the first sample of a block reached the machine [s]."""
    try:
        age = float(time.currentTime - time.inputBufferAdcTime)
    except (AttributeError, TypeError):  # a sound system that does not say
        return length
    return age if length <= age < STALLED else length

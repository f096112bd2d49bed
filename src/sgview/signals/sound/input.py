"""A microphone or line as the source of sound, through the optional library sounddevice."""

from __future__ import annotations

import importlib
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np

from sgview.signals.sound.spectrum import HOP, WINDOW, Follower, SoundLevels, Spectrum
from sgview.signals.sound.tempo import DetectedTempo, find_tempo
from sgview.state.sound import Sound

TEMPO_MEMORY = 10.0  # length of sound in which the beat is looked for [s]
TEMPO_EVERY = 1.0  # [s]
MISSING = "Hearing an input takes the library sounddevice: pip install 'sgview[audio]'"

_Found = tuple[DetectedTempo, int]  # the beat, and the hop at which it has that phase


class SoundInput:
    """Listens on the audio library's thread; the newest levels can be read at any time.

    Args:
        sound: which input, and how its levels move.

    Raises:
        OSError: in one sentence, if the input cannot be heard.
    """

    def __init__(self, sound: Sound) -> None:
        library = _library()
        self._pending = np.zeros(0, np.float32)
        self._recent = np.zeros(WINDOW, np.float32)
        self._heard: SoundLevels | None = None
        self._hops = 0  # heard so far
        self._searched = 0  # value of `_hops` when the beat was last looked for
        self._search: Future[_Found | None] | None = None
        self._tempo: _Found | None = None
        self._thread = ThreadPoolExecutor(1, "sgview tempo")
        try:
            device = sound.device or None
            info = library.query_devices(device, "input")
            self._rate = float(info["default_samplerate"])
            self._spectrum = Spectrum(self._rate, sound)
            self._follower = Follower(self._rate, sound)
            self._fluxes: deque[float] = deque(maxlen=int(TEMPO_MEMORY * self._rate / HOP))
            self._stream = library.InputStream(
                device=device,
                channels=max(1, min(2, int(info["max_input_channels"]))),
                samplerate=self._rate,
                blocksize=HOP,
                dtype="float32",
                latency="low",
                callback=self._take,
            )
            self._stream.start()
        except (library.PortAudioError, ValueError, KeyError) as error:
            name = sound.device or "The system's sound input"
            raise OSError(f"{name} cannot be heard: {error}") from error

    @property
    def is_alive(self) -> bool:
        """Whether sound still comes; False after the device was pulled out."""
        return bool(self._stream.active)

    def latest(self) -> SoundLevels | None:
        """Return the newest levels, None before the first; the same object until new ones come."""
        return self._heard

    def tempo(self) -> DetectedTempo | None:
        """Return the beat with its phase of now, None if none is heard; found on a thread."""
        step = HOP / self._rate  # [s]
        if self._search is not None and self._search.done():
            self._tempo, self._search = self._search.result(), None
        if self._search is None and (self._hops - self._searched) * step >= TEMPO_EVERY:
            self._searched = self._hops
            flux = np.array(self._fluxes)
            self._search = self._thread.submit(_search, flux, self._rate, self._hops - len(flux))
        if self._tempo is None:
            return None
        found, start = self._tempo
        phase = (found.phase + (self._hops - start) * step * found.bpm / 60.0) % 1.0
        return DetectedTempo(found.bpm, phase, found.clarity)

    def close(self) -> None:
        """Stop listening; closing again does nothing."""
        self._stream.close()
        self._thread.shutdown()

    def _take(self, block: np.ndarray, frames: int, time: Any, status: Any) -> None:
        """Analyse what has come, hop by hop."""
        samples = np.nan_to_num(block.mean(axis=1, dtype=np.float32), posinf=0.0, neginf=0.0)
        self._pending = np.concatenate([self._pending, samples])
        while len(self._pending) >= HOP:
            hop, self._pending = self._pending[:HOP], self._pending[HOP:]
            self._recent = np.concatenate([self._recent[HOP:], hop])
            heard = self._follower.follow(self._spectrum.powers(self._recent[None])[0])
            self._fluxes.append(heard.flux)
            self._hops += 1
            self._heard = heard


def _search(flux: np.ndarray, rate: float, start: int) -> _Found | None:
    found = find_tempo(flux, rate)
    return None if found is None else (found, start)


def input_names() -> tuple[tuple[str, ...], str]:
    """Return the inputs of this machine, and why there are none."""
    try:
        library = _library()
        devices = library.query_devices()
    except OSError as error:
        return (), str(error)
    except Exception as error:  # PortAudio's own, whose type is only known once it is loaded
        return (), f"The sound system does not answer: {error}"
    names = [device["name"] for device in devices if device["max_input_channels"] > 0]
    return tuple(dict.fromkeys(names)), "" if names else "This machine has no sound input."


def _library() -> Any:
    try:
        return importlib.import_module("sounddevice")
    except ImportError as error:
        raise OSError(MISSING) from error
    except OSError as error:  # the package is there, the system's PortAudio is not
        raise OSError(f"Hearing an input takes the system library PortAudio: {error}") from error

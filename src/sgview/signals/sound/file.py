"""A file as the source of sound: analysed in advance, so that every instant is known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from sgview.signals.sound.spectrum import BANDS, HOP, NAMES, Follower, Spectrum, windows_of
from sgview.signals.sound.tempo import DetectedTempo, find_tempo
from sgview.state.sound import Sound
from sgview.state.validation import ConfigError

RATE = 48_000  # to which every file is resampled [samples/s]
LONGEST = 3 * 3600  # [s]
AT_ONCE = 4096  # windows whose spectra are computed together


@dataclass(frozen=True, eq=False)
class SoundFile:
    """The levels of a whole file, hop by hop; the file repeats."""

    seconds: float
    levels: np.ndarray  # [hops, 5], in the order of `NAMES`
    bands: np.ndarray  # [hops, BANDS]
    tempo: DetectedTempo | None  # its phase is that of the start

    def at(self, t: float) -> tuple[dict[str, float], tuple[float, ...]]:
        """Return levels and bands at `t` [s], what was heard up to then."""
        if not len(self.levels):
            return dict.fromkeys(NAMES, 0.0), (0.0,) * BANDS
        hop = min(int((t % self.seconds) * RATE / HOP), len(self.levels) - 1)
        levels = (float(level) for level in self.levels[hop])
        return dict(zip(NAMES, levels, strict=True)), tuple(map(float, self.bands[hop]))

    def tempo_at(self, t: float) -> DetectedTempo | None:
        """Return the beat with its phase at `t` [s]; None if the file has no steady one."""
        if self.tempo is None:
            return None
        phase = (self.tempo.phase + (t % self.seconds) * self.tempo.bpm / 60.0) % 1.0
        return DetectedTempo(self.tempo.bpm, phase, self.tempo.clarity)


def read_samples(path: Path) -> np.ndarray:  # float32 [n], mono at `RATE`
    """Decode the sound in a file; all of its channels are mixed to one.

    Raises:
        ConfigError: if it cannot be read, holds no sound, or hours of it.
    """
    import av  # heavy, and only wanted here
    from av.error import FFmpegError

    parts: list[np.ndarray] = []
    count = 0
    try:
        with av.open(str(path)) as container:
            if not container.streams.audio:
                raise ConfigError(f"{path} holds no sound")
            resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
            for frame in chain(_frames(container), [None]):
                for piece in resampler.resample(frame):
                    samples = piece.to_ndarray().reshape(-1)
                    parts.append(samples)
                    count += len(samples)
                if count > LONGEST * RATE:
                    raise ConfigError(f"{path} holds more than {LONGEST // 3600} hours of sound")
    except (FFmpegError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"{path} cannot be read as sound: {reason}") from error
    samples = np.concatenate(parts) if parts else np.zeros(0, np.float32)
    return np.nan_to_num(samples.astype(np.float32), posinf=0.0, neginf=0.0)


def analyse(
    samples: np.ndarray,  # float32 [n], mono at `RATE`
    sound: Sound,
) -> SoundFile:
    """Analyse a whole file, as an input is analysed live."""
    spectrum, follower = Spectrum(RATE, sound), Follower(RATE, sound)
    windows = windows_of(samples)
    levels = np.zeros((len(windows), len(NAMES)), np.float32)
    bands = np.zeros((len(windows), BANDS), np.float32)
    flux = np.zeros(len(windows))
    for start in range(0, len(windows), AT_ONCE):
        for hop, powers in enumerate(spectrum.powers(windows[start : start + AT_ONCE]), start):
            heard = follower.follow(powers)
            levels[hop], bands[hop], flux[hop] = heard.levels, heard.bands, heard.flux
    seconds = max(len(samples) / RATE, HOP / RATE)
    return SoundFile(seconds, levels, bands, find_tempo(flux, RATE))


def _frames(container: Any) -> Iterator[Any]:
    """Yield the sound that can be decoded; damage in the middle costs only itself."""
    from av.error import InvalidDataError

    for packet in container.demux(container.streams.audio[0]):
        try:
            yield from packet.decode()
        except InvalidDataError:
            continue

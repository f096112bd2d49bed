"""A file as the source of sound: analysed in advance, so that every instant is known.

The file is read in parts of a quarter of a second, and of each hop 58 bytes are kept: 20 MB of an
hour. While it is read, 8 bytes more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from sgview.signals.sound.file_samples import RATE
from sgview.signals.sound.spectrum import BANDS, NAMES, Follower, Spectrum, Windows, hop_of
from sgview.signals.sound.tempo_estimation import DetectedTempo, find_tempo
from sgview.state.sound import Sound
from sgview.state.validation import ConfigError

LONGEST = 3 * 3600  # [s]
PART = RATE // 4  # that is analysed at a time [samples]
UNIT = 1 / 20_000  # in which levels are kept; 3.2 is the highest
TEMPO_OF, TEMPO_EVERY = 12.0, 6.0  # the beat is looked for in so much, so often [s]

_HOP = hop_of(RATE) / RATE  # [s]


@dataclass(frozen=True, eq=False)
class SoundFile:
    """The levels of a whole file, hop by hop; the file repeats."""

    seconds: float
    levels: np.ndarray  # uint16 [hops, 5 + BANDS], in `UNIT`: those of `NAMES`, and the bands
    tempi: tuple[DetectedTempo | None, ...]  # in each `TEMPO_EVERY`, the phase that of the start

    def at(self, t: float) -> tuple[dict[str, float], tuple[float, ...]]:
        """Return levels and bands at `t` [s], what was heard up to then."""
        if not len(self.levels):
            return dict.fromkeys(NAMES, 0.0), (0.0,) * BANDS
        hop = min(int((t % self.seconds) / _HOP), len(self.levels) - 1)
        levels = [round(level * UNIT, 5) for level in self.levels[hop].tolist()]
        return dict(zip(NAMES, levels, strict=False)), tuple(levels[len(NAMES) :])

    def tempo_at(self, t: float) -> DetectedTempo | None:
        """Return the beat with its phase at `t` [s]; None where there is no steady one."""
        t %= self.seconds
        tempo = self.tempi[min(int(t / TEMPO_EVERY), len(self.tempi) - 1)]
        if tempo is None:
            return None
        return DetectedTempo(tempo.bpm, (tempo.phase + t * tempo.bpm / 60.0) % 1.0, tempo.clarity)


def read_parts(path: Path) -> Iterator[np.ndarray]:  # float32 [channels, samples] at `RATE`
    """Decode the sound in a file, a part at a time; more than two channels are mixed to two.

    Raises:
        ConfigError: if it cannot be read, holds no sound, or hours of it.
    """
    import av  # heavy, and only wanted here
    from av.error import FFmpegError

    count = 0
    try:
        with av.open(str(path)) as container:
            if not container.streams.audio:
                raise ConfigError(f"{path} holds no sound")
            stream = container.streams.audio[0]
            if stream.codec_context is None:
                raise ConfigError(f"{path} holds sound of a kind that is not known")
            channels = min(2, max(1, stream.channels))
            layout = "mono" if channels == 1 else "stereo"
            resampler = av.AudioResampler(format="fltp", layout=layout, rate=RATE)
            for frame in chain(_frames(container), [None]):
                for piece in resampler.resample(frame):
                    samples = piece.to_ndarray()
                    count += samples.shape[1]
                    yield samples
                if count > LONGEST * RATE:
                    raise ConfigError(f"{path} holds more than {LONGEST // 3600} hours of sound")
    except (FFmpegError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"{path} cannot be read as sound: {reason}") from error


def analyse(
    parts: Iterable[np.ndarray],  # float32 [channels, samples] at `RATE`
    sound: Sound,
) -> SoundFile:
    """Analyse a whole file, as an input is analysed live."""
    windows, spectrum, follower = Windows(RATE), Spectrum(RATE, sound), Follower(RATE, sound)
    levels, rises = bytearray(), bytearray()
    count = 0
    for part in _regular(parts):
        count += part.shape[1]
        followed = follower.follow(spectrum.powers(windows.cut(part)))
        both = np.concatenate([followed.levels, followed.bands], axis=1)
        levels += np.clip(np.rint(both / UNIT), 0, 65_535).astype(np.uint16).tobytes()
        rises += followed.rises.astype(np.float32).tobytes()
    return SoundFile(
        seconds=max(count / RATE, _HOP),
        levels=np.frombuffer(levels, np.uint16).reshape(-1, len(NAMES) + BANDS),
        tempi=_tempi(np.frombuffer(rises, np.float32).reshape(-1, 2)),
    )


def _regular(parts: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """Yield parts of one length, whatever a decoder gives at a time."""
    waiting: list[np.ndarray] = []
    for part in parts:
        waiting.append(part)
        if sum(one.shape[1] for one in waiting) >= PART:
            joined, waiting = np.concatenate(waiting, axis=1), []
            for start in range(0, joined.shape[1], PART):
                yield joined[:, start : start + PART]
    if waiting:
        yield np.concatenate(waiting, axis=1)


def _tempi(
    rises: np.ndarray,  # [hops, 2]
) -> tuple[DetectedTempo | None, ...]:
    """Return the beat in each `TEMPO_EVERY`, found in what lies around it."""
    found: list[DetectedTempo | None] = []
    length, before = round(TEMPO_OF / _HOP), 0.0
    for place in range(max(1, int(len(rises) * _HOP / TEMPO_EVERY))):
        middle = round((place + 0.5) * TEMPO_EVERY / _HOP)
        start = max(0, min(middle - length // 2, len(rises) - length))
        tempo = find_tempo(rises[start : start + length], _HOP, before, is_changing=False)
        if tempo is not None:
            before = tempo.bpm
            phase = (tempo.phase - start * _HOP * tempo.bpm / 60.0) % 1.0
            tempo = DetectedTempo(tempo.bpm, phase, tempo.clarity)
        found.append(tempo)
    return tuple(found)


def _frames(container: Any) -> Iterator[Any]:
    """Yield the sound that can be decoded; damage in the middle costs only itself."""
    from av.error import InvalidDataError

    for packet in container.demux(container.streams.audio[0]):
        try:
            yield from packet.decode()
        except InvalidDataError:
            continue

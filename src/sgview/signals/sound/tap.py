"""The sound that is listened to, for those who keep it: samples with the real time they were heard.

While nobody has opened a tap, nothing is kept.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sgview.signals.sound.file_samples import RATE, FileSamples

MOST_WAITING = 4096  # blocks that nobody takes: about 40 s of an input, and of a file a minute
LONGEST_FRAME = 0.5  # between two frames of a file that goes on; after more it starts anew [s]
UNEVEN = 0.05  # by so much the position may move otherwise than real time [s]


@dataclass(frozen=True, eq=False)
class SoundBlock:
    """Samples that were heard together."""

    start: float  # of real time, when the first was heard [s]
    samples: np.ndarray  # float32 [2, n] at `RATE`


@dataclass(frozen=True, eq=False)
class _Heard:
    start: float
    samples: np.ndarray  # float32 [n, channels] at `rate`
    rate: float


@dataclass(frozen=True, eq=False)
class _Played:
    now: float  # real time [s]
    position: float  # in the file, then [s]
    file: Path


class SoundTap:
    """One reader; `take` from any one thread."""

    rate = RATE

    def __init__(self, close: Callable[[SoundTap], None]) -> None:
        self._close = close
        self._items: deque[_Heard | _Played] = deque(maxlen=MOST_WAITING)
        self._stereo = _Stereo()
        self._last: _Played | None = None
        self._samples: FileSamples | None = None
        self._owed = 0.0  # of a sample, from one block of a file to the next

    def put(self, item: _Heard | _Played) -> None:
        """Keep what was heard; called where it is heard, and never waits."""
        self._items.append(item)

    def take(self) -> list[SoundBlock]:
        """Return what was heard since the last call; reads the file here, if it is one."""
        blocks: list[SoundBlock] = []
        while self._items:
            item = self._items.popleft()
            block = self._stereo(item) if isinstance(item, _Heard) else self._played(item)
            if block is not None:
                blocks.append(block)
        return blocks

    def close(self) -> None:
        """Hear no more; idempotent."""
        self._close(self)
        self._items.clear()
        if self._samples is not None:
            self._samples.close()
            self._samples = None

    def _played(self, mark: _Played) -> SoundBlock | None:
        """Return the sound between the last frame and this one, None where it stood or jumped."""
        last, self._last = self._last, mark
        if last is None or last.file != mark.file:
            return None
        seconds = mark.now - last.now
        moved = mark.position - last.position
        if not 0.0 < seconds < LONGEST_FRAME or moved <= 0.0 or abs(moved - seconds) > UNEVEN:
            return None
        if self._samples is None or self._samples.path != mark.file:
            if self._samples is not None:
                self._samples.close()
            self._samples = FileSamples(mark.file)
        wanted = seconds * RATE + self._owed
        count = round(wanted)
        self._owed = wanted - count
        return SoundBlock(last.now, self._samples.read(last.position, count))


class SoundTaps:
    """Those who keep what is heard."""

    def __init__(self) -> None:
        self._taps: tuple[SoundTap, ...] = ()

    def open(self) -> SoundTap:
        """Return a tap that has all that is heard from now on."""
        tap = SoundTap(self._remove)
        self._taps = (*self._taps, tap)
        return tap

    def hear(
        self,
        samples: np.ndarray,  # float32 [n, channels]
        rate: float,  # [samples/s]
        start: float,  # of real time [s]
    ) -> None:
        """An input was heard; called on the sound library's thread."""
        if self._taps:
            heard = _Heard(start, samples.copy(), rate)
            for tap in self._taps:
                tap.put(heard)

    def play(self, now: float, position: float, file: str) -> None:
        """A file is at `position` [s] at the real time `now` [s]."""
        if self._taps:
            mark = _Played(now, position, Path(file).expanduser())
            for tap in self._taps:
                tap.put(mark)

    def _remove(self, tap: SoundTap) -> None:
        with contextlib.suppress(ValueError):
            taps = list(self._taps)
            taps.remove(tap)
            self._taps = tuple(taps)


class _Stereo:
    """Makes two channels at `RATE` of what an input gives."""

    def __init__(self) -> None:
        self._rate = 0.0
        self._resampler: Any = None

    def __call__(self, heard: _Heard) -> SoundBlock | None:
        samples = heard.samples.T
        samples = np.repeat(samples[:1], 2, axis=0) if len(samples) == 1 else samples[:2]
        samples = np.ascontiguousarray(samples, np.float32)
        if heard.rate == RATE:
            return SoundBlock(heard.start, samples)
        import av  # heavy, and only wanted here

        if heard.rate != self._rate:
            self._rate = heard.rate
            self._resampler = av.AudioResampler(format="fltp", layout="stereo", rate=RATE)
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="stereo")
        frame.sample_rate = round(heard.rate)
        pieces = [piece.to_ndarray() for piece in self._resampler.resample(frame)]
        return SoundBlock(heard.start, np.concatenate(pieces, axis=1)) if pieces else None

"""The sound of a recording: what was heard at uneven times, as samples without a gap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

RATE = 48_000  # [samples/s]
LATE = 0.3  # sound comes at most so late; what has not come by then is silence [s]
JITTER = 0.008  # by so much blocks come unevenly: nothing is done about it [s]
JUMP = 0.1  # sound that lies further from its place is put there at once [s]
STRETCH = 200  # else a block is made longer or shorter by at most a 200th


class Block(Protocol):
    """Samples that were heard together."""

    @property
    def start(self) -> float:
        """Real time at which the first was heard [s]."""
        ...

    @property
    def samples(self) -> np.ndarray:
        """float32 [2, n] at `RATE`, about -1..1."""
        ...


class SoundTap(Protocol):
    """Has the sound that is listened to, from when it was opened; for any one thread."""

    def take(self) -> Sequence[Block]:
        """Return what was heard since the last call."""
        ...

    def close(self) -> None:
        """Hear no more; idempotent."""
        ...


class SoundTrack:
    """Places blocks where they belong, by the time that they were heard.

    The clocks of sound devices run a little fast or slow. After an hour that is a fifth of a
    second, so blocks are stretched a little towards their place.

    Args:
        origin: real time of the first sample [s].
    """

    def __init__(self, origin: float) -> None:
        self._origin = origin
        self.count = 0  # samples so far

    def add(self, blocks: Sequence[Block]) -> list[np.ndarray]:
        """Return the samples that follow, float32 [2, n] each."""
        pieces: list[np.ndarray] = []
        for block in blocks:
            samples = block.samples
            place = round((block.start - self._origin) * RATE)
            gap = place - self.count
            if abs(gap) > JUMP * RATE or self.count == 0:
                if gap > 0:
                    pieces.append(self._silence(gap))
                else:
                    samples = samples[:, -gap:]
            elif abs(gap) > JITTER * RATE:
                most = samples.shape[1] // STRETCH
                samples = _stretched(samples, min(max(gap, -most), most))
            self.count += samples.shape[1]
            pieces.append(samples)
        return [piece for piece in pieces if piece.shape[1]]

    def fill(self, until: float) -> list[np.ndarray]:
        """Return silence up to `until` [s of real time], for sound that did not come."""
        missing = round((until - self._origin) * RATE) - self.count
        return [self._silence(missing)] if missing > 0 else []

    def _silence(self, count: int) -> np.ndarray:
        self.count += count
        return np.zeros((2, count), np.float32)


def _stretched(samples: np.ndarray, by: int) -> np.ndarray:
    """Return samples made longer by so many, or shorter."""
    length = samples.shape[1]
    if not by or length < 2:
        return samples
    places = np.linspace(0.0, length - 1, length + by)
    known = np.arange(length)
    return np.stack([np.interp(places, known, channel) for channel in samples]).astype(np.float32)

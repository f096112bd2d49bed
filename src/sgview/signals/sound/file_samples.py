"""The samples of a file at any position, read as they are needed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

RATE = 48_000  # to which every file is resampled [samples/s]
NEAR = 0.03  # a position that lies no further from where reading stands is taken for it [s]


class FileSamples:
    """Reads a file from any position on, over its end into its beginning.

    A file that cannot be read (any more) is silent: the levels of the same file say why.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._place = -1.0  # of the next sample that is read on [s]
        self._left = np.zeros((2, 0), np.float32)
        self._parts: Iterator[np.ndarray] = iter(())

    def read(
        self,
        position: float,  # [s]
        count: int,  # samples
    ) -> np.ndarray:  # float32 [2, count] at `RATE`
        """Return the samples from `position` on; read on where that is about where it stands."""
        if abs(position - self._place) > NEAR:
            self._seek(position)
        pieces, missing = [self._left], count - self._left.shape[1]
        restarted = False
        while missing > 0:
            piece = next(self._parts, None)
            if piece is None and restarted:
                piece = np.zeros((2, missing), np.float32)  # it holds nothing
            elif piece is None:
                self._parts, restarted = _decoded(self.path, 0.0), True
                continue
            else:
                restarted = False
            pieces.append(piece)
            missing -= piece.shape[1]
        joined = np.concatenate(pieces, axis=1)
        self._left = joined[:, count:]
        self._place += count / RATE
        return joined[:, :count]

    def close(self) -> None:
        """Close the file; idempotent."""
        self._parts, self._place = iter(()), -1.0

    def _seek(self, position: float) -> None:
        self._place = position
        self._left = np.zeros((2, 0), np.float32)
        self._parts = _decoded(self.path, position)


def _decoded(path: Path, position: float) -> Iterator[np.ndarray]:
    """Yield the sound of a file from `position` [s] on; past its end that wraps around."""
    import av
    from av.error import FFmpegError

    try:
        with av.open(str(path)) as container:
            stream = container.streams.audio[0]
            length = _seconds(container, stream)
            position = position % length if length else max(position, 0.0)
            if position > 0.0:
                container.seek(int(max(position - 0.1, 0.0) * 1e6))
            # One channel is doubled below: FFmpeg would make it quieter by 3 dB.
            layout = "mono" if stream.channels == 1 else "stereo"
            resampler = av.AudioResampler(format="fltp", layout=layout, rate=RATE)
            skip: int | None = None
            for frame in chain(container.decode(stream), [None]):
                if frame is not None and skip is None:
                    skip = round((position - (frame.time or 0.0)) * RATE)
                for piece in resampler.resample(frame):
                    samples = piece.to_ndarray()
                    samples = np.repeat(samples, 2, axis=0) if len(samples) == 1 else samples
                    dropped = min(max(skip or 0, 0), samples.shape[1])
                    skip = (skip or 0) - dropped
                    if dropped < samples.shape[1]:
                        yield samples[:, dropped:]
    except (FFmpegError, OSError, ValueError, IndexError, AttributeError):  # no known codec
        return


def _seconds(container: Any, stream: Any) -> float:
    """Return how long the sound is, 0 where the file does not say [s]."""
    if stream.duration:
        return float(stream.duration * stream.time_base)
    return (container.duration or 0) / 1e6

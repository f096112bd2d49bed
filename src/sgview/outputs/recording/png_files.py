"""A recording as a folder of numbered PNG files: one for each place, none is missing."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np

from sgview.closing import Closing
from sgview.outputs.video import OutputError
from sgview.state.whole_file import write_whole

MOST_AT_ONCE = 8  # pictures that are compressed side by side


class PngFiles(Closing):
    """Compresses pictures on several threads and writes them in order; for one thread.

    Args:
        folder: which is there.
        has_alpha: whether alpha is kept.
        bits: a channel, 8 or 16.
    """

    def __init__(self, folder: Path, *, has_alpha: bool = False, bits: int = 8) -> None:
        self._folder = folder
        self._pixels = {
            (False, 8): "rgb24", (True, 8): "rgba", (False, 16): "rgb48be", (True, 16): "rgba64be"
        }[has_alpha, bits]  # fmt: skip
        self._threads = ThreadPoolExecutor(
            max(1, min(MOST_AT_ONCE, (os.cpu_count() or 2) - 1)), "sgview PNG"
        )
        self._pending: deque[tuple[int, Future[bytes]]] = deque()
        self._newest: Future[bytes] | None = None
        self.size: tuple[int, int] = (0, 0)  # of the newest picture [px]
        self.last = -1  # place of the newest picture
        self._is_closed = False

    def write(self, rgba8: np.ndarray, place: int) -> None:
        """Write [H, W, 4] uint8 as the file of `place`, and the one before for those between.

        Raises:
            OutputError: if the disk does not take it.
        """
        self.repeat(place - 1)
        self.size = (rgba8.shape[1], rgba8.shape[0])
        self._newest = self._threads.submit(_png, rgba8, self._pixels)
        self._put(place, self._newest)

    def repeat(self, place: int) -> None:
        """Write the newest picture again for each place up to `place`."""
        while self._newest is not None and self.last < place:
            self._put(self.last + 1, self._newest)

    def hear(self, pieces: Sequence[np.ndarray]) -> None:
        """Do nothing: files of pictures hold no sound."""

    def close(self) -> None:
        """Write what is still compressed; idempotent.

        Raises:
            OutputError: if the disk does not take it.
        """
        if self._is_closed:
            return
        self._is_closed = True
        try:
            self._write(0)
        finally:
            self._threads.shutdown(cancel_futures=True)

    def _put(self, place: int, png: Future[bytes]) -> None:
        self.last = place
        self._pending.append((place, png))
        self._write(MOST_AT_ONCE)

    def _write(self, most: int) -> None:
        """Write the oldest until at most so many wait."""
        while len(self._pending) > most:
            place, png = self._pending.popleft()
            path = self._folder / f"{place:06d}.png"
            try:
                self._folder.stat()  # one that was removed is not made again unasked
                write_whole(path, png.result(), waits=False)
            except OSError as error:
                self._pending.clear()
                raise OutputError(f"{path} cannot be written: {error.strerror or error}") from error


def _png(rgba8: np.ndarray, pixels: str) -> bytes:
    """Return a picture as a PNG file."""
    context = cast(av.VideoCodecContext, av.CodecContext.create("png", "w"))
    context.height, context.width = rgba8.shape[:2]
    context.pix_fmt, context.time_base = pixels, Fraction(1, 30)
    kept = rgba8 if "a" in pixels else rgba8[..., :3]
    if pixels.endswith("be"):
        kept = kept.astype(np.uint16) * 257  # PyAV puts the bytes in order
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(kept), format=pixels)
    context.options = {"compression_level": "3", "pred": "sub", "threads": "1"}
    return b"".join(bytes(packet) for f in (frame, None) for packet in context.encode(f))

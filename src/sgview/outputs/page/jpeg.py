"""JPEG that lets the show play meanwhile."""

from __future__ import annotations

import os
import tempfile
from typing import IO

import numpy as np
from PIL import Image

from sgview.closing import Closing


class JpegEncoder(Closing):
    """Encodes one picture after the other; for one thread at a time.

    Pillow gives up the interpreter while it encodes into a file of the system, and only then: into
    memory, 640 x 640 px would keep all other threads waiting for 2 to 3 ms.

    Args:
        quality: 0..100.
    """

    def __init__(self, quality: int) -> None:
        self._quality = quality
        self._file: IO[bytes] | None = None

    def encode(self, pixels: np.ndarray) -> bytes:
        """Return [H, W, 3 or 4] uint8 as JPEG; alpha is left out."""
        if self._file is None:
            self._file = _file_in_memory()
        self._file.seek(0)
        self._file.truncate()
        _image(pixels).save(self._file, format="JPEG", quality=self._quality)
        self._file.seek(0)
        return self._file.read()

    def close(self) -> None:
        """Give the file back; idempotent."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _image(pixels: np.ndarray) -> Image.Image:
    """Return a picture as Pillow has it, without a copy where there are four channels."""
    pixels = np.ascontiguousarray(pixels)
    height, width, channels = pixels.shape
    if channels == 3:
        return Image.fromarray(pixels)
    return Image.frombuffer("RGBX", (width, height), pixels, "raw", "RGBX", 0, 1)


def _file_in_memory() -> IO[bytes]:
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("sgview-jpeg"), "w+b")
    return tempfile.TemporaryFile()

"""Write pictures as a video file or as a folder of PNGs.

Encoding is by FFmpeg through PyAV. A video is written in fragments, so that what has reached the
disk plays even if the program is killed.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Protocol, cast

import av
import numpy as np
from PIL import Image

from sgview.closing import Closing

CODECS = {".mp4": "libx264", ".mov": "libx264", ".mkv": "libx264", ".webm": "libvpx-vp9"}
"""Suffixes that make a video, and the encoder each uses."""


class OutputError(Exception):
    """A file that cannot be written: one sentence with path and cause."""


class PictureWriter(Protocol):
    """Takes pictures [H, W, 4] uint8, row 0 on top, one after the other, all of one size."""

    def write(self, rgba8: np.ndarray) -> None:
        """Append one picture."""
        ...

    def close(self) -> None:
        """Finish the file; idempotent."""
        ...


def open_writer(path: Path, fps: float) -> PictureWriter:
    """Return a writer for `path`: a video by its suffix, else a folder of PNGs.

    Args:
        path: ``take.mp4`` (.mov, .mkv, .webm) or a folder, made if it does not exist.
        fps: pictures a second [1/s].

    Raises:
        OutputError: if nothing can be written there.
    """
    suffix = path.suffix.lower()
    try:
        if suffix in CODECS:
            path.parent.mkdir(parents=True, exist_ok=True)
            return VideoWriter(path, fps)
        if suffix and not path.is_dir():
            raise OutputError(
                f"{path}: {suffix} is not a video format sgview writes; use one of "
                f"{', '.join(CODECS)}, or a folder's name for PNG pictures"
            )
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}") from error
    make_folder(path)
    return PngWriter(path)


def make_folder(path: Path) -> None:
    """Make a folder for pictures, and those above it, unless it is there.

    Raises:
        OutputError: if it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}") from error


class PngWriter:
    """Numbered PNG files in a folder: 000000.png, 000001.png, ..."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0

    def write(self, rgba8: np.ndarray) -> None:
        """Write [H, W, 4] uint8 as the next file.

        Raises:
            OutputError: if the disk does not take it.
        """
        path = self._folder / f"{self._count:06d}.png"
        try:
            Image.fromarray(rgba8[..., :3]).save(path, compress_level=4)
        except OSError as error:
            raise OutputError(f"{path} cannot be written: {error.strerror or error}") from error
        self._count += 1

    def close(self) -> None:
        """Do nothing: every file is complete when it is written."""


class VideoWriter(Closing):
    """A video file: H.264 (.mp4, .mov, .mkv) or VP9 (.webm), yuv420p, near-lossless to the eye.

    Pictures with an odd side lose their last row or column, since 4:2:0 wants even sizes.
    """

    def __init__(self, path: Path, fps: float) -> None:
        self._path = path
        is_mpeg4 = path.suffix.lower() in (".mp4", ".mov")
        options = {"movflags": "frag_keyframe+empty_moov"} if is_mpeg4 else {}
        self._container = av.open(str(path), mode="w", options=options)
        self._rate = Fraction(fps).limit_denominator(1001)
        self._stream: av.VideoStream | None = None
        self._is_closed = False

    def write(self, rgba8: np.ndarray) -> None:
        """Encode [H, W, 4] uint8 as the next frame.

        Raises:
            OutputError: if the disk does not take it.
        """
        height, width = (side - side % 2 for side in rgba8.shape[:2])
        stream = self._stream = self._stream or self._add_stream(width, height)
        rgb = np.ascontiguousarray(rgba8[:height, :width, :3])
        try:
            for packet in stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")):
                self._container.mux(packet)
        except OSError as error:
            raise OutputError(f"{self._path} cannot be written: {error.strerror}") from error

    def close(self) -> None:
        """Flush the encoder and finish the file; idempotent."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._stream is not None:
            for packet in self._stream.encode():
                self._container.mux(packet)
        self._container.close()

    def _add_stream(self, width: int, height: int) -> av.VideoStream:
        codec = CODECS[self._path.suffix.lower()]
        stream = cast(av.VideoStream, self._container.add_stream(codec, rate=self._rate))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.gop_size = max(1, round(float(self._rate)))  # a fragment a second
        stream.options = {"crf": "16"} if codec == "libx264" else {"crf": "24", "b": "0"}
        return stream

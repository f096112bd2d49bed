"""Write pictures as a video file or as a folder of PNGs.

Encoding is by FFmpeg through PyAV. A video is written in fragments, so that what has reached the
disk plays even if the program is killed.
"""

from __future__ import annotations

import errno
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np

from sgview.closing import Closing
from sgview.outputs.film_file import FilmFile, ending
from sgview.outputs.picture import channels_to_keep
from sgview.outputs.png import encode_png
from sgview.state.text import one_line
from sgview.state.whole_file import write_whole

if TYPE_CHECKING:
    import av  # 40 MB of libraries, which PNG files do without

CODECS = {".mp4": "libx264", ".mov": "libx264", ".mkv": "libx264", ".webm": "libvpx-vp9"}
"""Suffixes that make a video, and the encoder each uses."""

OPTIONS: dict[str, dict[str, str]] = {
    "libx264": {"crf": "16", "rc-lookahead": "20"},
    "libvpx-vp9": {"crf": "24", "b": "0", "lag-in-frames": "12"},
}
"""Of the encoders: they hold back few pictures, which a killed program would lose."""

FORMATS = {".mp4": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "webm"}
FRAGMENTS = {
    "mp4": {"movflags": "frag_keyframe+empty_moov", "flush_packets": "1"},
    "mov": {"movflags": "frag_keyframe+empty_moov", "flush_packets": "1"},
    "matroska": {"cluster_time_limit": "1000", "flush_packets": "1"},
    "webm": {"cluster_time_limit": "1000", "flush_packets": "1"},
}
"""Of the containers: how what plays reaches the disk every second."""


_BROADCAST = (24, 30, 48, 60, 120)
"""Rates that television slows down by 1001/1000: 29.97 is 30000/1001."""


def rate_of(fps: float) -> Fraction:
    """Return the rate as films state it: 12.5 is 25/2, and 23.976, 29.97, 59.94 those of TV."""
    for whole in _BROADCAST:
        rate = Fraction(whole * 1000, 1001)
        if abs(fps - rate) < 1e-3:
            return rate
    return Fraction(fps).limit_denominator(1001)


class OutputError(Exception):
    """A file that cannot be written: one sentence with path and cause."""

    def __init__(self, text: str) -> None:
        super().__init__(one_line(text))


class PictureWriter(Protocol):
    """Takes pictures [H, W, 4] uint8, row 0 on top, one after the other, all of one size."""

    @property
    def note(self) -> str:
        """What people should know of the file, in a sentence; "": nothing."""
        ...

    def write(self, rgba8: np.ndarray) -> None:
        """Append one picture."""
        ...

    def close(self) -> None:
        """Finish the file; idempotent."""
        ...


def open_writer(path: Path, fps: float, *, first: int = 0) -> PictureWriter:
    """Return a writer for `path`: a video by its suffix, else a folder of PNGs.

    Args:
        path: ``take.mp4`` (.mov, .mkv, .webm) or a folder, made if it does not exist.
        fps: pictures a second [1/s].
        first: number of the first PNG.

    Raises:
        OutputError: if nothing can be written there.
    """
    suffix = path.suffix.lower()
    try:
        if suffix in CODECS:
            path.parent.mkdir(parents=True, exist_ok=True)
            return VideoWriter(path, fps)
        refuse_other_formats(path)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}") from error
    make_folder(path)
    return PngWriter(path, first)


def refuse_other_formats(path: Path) -> None:
    """Refuse a name that is neither of a film nor of a folder; "take 1.0" is one of a folder.

    Raises:
        OutputError: saying what there is.
    """
    suffix = path.suffix.lower()
    if suffix in CODECS or not suffix.strip(".0123456789") or path.is_dir():
        return
    raise OutputError(
        f"{path}: {suffix} is not a video format sgview writes; use one of "
        f"{', '.join(CODECS)}, or a folder's name for PNG pictures"
    )


def make_folder(path: Path) -> None:
    """Make a folder for pictures, and those above it, unless it is there.

    Raises:
        OutputError: if it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise OutputError(f"{path} is no folder: PNG pictures go into one") from error
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}") from error


class PngWriter:
    """Numbered PNG files in a folder: 000000.png, 000001.png, ..., or from another number on."""

    note = ""

    def __init__(self, folder: Path, first: int = 0) -> None:
        self._folder = folder
        self._count = first

    def write(self, rgba8: np.ndarray) -> None:
        """Write [H, W, 4] uint8 as the next file.

        Raises:
            OutputError: if the disk does not take it.
        """
        path = self._folder / f"{self._count:06d}.png"
        png = encode_png(channels_to_keep(rgba8))
        try:
            self._folder.stat()  # one that was removed is not made again unasked
            write_whole(path, png, waits=False)
        except OSError as error:
            raise OutputError(f"{path} cannot be written: {error.strerror or error}") from error
        self._count += 1

    def close(self) -> None:
        """Do nothing: every file is complete when it is written."""


class VideoWriter(Closing):
    """A video file: H.264 (.mp4, .mov, .mkv) or VP9 (.webm), yuv420p, near-lossless to the eye.

    Pictures with an odd side lose their last row or column, since 4:2:0 wants even sizes. A
    fragment that plays by itself reaches the disk every second of the film.
    """

    def __init__(self, path: Path, fps: float) -> None:
        import av

        self._path = path
        self.note = ""
        suffix = path.suffix.lower()
        self._file = FilmFile(path)
        self._container = av.open(
            self._file, mode="w", format=FORMATS[suffix], options=FRAGMENTS[FORMATS[suffix]]
        )
        self._rate = rate_of(fps)
        self._stream: av.VideoStream | None = None
        self._is_flushable = True  # not after a packet that FFmpeg refused: see `FilmFile`
        self._is_closed = False

    def write(self, rgba8: np.ndarray) -> None:
        """Encode [H, W, 4] uint8 as the next frame.

        Raises:
            OutputError: if the disk does not take it.
        """
        import av
        from av.error import FFmpegError

        height, width = (side - side % 2 for side in rgba8.shape[:2])
        if (height, width) != rgba8.shape[:2]:
            self.note = (
                f"{self._path}: pictures of {rgba8.shape[1]} × {rgba8.shape[0]} px become"
                f" {width} × {height}, since the sides of a film are even."
            )
        if not height or not width:
            raise OutputError(f"{self._path}: a film has at least 2 × 2 px")
        stream = self._stream = self._stream or self._add_stream(width, height)
        if (stream.height, stream.width) != (height, width):
            raise OutputError(
                f"{self._path}: a film has one size, {stream.width} × {stream.height} px, and a"
                f" picture has {width} × {height}: write PNG files into a folder"
            )
        rgb = np.ascontiguousarray(rgba8[:height, :width, :3])
        try:
            for packet in stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")):
                self._container.mux(packet)
        except (FFmpegError, OSError) as error:  # the file's own are in `FilmFile.error`
            self._is_flushable = False
            if not stream.codec_context.is_open:
                raise OutputError(
                    f"{self._path}: {stream.codec_context.name} takes no pictures of {width} ×"
                    f" {height} px: write PNG files into a folder"
                ) from error
            raise OutputError(f"{self._path} cannot be written: {error.strerror}") from error
        self._check()

    def close(self) -> None:
        """Flush the encoder and finish the file; idempotent.

        Raises:
            OutputError: if the disk does not take the rest, or the file cannot be read back.
        """
        if self._is_closed:
            return
        self._is_closed = True
        with ending(self._file):
            if self._stream is not None and self._is_flushable and self._file.error is None:
                for packet in self._stream.encode():
                    self._container.mux(packet)
            self._container.close()
        try:
            self._file.close()
            if self._stream is not None and self._is_flushable and self._path.is_file():
                _read_header(self._path)
        except OSError as error:
            raise OutputError(
                f"{self._path} cannot be written: {error.strerror or error}"
            ) from error

    def _check(self) -> None:
        if (error := self._file.error) is not None:
            raise OutputError(f"{self._path} cannot be written: {error.strerror or error}")

    def _add_stream(self, width: int, height: int) -> av.VideoStream:
        codec = CODECS[self._path.suffix.lower()]
        stream = cast("av.VideoStream", self._container.add_stream(codec, rate=self._rate))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.gop_size = max(1, round(float(self._rate)))  # a fragment a second
        stream.options = {**OPTIONS[codec]}
        return stream


def _read_header(path: Path) -> None:
    """Open a film as a player does.

    Raises:
        OSError: if it cannot be opened, or holds no pictures.
    """
    import av

    with av.open(str(path)) as container:
        if not container.streams.video:
            raise OSError(errno.EIO, "it holds no pictures")

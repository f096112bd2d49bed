"""Films in chunks: each encoded by itself, all joined without being encoded again.

A chunk begins with a key frame and refers to nothing before it, and its encoder holds nothing back
at its end, so that one chunk's packets follow another's as if one encoder had made both. Chunks
can thus be encoded side by side, by threads or by other machines.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError

from sgview.closing import Closing
from sgview.outputs.codecs import Encoder, codec_named, encoder_for, frame_of, tag_colours
from sgview.outputs.film_file import FilmFile
from sgview.outputs.video import FORMATS, FRAGMENTS, OutputError

_CONTAINER = "nut"
_CONTAINERS = {"h264": "mov", "h265": "mov", "prores": "mov"}
"""Of a chunk: one that keeps both times of a packet as they are, and holds the codec."""
_FROM_ZERO = {kind: {"movflags": "frag_keyframe+delay_moov"} for kind in ("mp4", "mov")}
"""Of growing films: their first picture is at 0 s also where the encoder sends it late."""

FEWEST, MOST = 8, 64  # pictures of a chunk
_SUBSAMPLED = ("420", "422")  # in names of pixel formats whose pictures have even sides


@dataclass(frozen=True)
class FilmFormat:
    """How pictures are encoded: plain values, the same for every chunk of a film."""

    codec: str  # a row of `CODECS` that is no sequence
    rate: Fraction  # [pictures/s]
    quality: float | None = None  # 0 (small) to 100 (near lossless); None: as is usual here
    has_alpha: bool = False
    threads: int = 0  # of one encoder; 0: as it likes


USUAL_QUALITY = {"vp9": 65.0, "av1": 65.0}
"""Where nothing is said; of other codecs 80, which is near lossless to the eye."""


def length_of(rate: float) -> int:
    """Return how many pictures a chunk has: a second, within bounds of memory."""
    return min(max(round(rate), FEWEST), MOST)


def crop_note(path: Path, width: int, height: int, form: FilmFormat) -> str:
    """Return what people should know of a film of such pictures, "" if nothing is."""
    wide, high = (side - side % 2 if _has_even_sides(form) else side for side in (width, height))
    if (wide, high) == (width, height):
        return ""
    return (
        f"{path}: pictures of {width} x {height} px become {wide} x {high}, since the sides of a"
        " film are even."
    )


def frame_for(
    rgba8: np.ndarray,  # [H, W, 4 or 3] uint8, row 0 on top
    form: FilmFormat,
) -> av.VideoFrame:
    """Return a picture as a chunk's encoder takes it, a third of the memory in most codecs.

    Raises:
        OutputError: if it cannot be encoded here.
    """
    try:
        pixels = _encoder(form).pixel_format(has_alpha=form.has_alpha)
    except LookupError as error:
        raise OutputError(str(error)) from error
    height, width = rgba8.shape[:2]
    if _has_even_sides(form):
        height, width = height - height % 2, width - width % 2
    if not height or not width:
        raise OutputError("a film has at least 2 x 2 px")
    return frame_of(rgba8[:height, :width], pixels)


def encode_chunk(
    pictures: Iterable[np.ndarray | av.VideoFrame],  # as `frame_for` takes and gives them
    form: FilmFormat,
) -> bytes:
    """Return a chunk as a closed file.

    Raises:
        OutputError: if the pictures have different sizes, or cannot be encoded here.
    """
    try:
        return _encode(pictures, form)
    except LookupError as error:
        raise OutputError(str(error)) from error
    except (FFmpegError, OSError) as error:
        raise OutputError(f"{form.codec} cannot encode these pictures: {error}") from error


def _encode(pictures: Iterable[np.ndarray | av.VideoFrame], form: FilmFormat) -> bytes:
    file = io.BytesIO()
    stream: av.VideoStream | None = None
    with av.open(file, "w", format=_CONTAINERS.get(form.codec, _CONTAINER)) as container:
        for picture in pictures:
            frame = frame_for(picture, form) if isinstance(picture, np.ndarray) else picture
            if stream is None:
                stream = _add_stream(container, frame, form)
            if (frame.width, frame.height) != (stream.width, stream.height):
                raise OutputError(
                    f"a film has one size, {stream.width} x {stream.height} px, and a picture has"
                    f" {frame.width} x {frame.height}: write PNG files into a folder"
                )
            container.mux(stream.encode(frame))
        if stream is not None:
            container.mux(stream.encode())
    return file.getvalue()


def _add_stream(
    container: OutputContainer, first: av.VideoFrame, form: FilmFormat
) -> av.VideoStream:
    encoder = _encoder(form)
    pixels = encoder.pixel_format(has_alpha=form.has_alpha)
    quality = USUAL_QUALITY.get(form.codec, 80.0) if form.quality is None else form.quality
    options = encoder.options_for(quality, is_live=False, has_alpha=form.has_alpha)
    stream = cast(
        av.VideoStream, container.add_stream(encoder.name, rate=form.rate, options=options)
    )
    stream.width, stream.height, stream.pix_fmt = first.width, first.height, pixels
    context = stream.codec_context
    context.time_base = 1 / form.rate
    context.gop_size = max(1, round(form.rate))
    tag_colours(context, pixels)
    if form.threads and "threads" not in options:
        context.thread_count = form.threads
    return stream


def _encoder(form: FilmFormat) -> Encoder:
    return encoder_for(codec_named(form.codec), has_alpha=form.has_alpha, is_software=True)


def _has_even_sides(form: FilmFormat) -> bool:
    encoders = codec_named(form.codec).encoders
    return any(name in encoders[-1].pixels for name in _SUBSAMPLED)


class FilmJoiner(Closing):
    """Appends chunks to a film.

    Args:
        path: the film, which is replaced: .mp4, .mov, .mkv or .webm.
        rate: of all chunks [pictures/s].
        grows: while others may want to play it, so that it is written in fragments.

    Raises:
        OSError: if there can be no such file.
    """

    def __init__(self, path: Path, rate: Fraction, *, grows: bool = False) -> None:
        self._path = path
        self._rate = rate
        self._file = FilmFile(path)
        kind = FORMATS[path.suffix.lower()]
        options = {**FRAGMENTS[kind], **_FROM_ZERO.get(kind, {})} if grows else {}
        self._container = av.open(self._file, mode="w", format=kind, options=options)
        self._stream: av.VideoStream | None = None
        self._shape = ""  # of the first chunk
        self._is_closed = False
        self.count = 0  # pictures so far

    def append(self, chunk: bytes) -> None:
        """Write what a chunk holds behind all that is there.

        Raises:
            OutputError: if it is none, does not fit to those before, or the disk takes no more.
        """
        try:
            with cast(InputContainer, av.open(io.BytesIO(chunk))) as source:
                self._copy(source, source.streams.video[0])
        except (FFmpegError, IndexError) as error:
            raise OutputError(f"{self._path}: a chunk of the film is damaged: {error}") from error
        self._check()

    def _copy(self, source: InputContainer, stream: av.VideoStream) -> None:
        if self._stream is None:
            self._stream = self._container.add_stream_from_template(stream, opaque=True)
            self._shape = _shape(stream)
            self._stream.time_base = 1 / self._rate
        if (shape := _shape(stream)) != self._shape:
            raise OutputError(
                f"{self._path}: a film has one size and encoding, {self._shape}, and a chunk has"
                f" {shape}: write PNG files into a folder"
            )
        number = 0
        for packet in source.demux(stream):
            if not packet.size:  # the empty one at the end
                continue
            if packet.pts is None or packet.dts is None:
                raise OutputError(f"{self._path}: a chunk of the film does not say its time")
            unit = packet.time_base * self._rate  # of the chunk's time [pictures]
            packet.pts = round(packet.pts * unit) + self.count
            packet.dts = round(packet.dts * unit) + self.count
            packet.duration = 1
            packet.time_base = 1 / self._rate
            packet.stream = self._stream
            self._container.mux(packet)
            number += 1
        self.count += number

    def close(self) -> None:
        """Finish the film; idempotent.

        Raises:
            OutputError: if the disk does not take the rest.
        """
        if self._is_closed:
            return
        self._is_closed = True
        try:
            self._container.close()
        except OSError as error:
            self._file.error = self._file.error or error
        try:
            self._file.close()
        except OSError as error:
            cause = error.strerror or error
            raise OutputError(f"{self._path} cannot be written: {cause}") from error

    def _check(self) -> None:
        if (error := self._file.error) is not None:
            raise OutputError(f"{self._path} cannot be written: {error.strerror or error}")


def _shape(stream: av.VideoStream) -> str:
    """Return what all chunks of a film have in common, for people."""
    context = stream.codec_context
    return f"{context.name} {context.width} x {context.height} {context.pix_fmt}"

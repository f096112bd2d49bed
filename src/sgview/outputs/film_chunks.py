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
from av.container import OutputContainer
from av.error import FFmpegError

from sgview.outputs.codecs import Encoder, codec_named, encoder_for, frame_of, tag_colours
from sgview.outputs.video import OutputError

_CONTAINER = "nut"
_CONTAINERS = {"h264": "mov", "h265": "mov", "prores": "mov"}
"""Of a chunk: one that keeps both times of a packet as they are, and holds the codec."""

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
        f"{path}: pictures of {width} × {height} px become {wide} × {high}, since the sides of a"
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
        raise OutputError("a film has at least 2 × 2 px")
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
                    f"a film has one size, {stream.width} × {stream.height} px, and a picture has"
                    f" {frame.width} × {frame.height}: write PNG files into a folder"
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

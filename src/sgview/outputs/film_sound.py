"""Sound beside a film that is whole: its pictures are copied as they are encoded."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError

from sgview.outputs.codecs import codec_named
from sgview.outputs.film_file import FilmFile
from sgview.outputs.video import FORMATS, OutputError

RATE = 48_000  # of the sound track [1/s]
BIT_RATE = 192_000  # of those that lose [bit/s]


def add_sound(film: Path, sound: Path, codec: str, start: float = 0.0) -> None:
    """Put a sound track into a film; it ends with the pictures. The film is replaced once whole.

    Args:
        film: without sound; one that has some stays as it is.
        sound: any file that FFmpeg reads.
        codec: of the film, which says how its sound is encoded.
        start: of the sound at which the film begins [s].

    Raises:
        OutputError: if the sound cannot be read, or the film not be written.
    """
    draft = film.with_name(f"{film.stem}.sound{film.suffix}")
    try:
        with cast(InputContainer, av.open(str(film))) as source:
            if source.streams.audio:
                return
            _copy(source, draft, film.suffix.lower(), sound, codec, start)
        draft.replace(film)
    except (FFmpegError, OSError) as error:
        cause = error.strerror or error
        raise OutputError(f"{film} cannot get the sound of {sound}: {cause}") from error
    finally:
        draft.unlink(missing_ok=True)


def _copy(
    source: InputContainer, draft: Path, suffix: str, sound: Path, codec: str, start: float
) -> None:
    video = source.streams.video[0]
    packets = [packet for packet in source.demux(video) if packet.size]
    rate = video.average_rate or Fraction(30)
    count = round(len(packets) / rate * RATE)  # samples
    file = FilmFile(draft)
    try:
        with av.open(file, "w", format=FORMATS[suffix]) as container:
            _mux(container, video, packets, codec, _samples(sound, round(start * RATE), count))
    finally:
        file.close()


def _mux(
    container: OutputContainer,
    video: av.VideoStream,
    packets: list[av.Packet],  # of `video`
    codec: str,
    sound: Iterator[np.ndarray],  # float32 [2, n] each
) -> None:
    """Write pictures as they are and encode the sound beside them."""
    pictures = container.add_stream_from_template(video, opaque=True)
    heard = cast(av.AudioStream, container.add_stream(codec_named(codec).sound, rate=RATE))
    heard.layout = "stereo"
    if heard.codec_context.name in ("aac", "libopus"):
        heard.bit_rate = BIT_RATE
    place = 0
    for samples in sound:
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = RATE, place, Fraction(1, RATE)
        place += samples.shape[1]
        container.mux(heard.encode(frame))
    container.mux(heard.encode(None))
    for packet in packets:
        packet.stream = pictures
        container.mux(packet)


def _samples(path: Path, first: int, count: int) -> Iterator[np.ndarray]:  # float32 [2, n]
    """Yield `count` samples from `first` on, or as many as there are.

    Raises:
        OutputError: if there is no sound in the file.
    """
    with cast(InputContainer, av.open(str(path))) as source:
        if not source.streams.audio:
            raise OutputError(f"{path} holds no sound")
        resampler = av.AudioResampler(format="fltp", layout="stereo", rate=RATE)
        at = 0
        for decoded in (*source.decode(source.streams.audio[0]), None):
            for frame in resampler.resample(decoded):
                samples = frame.to_ndarray()
                begin, end = first - at, first + count - at
                at += samples.shape[1]
                part = samples[:, max(begin, 0) : max(end, 0)]
                if part.shape[1]:
                    yield np.ascontiguousarray(part)
            if at >= first + count:
                return

"""A film that is recorded: pictures at even times, the sound beside them, in one growing file."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Protocol, cast

import av
import numpy as np
from av.container import OutputContainer
from av.error import FFmpegError

from sgview.closing import Closing
from sgview.outputs.codecs import Codec, Encoder, encoder_for, frame_of, tag_colours
from sgview.outputs.film_file import ending
from sgview.outputs.recording.sound_track import RATE
from sgview.outputs.video import FORMATS, OutputError

PRIMING = 1024  # samples that encoders of sound put in front: as many are left out of the sound
SOUND_RATE = 192_000  # of AAC and Opus [bit/s]

FRAGMENT = {"flush_packets": "1", "movflags": "frag_keyframe+empty_moov+default_base_moof"}
FRAGMENTS: dict[str, dict[str, str]] = {
    "mp4": FRAGMENT,
    "mov": FRAGMENT,
    "matroska": {"cluster_time_limit": "1000", "flush_packets": "1"},
    "webm": {"cluster_time_limit": "1000", "flush_packets": "1"},
}
"""Of the containers: how what plays reaches the file every second."""
EVERY_SECOND = {
    "flush_packets": "1",
    "movflags": "empty_moov+default_base_moof",
    "frag_duration": "1000000",
}
"""Of codecs in which each picture is a key frame."""


class FileLike(Protocol):
    """Takes the bytes; what goes wrong is kept, since FFmpeg must not meet it."""

    error: OSError | None

    def write(self, data: bytes) -> int:
        """Take all of `data`."""
        ...

    def close(self) -> None:
        """Finish; raises OSError for what went wrong first."""
        ...


class Film(Closing):
    """Encodes pictures of one size into a file; for one thread.

    Args:
        file: closed with the film.
        name: of the file, as errors tell it.
        codec: with encoders, so no sequence.
        suffix: of the file: which container.
        size: width and height, those of the first picture [px]; odd ones lose a row or column.
        rate: pictures a second [1/s].
        quality: 0 (small) to 100 (near lossless).
        has_alpha: whether alpha is kept, where the codec can.
        has_sound: whether there is a sound track.
        is_software: whether no encoder of the hardware is used.

    Raises:
        OutputError: if no encoder takes that.
    """

    def __init__(
        self,
        file: FileLike,
        name: str,
        codec: Codec,
        suffix: str,
        size: tuple[int, int],
        *,
        rate: float = 60.0,
        quality: float = 80.0,
        has_alpha: bool = False,
        has_sound: bool = False,
        is_software: bool = False,
    ) -> None:
        self._file, self._name = file, name
        self._is_flushable = True  # not after a packet that FFmpeg refused: see `FilmFile`
        self._is_closed = False
        self.size = (size[0] - size[0] % 2, size[1] - size[1] % 2)
        has_alpha = has_alpha and codec.has_alpha
        if not all(self.size):
            raise OutputError(f"{name}: a film has at least 2 × 2 px")
        self.last = -1  # place of the newest picture
        self._frame: av.VideoFrame | None = None
        try:
            encoder = encoder_for(codec, has_alpha=has_alpha, is_software=is_software)
        except LookupError as error:
            raise OutputError(f"{name}: {error}") from error
        self.encoder: Encoder = encoder
        self._pixels = encoder.pixel_format(has_alpha=has_alpha)
        self._container = _open(file, codec, suffix)
        self._video = self._add_video(encoder, FORMATS[suffix], rate, quality, has_alpha)
        self._sound = self._add_sound(codec.sound) if has_sound else None
        self._heard = 0  # samples

    def write(self, rgba8: np.ndarray, place: int) -> None:
        """Encode [H, W, 4] uint8 as the picture of `place`, which is beyond `last`.

        A picture of another size is scaled to that of the film.

        Raises:
            OutputError: if the disk does not take it.
        """
        width, height = self.size
        if rgba8.shape[:2] == (height, width):
            frame = frame_of(rgba8, self._pixels)
        elif (rgba8.shape[0] - height) in (0, 1) and (rgba8.shape[1] - width) in (0, 1):
            frame = frame_of(rgba8[:height, :width], self._pixels)
        else:
            scaled = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgba8), format="rgba")
            scaled = scaled.reformat(width, height, interpolation="BICUBIC")
            frame = frame_of(scaled.to_ndarray(), self._pixels)
        self._frame = frame
        self._encode(frame, place)

    def repeat(self, place: int) -> None:
        """Encode the newest picture again for each place up to `place`."""
        while self._frame is not None and self.last < place:
            self._encode(self._frame, self.last + 1)

    def hear(self, pieces: Sequence[np.ndarray]) -> None:
        """Append samples, float32 [2, n] each.

        Raises:
            OutputError: if the disk does not take it.
        """
        if self._sound is None:
            return
        for samples in pieces:
            skipped = min(max(PRIMING - self._heard, 0), samples.shape[1])
            start = self._heard + skipped
            self._heard += samples.shape[1]
            if skipped < samples.shape[1]:
                kept = np.ascontiguousarray(samples[:, skipped:].clip(-1.0, 1.0))
                frame = av.AudioFrame.from_ndarray(kept, format="fltp", layout="stereo")
                frame.sample_rate, frame.pts = RATE, start
                frame.time_base = Fraction(1, RATE)
                self._mux(self._sound, frame)

    def close(self) -> None:
        """Flush the encoders and finish the file; idempotent.

        Raises:
            OutputError: if the disk does not take the rest.
        """
        if self._is_closed:
            return
        self._is_closed = True
        with ending(self._file):
            if self._file.error is None and self._is_flushable:
                for stream in (self._video, self._sound):
                    if stream is not None:
                        self._container.mux(stream.encode(None))
            self._container.close()
        try:
            self._file.close()
        except OSError as error:
            raise self._problem(error) from error

    def _encode(self, frame: av.VideoFrame, place: int) -> None:
        frame.pts = place
        frame.time_base = self._period
        self.last = place
        self._mux(self._video, frame)

    def _mux(self, stream: Any, frame: Any) -> None:
        try:
            self._container.mux(stream.encode(frame))
        except (FFmpegError, OSError) as error:  # the file's own are in its `error`
            self._is_flushable = False
            raise self._problem(error) from error
        if self._file.error is not None:
            raise self._problem(self._file.error)

    def _problem(self, error: FFmpegError | OSError) -> OutputError:
        return OutputError(f"{self._name} cannot be written: {error.strerror or error}")

    def _add_video(
        self, encoder: Encoder, form: str, rate: float, quality: float, has_alpha: bool
    ) -> av.VideoStream:
        self._rate = Fraction(rate).limit_denominator(1001)
        self._period = 1 / self._rate
        stream = cast(av.VideoStream, self._container.add_stream(encoder.name, rate=self._rate))
        stream.width, stream.height = self.size
        stream.pix_fmt = self._pixels
        stream.gop_size = max(1, round(rate))  # a fragment a second
        stream.options = dict(encoder.options_for(quality, is_live=True, has_alpha=has_alpha))
        tag_colours(stream.codec_context, self._pixels)
        if encoder.name.startswith(("hevc", "libx265")) and form in ("mp4", "mov"):
            stream.codec_context.codec_tag = "hvc1"  # or Apple's players do not play it
        return stream

    def _add_sound(self, name: str) -> av.AudioStream:
        stream = cast(av.AudioStream, self._container.add_stream(name, rate=RATE))
        stream.layout = "stereo"
        if name in ("aac", "libopus"):
            stream.bit_rate = SOUND_RATE
        return stream


def _open(file: FileLike, codec: Codec, suffix: str) -> OutputContainer:
    form = FORMATS[suffix]
    options = FRAGMENTS[form]
    if form in ("mp4", "mov") and codec.name in ("prores", "ffv1"):
        options = EVERY_SECOND
    try:
        return av.open(file, mode="w", format=form, options=options)
    except FFmpegError as error:
        raise OutputError(f"{form} cannot be written here: {error}") from error

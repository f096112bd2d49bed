"""Joining films without encoding again: packets of one behind those of another."""

from __future__ import annotations

import io
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet

from sgview.closing import Closing
from sgview.outputs.film_file import FilmFile, ending
from sgview.outputs.video import FORMATS, FRAGMENTS, OutputError

_FROM_ZERO = {kind: {"movflags": "frag_keyframe+delay_moov"} for kind in ("mp4", "mov")}
"""Of growing films: their first picture is at 0 s also where the encoder sends it late."""


class FilmJoiner(Closing):
    """Appends chunks, or the packets of other films, to a film.

    Args:
        path: the film, which is replaced: .mp4, .mov, .mkv or .webm.
        rate: of all parts [pictures/s].
        grows: while others may want to play it, so that it is written in fragments.
        from_zero: False lets a growing film begin as live recordings do, when its first picture is
            sent.

    Attributes:
        stream: that is written; None before the first packet.
        count: pictures so far.

    Raises:
        OSError: if there can be no such file.
    """

    def __init__(
        self, path: Path, rate: Fraction, *, grows: bool = False, from_zero: bool = True
    ) -> None:
        self._path = path
        self._rate = rate
        self._file = FilmFile(path)
        kind = FORMATS[path.suffix.lower()]
        options = FRAGMENTS[kind] if grows else {}
        if grows and from_zero:
            options = {**options, **_FROM_ZERO.get(kind, {})}
        self._container = av.open(self._file, mode="w", format=kind, options=options)
        self.stream: av.VideoStream | None = None
        self._shape = ""  # of the first chunk
        self._is_closed = False
        self.count = 0

    def append(self, chunk: bytes) -> None:
        """Write what a chunk holds behind all that is there.

        Raises:
            OutputError: if it is none, does not fit to those before, or the disk takes no more.
        """
        try:
            with cast(InputContainer, av.open(io.BytesIO(chunk))) as source:
                self._append(source, source.streams.video[0])
        except (FFmpegError, IndexError) as error:
            raise OutputError(f"{self._path}: a chunk of the film is damaged: {error}") from error

    def write(self, stream: av.VideoStream, packets: Iterable[tuple[Packet, int, int]]) -> None:
        """Write packets of `stream` behind all that is there.

        Args:
            stream: as is every stream of the film; the first makes it what it is.
            packets: each with when it is shown and when it is sent, in pictures from the first.

        Raises:
            OutputError: if the disk takes no more.
        """
        if self.stream is None:
            self.stream = self._container.add_stream_from_template(stream, opaque=True)
            self.stream.time_base = 1 / self._rate
        number = 0
        for packet, shown, sent in packets:
            packet.pts, packet.dts, packet.duration = shown + self.count, sent + self.count, 1
            packet.time_base = 1 / self._rate
            packet.stream = self.stream
            self._container.mux(packet)
            number += 1
        self.count += number
        if (error := self._file.error) is not None:
            raise OutputError(f"{self._path} cannot be written: {error.strerror or error}")

    def close(self) -> None:
        """Finish the film; idempotent.

        Raises:
            OutputError: if the disk does not take the rest.
        """
        if self._is_closed:
            return
        self._is_closed = True
        with ending(self._file):
            self._container.close()
        try:
            self._file.close()
        except OSError as error:
            cause = error.strerror or error
            raise OutputError(f"{self._path} cannot be written: {cause}") from error

    def _append(self, source: InputContainer, stream: av.VideoStream) -> None:
        shape = _shape(stream)
        self._shape = self._shape or shape
        if shape != self._shape:
            raise OutputError(
                f"{self._path}: a film has one size and encoding, {self._shape}, and a chunk has"
                f" {shape}: write PNG files into a folder"
            )
        timed: list[tuple[Packet, int, int]] = []
        for packet in source.demux(stream):
            if not packet.size:  # the empty one at the end
                continue
            if packet.pts is None or packet.dts is None:
                raise OutputError(f"{self._path}: a chunk of the film does not say its time")
            unit = packet.time_base * self._rate  # of the chunk's time [pictures]
            timed.append((packet, round(packet.pts * unit), round(packet.dts * unit)))
        self.write(stream, timed)


def _shape(stream: av.VideoStream) -> str:
    """Return what all chunks of a film have in common, for people."""
    context = stream.codec_context
    return f"{context.name} {context.width} × {context.height} {context.pix_fmt}"

"""Writers that keep all cores busy: for films that wait for nobody, unlike a live recorder.

Pictures are taken in order and encoded side by side by threads, which FFmpeg and zlib let run; how
many are in memory is bounded, for `write` waits while too many are.
"""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from sgview.closing import Closing
from sgview.outputs.png import encode_png
from sgview.outputs.video import (
    CODECS,
    OutputError,
    PictureWriter,
    make_folder,
    rate_of,
    refuse_other_formats,
)
from sgview.state.whole_file import write_whole

if TYPE_CHECKING:
    import av

    from sgview.outputs.film_chunks import FilmFormat

PNG, PNG16 = "png", "png16"
SEQUENCES = (PNG, PNG16)
"""Codecs that are a folder of files, one a picture."""
FILM_CODECS = ("h264", "h265", "prores", "vp9", "av1", "ffv1", *SEQUENCES)
"""Rows of the table of codecs that films are written in; named here too, so that asking for help
needs no FFmpeg."""

THREADS_OF_AN_ENCODER = 4  # H.264 gains little from more, so that further chunks take the others
CORES_OF_AN_ENCODER = 2  # fewer than its threads, which wait for each other at both ends of a chunk
CONVERTERS = 4  # threads that bring pictures into the encoder's colours, before they wait for it
MOST_WAITING = 2 << 30  # of pictures that wait for an encoder, or are encoded [bytes]


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def open_film_writer(
    path: Path,
    fps: float,
    *,
    first: int = 0,
    codec: str | None = None,
    quality: float | None = None,
    has_alpha: bool = False,
    threads: int = 0,
) -> PictureWriter:
    """Return a writer on all cores: of a film by its suffix, else of PNG files into a folder.

    Args:
        path: ``take.mp4`` (.mov, .mkv, .webm) or a folder, made if it does not exist.
        fps: pictures a second [1/s].
        first: number of the first PNG file.
        codec: a row of the table of codecs; None: what is usual for the file.
        quality: of a codec that loses, 0 (small) to 100 (near lossless); None: as is usual.
        has_alpha: whether alpha is written.
        threads: to encode with; 0: as many as there are cores.

    Raises:
        OutputError: if nothing can be written there, or not in that codec.
    """
    codec = codec_of(path, codec)
    if has_alpha:
        check_alpha(path, codec)
    if codec in SEQUENCES:
        make_folder(path)
        return PngFolderWriter(
            path, threads or cores(), first=first, has_alpha=has_alpha, bits=bits_of(codec)
        )
    from sgview.outputs.film_chunks import FilmFormat

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}") from error
    form = FilmFormat(codec, rate_of(fps), quality, has_alpha, threads or cores())
    return FilmWriter(path, form)


def check_alpha(path: Path, codec: str) -> None:
    """Refuse alpha where the codec cannot hold it.

    Raises:
        OutputError: naming those that can.
    """
    if not holds_alpha(codec):
        from sgview.outputs.codecs import CODECS as TABLE
        from sgview.outputs.codecs import codec_named

        able = ", ".join(row.name for row in TABLE if row.has_alpha and row.name in FILM_CODECS)
        raise OutputError(
            f"{path}: {codec_named(codec).label} has no alpha; --codec with one of {able} has"
        )


def holds_alpha(codec: str) -> bool:
    """Whether a codec keeps alpha."""
    if codec in SEQUENCES:
        return True
    from sgview.outputs.codecs import codec_named

    return codec_named(codec).has_alpha


def bits_of(codec: str) -> int:
    """Return how many bits a channel of a PNG file has."""
    return 16 if codec == PNG16 else 8


def codec_of(path: Path, wanted: str | None = None) -> str:
    """Return the codec that a file of that name has where nothing else is said.

    Raises:
        OutputError: if it is of no kind that is written, or does not hold the codec that is wanted.
    """
    suffix = path.suffix.lower()
    if wanted is not None and wanted not in SEQUENCES:
        from sgview.outputs.codecs import codec_named  # brings FFmpeg, which PNG files do without

        codec = codec_named(wanted)
        if suffix not in codec.suffixes:
            kinds = ", ".join(codec.suffixes)
            raise OutputError(f"{path}: {codec.label} goes into files that end in {kinds}")
        return wanted
    if wanted in SEQUENCES and suffix in CODECS:
        raise OutputError(f"{path}: PNG pictures go into a folder, whose name has no {suffix}")
    if suffix in CODECS:
        return "vp9" if suffix == ".webm" else "h264"
    refuse_other_formats(path)
    return wanted or PNG


def encoders_for(threads: int) -> int:
    """Return how many chunks are encoded at the same time on so many cores."""
    return max(1, threads // CORES_OF_AN_ENCODER)


def threads_of(encoders: int, threads: int) -> int:
    """Return how many threads each of so many encoders has on so many cores."""
    return max(1, min(threads, THREADS_OF_AN_ENCODER) if encoders > 1 else threads)


Result = TypeVar("Result")


def first_of(pending: deque[Future[Result]]) -> Result:
    """Wait for the first; if it fails, so that there is one error, give up the others."""
    try:
        return pending.popleft().result()
    except BaseException:
        for future in pending:
            future.cancel()
        pending.clear()
        raise


def at_depth(pixels: np.ndarray, bits: int) -> np.ndarray:
    """Return uint8 as they are, or the same in 16 bits a channel: 255 becomes 65535."""
    return pixels.astype(np.uint16) * np.uint16(257) if bits == 16 else pixels


class PngFolderWriter(Closing):
    """Numbered PNG files in a folder that is there: a `PictureWriter`.

    Args:
        folder: 000000.png and so on.
        threads: pictures that are encoded at the same time.
        first: number of the first picture.
        has_alpha: whether alpha is written.
        bits: of a channel, 8 or 16.
    """

    note = ""

    def __init__(
        self,
        folder: Path,
        threads: int,
        *,
        first: int = 0,
        has_alpha: bool = False,
        bits: int = 8,
    ) -> None:
        self._folder = folder
        self._next = first
        self._channels = 4 if has_alpha else 3
        self._bits = bits
        self._pool = ThreadPoolExecutor(threads, "sgview PNG")
        self._most = 2 * threads  # pictures that wait or are encoded
        self._pending: deque[Future[None]] = deque()

    def write(self, rgba8: np.ndarray) -> None:
        """Take [H, W, 4 or 3] uint8 as the next file, which must not change any more.

        Raises:
            OutputError: if the disk did not take this or one of those before.
        """
        path = self._folder / f"{self._next:06d}.png"
        self._next += 1
        self._pending.append(self._pool.submit(self._write, path, rgba8))
        while self._pending and (len(self._pending) > self._most or self._pending[0].done()):
            first_of(self._pending)

    def close(self) -> None:
        """Wait for all files; idempotent.

        Raises:
            OutputError: if the disk did not take one.
        """
        try:
            while self._pending:
                first_of(self._pending)
        finally:
            self._pool.shutdown(cancel_futures=True)

    def _write(self, path: Path, rgba8: np.ndarray) -> None:
        png = encode_png(at_depth(rgba8[..., : self._channels], self._bits))
        try:
            self._folder.stat()  # one that was removed is not made again unasked
            write_whole(path, png, waits=False)
        except OSError as error:
            raise OutputError(f"{path} cannot be written: {error.strerror or error}") from error


class FilmWriter(Closing):
    """A film whose chunks are encoded side by side and joined in order: a `PictureWriter`.

    A chunk is a second of the film. What is joined plays if the program is killed.

    Args:
        path: the film, which is replaced.
        form: how it is encoded; its `threads` are shared by all chunks.

    Raises:
        OutputError: if there can be no such file.
    """

    def __init__(self, path: Path, form: FilmFormat) -> None:
        from sgview.outputs.film_chunks import length_of
        from sgview.outputs.film_joiner import FilmJoiner

        self.note = ""
        self._path = path
        encoders = encoders_for(form.threads)
        self._form = replace(form, threads=threads_of(encoders, form.threads))
        self._length = length_of(float(form.rate))
        try:
            self._joiner = FilmJoiner(path, form.rate, grows=True)
        except OSError as error:
            cause = error.strerror or error
            raise OutputError(f"{path} cannot be written: {cause}") from error
        self._chunk: list[Future[av.VideoFrame]] = []
        self._pool = ThreadPoolExecutor(encoders, "sgview film")
        self._converting = ThreadPoolExecutor(min(CONVERTERS, form.threads), "sgview colours")
        # Chunks that wait or are encoded, which a kill costs: one may wait for an encoder where
        # there are several, as where pictures come fast.
        self._most = encoders + (encoders > 1)  # less where pictures are large
        self._pending: deque[Future[bytes]] = deque()
        self._shape: tuple[int, ...] = ()
        self._has_failed = False
        self._is_closed = False

    def write(self, rgba8: np.ndarray) -> None:
        """Take [H, W, 4 or 3] uint8 as the next picture, which must not change any more.

        Raises:
            OutputError: if it has another size, or the film cannot be encoded or written.
        """
        from sgview.outputs.film_chunks import frame_for

        height, width = rgba8.shape[:2]
        if not self._shape:
            from sgview.outputs.film_chunks import crop_note

            if min(height, width) < 2:
                raise OutputError(f"{self._path}: a film has at least 2 × 2 px")
            self._shape = rgba8.shape
            self._most = min(self._most, max(1, MOST_WAITING // (rgba8.nbytes * self._length)))
            self.note = crop_note(self._path, width, height, self._form)
        if rgba8.shape != self._shape:
            raise OutputError(
                f"{self._path}: a film has one size, {self._shape[1]} × {self._shape[0]} px, and a"
                f" picture has {width} × {height}: write PNG files into a folder"
            )
        # At once, so that the memory it came in can be used for the next.
        self._chunk.append(self._converting.submit(frame_for, rgba8, self._form))
        if len(self._chunk) == self._length:
            self._encode()
        while self._pending and (len(self._pending) > self._most or self._pending[0].done()):
            self._join()

    def close(self) -> None:
        """Wait for all chunks and finish the film; idempotent.

        Raises:
            OutputError: if it cannot be encoded or written.
        """
        if self._is_closed:
            return
        self._is_closed = True
        try:
            if self._chunk and not self._has_failed:
                self._encode()
            while self._pending:
                self._join()
        finally:
            self._converting.shutdown(cancel_futures=True)
            self._pool.shutdown(cancel_futures=True)
            self._joiner.close()

    def _encode(self) -> None:
        """Hand a chunk to the threads."""
        from sgview.outputs.film_chunks import encode_chunk

        frames, self._chunk = self._chunk, []
        self._pending.append(
            self._pool.submit(
                lambda: encode_chunk((frame.result() for frame in frames), self._form)
            )
        )

    def _join(self) -> None:
        try:
            self._joiner.append(first_of(self._pending))
        except BaseException:
            self._has_failed = True
            self._pending.clear()
            raise

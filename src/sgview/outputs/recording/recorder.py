"""The recorder: what plays as a film, or as files of pictures, for as long as it is on."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

import numpy as np

from sgview.outputs.backlog import Backlog
from sgview.outputs.codecs import codec_named
from sgview.outputs.film_file import FilmFile
from sgview.outputs.picture import HostPixels, OutputPicture
from sgview.outputs.recording.film import FileLike, Film
from sgview.outputs.recording.png_files import PngFiles
from sgview.outputs.recording.sound_track import LATE, RATE, SoundTap, SoundTrack
from sgview.outputs.video import OutputError, make_folder
from sgview.outputs.work_thread import WorkThread
from sgview.settings import Settings
from sgview.state.recording import Recording
from sgview.state.status import OutputStatus

MOST_WAITING = 8  # pictures, the one that is being encoded among them: 265 MB of 4K
BEHIND = MOST_WAITING // 2  # from so many on the pictures of slots that are missing are left out
USUAL_RATE = 60.0  # of the film, where every new picture comes [1/s]
OLDEST = 0.25  # a picture that was asked for longer ago does not move [s]


class Track(Protocol):
    """What a recording is written with: `Film` or `PngFiles`."""

    last: int  # place of the newest picture
    size: tuple[int, int]  # of the pictures [px]

    def write(self, rgba8: np.ndarray, place: int) -> None:
        """Append the picture of `place`."""
        ...

    def repeat(self, place: int) -> None:
        """Append the newest picture again up to `place`."""
        ...

    def hear(self, pieces: Sequence[np.ndarray]) -> None:
        """Append samples."""
        ...

    def close(self) -> None:
        """Finish."""
        ...


OpenTrack = Callable[[OutputPicture, bool], Track]
"""Opens what is written, by the first picture, and with a sound track or without; on a thread."""


class Recorder:
    """An `Output` that writes pictures at a constant rate, with the sound beside them.

    A place in the film is a slot of the output's rate. A slot without a picture has the one before;
    while encoding is behind it is left out, and players show the picture before for longer. So the
    film keeps its time, whatever happens.

    Args:
        open_track: called on the thread, with the first picture.
        name: of the thread.
        target: what the panel shows of where pictures go.
        now: the source of real time [s].
    """

    def __init__(
        self,
        open_track: OpenTrack,
        name: str,
        target: str = "",
        now: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._open_track = open_track
        self._target = target
        self._backlog = Backlog(MOST_WAITING, now)
        self._thread = WorkThread(f"sgview {name}")
        self._is_closed = False
        self._has_ended = False
        self._is_told = False
        self._tap: SoundTap | None = None
        self._sound: SoundTrack | None = None
        self._track: Track | None = None
        self._rate = USUAL_RATE
        self._begin: tuple[int, float] = (0, 0.0)  # slot and time of the first picture [s]
        self._newest: HostPixels | None = None

    def listen(self, tap: SoundTap) -> None:
        """Record the sound of `tap`, which is closed with the recorder; before the first offer."""
        self._tap = tap

    def offer(self, picture: OutputPicture) -> None:
        """Hand a picture to the thread, or drop it while `MOST_WAITING` wait.

        Raises:
            Exception: what went wrong on the thread.
        """
        if self._backlog.take():
            self._thread.submit(self._take, picture)

    def status(self) -> OutputStatus:
        """Return how it goes.

        Raises:
            Exception: what went wrong on the thread.
        """
        self._backlog.raise_error()
        with self._backlog.lock:
            track = self._track
            return OutputStatus(
                target=self._target,
                size=track.size if track is not None else (0, 0),
                rate=self._backlog.rate(),
                written=self._backlog.written,
                dropped=self._backlog.dropped,
                seconds=(track.last + 1) / self._rate if track is not None else 0.0,
                note=self._note(),
            )

    def close(self) -> None:
        """Let the thread finish the recording, without waiting for it; idempotent."""
        if self._is_closed:
            return
        self._is_closed = True
        self._thread.submit(self._finish)
        self._thread.close()

    @property
    def is_ended(self) -> bool:
        """Whether it is closed, and what waited is written or given up."""
        return self._has_ended

    def take_messages(self) -> list[str]:
        """Return what was recorded, once it is whole.

        Raises:
            Exception: what went wrong on the thread.
        """
        if not self._has_ended or self._is_told:
            return []
        self._is_told = True
        self._backlog.raise_error()
        if self._track is None or not self._target:
            return []
        return [f"Recorded {self._target}: {(self._track.last + 1) / self._rate:.1f} s"]

    def _take(self, picture: OutputPicture) -> None:
        """Write one picture; runs on the thread."""
        try:
            if self._backlog.error is None:
                self._write(picture)
        except Exception as error:  # raised again where it is handled, on the other thread
            self._backlog.error = error
        finally:
            self._backlog.done()

    def _write(self, picture: OutputPicture) -> None:
        track = self._track
        if track is None:
            track = self._start(picture)
        place = max(self._place_of(picture), track.last + 1)
        if self._backlog.waiting <= BEHIND:
            track.repeat(place - 1)
        if picture.pixels is self._newest and track.last == place - 1:
            track.repeat(place)
        else:
            track.write(picture.host(), place)
        self._newest = picture.pixels
        if self._tap is not None and self._sound is not None:
            track.hear(self._sound.add(self._tap.take()))
            track.hear(self._sound.fill(picture.time - LATE))
        with self._backlog.lock:
            self._backlog.note_written()

    def _start(self, picture: OutputPicture) -> Track:
        """Open the film by its first picture; its sound begins when that was asked for."""
        self._rate = picture.frame.rate or USUAL_RATE
        self._begin = (picture.slot, picture.time)
        asked = picture.asked
        is_new = asked is not None and 0.0 <= picture.time - asked < OLDEST
        if self._tap is not None:
            self._sound = SoundTrack(asked if is_new and asked is not None else picture.time)
        track = self._open_track(picture, self._tap is not None)
        with self._backlog.lock:
            self._track = track
        return track

    def _place_of(self, picture: OutputPicture) -> int:
        slot, time = self._begin
        if picture.frame.rate:
            return picture.slot - slot
        return round((picture.time - time) * self._rate)

    def _finish(self) -> None:
        """Write the rest of the sound, and end the file; runs on the thread."""
        try:
            track, sound, tap = self._track, self._sound, self._tap
            if (
                self._backlog.error is None
                and track is not None
                and sound is not None
                and tap is not None
            ):
                left = round((track.last + 1) / self._rate * RATE) - sound.count
                for piece in sound.add(tap.take()):
                    if left > 0:
                        track.hear([piece[:, :left]])
                    left -= piece.shape[1]
        except Exception as error:
            self._backlog.error = error
        try:
            if self._tap is not None:
                self._tap.close()
            if self._track is not None:
                self._track.close()
        except Exception as error:
            self._backlog.note_end(error, self._target or "a recording")
        self._has_ended = True

    def _note(self) -> str:
        """What people may want to know of how it is encoded."""
        if not isinstance(self._track, Film):
            return ""
        encoder = self._track.encoder
        return f"encoded by {encoder.maker or 'the processor'} ({encoder.name})"


def dated_stem(now: datetime) -> str:
    """Return a name without suffix that sorts by time and is new every millisecond."""
    return f"recording-{now:%Y%m%d-%H%M%S}-{now.microsecond // 1000:03d}"


def open_recorder(settings: Settings) -> Recorder:
    """Begin a recording in the folder of recordings.

    Raises:
        OutputError: if nothing can be written there.
    """
    folder = Path(settings.folders.recordings)
    recording, codec = settings.recording, codec_named(settings.recording.codec)
    make_folder(folder)
    path = folder / dated_stem(datetime.now())
    if codec.is_sequence:
        bits = 16 if codec.name == "png16" else 8

        def open_files(picture: OutputPicture, has_sound: bool) -> Track:
            make_folder(path)
            return PngFiles(path, has_alpha=picture.has_alpha, bits=bits)

        return Recorder(open_files, "recorder", str(path))
    path = path.with_name(path.name + codec.suffixes[0])

    def open_film(picture: OutputPicture, has_sound: bool) -> Track:
        try:
            file = FilmFile(path)  # not before there is something to write
        except OSError as error:
            raise OutputError(f"{path} cannot be written: {error.strerror or error}") from error
        return film_of(recording, file, str(path), codec.suffixes[0], picture, has_sound)

    return Recorder(open_film, "recorder", str(path))


def film_of(
    recording: Recording,
    file: FileLike,
    name: str,
    suffix: str,
    picture: OutputPicture,
    has_sound: bool,
) -> Film:
    """Return a film as `recording` says, for pictures such as `picture`."""
    return Film(
        file,
        name,
        codec_named(recording.codec),
        suffix,
        picture.size,
        rate=picture.frame.rate or USUAL_RATE,
        quality=recording.quality,
        has_alpha=picture.has_alpha,
        has_sound=has_sound,
        is_software=not recording.hardware,
    )

"""The replay buffer: the last half minute is kept encoded in memory, and saved when it was good."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import av
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError
from msgspec.structs import replace

from sgview.outputs.codecs import codec_named
from sgview.outputs.film_file import FilmFile
from sgview.outputs.picture import OutputPicture
from sgview.outputs.recording.film import FRAGMENTS, Film
from sgview.outputs.recording.recorder import Recorder, Track, film_of
from sgview.outputs.recording.ring import MOST_BYTES, Ring, RingFile
from sgview.outputs.video import FORMATS, OutputError
from sgview.settings import Settings
from sgview.state.recording import Recording
from sgview.state.status import OutputStatus


class ReplayBuffer(Recorder):
    """A recorder whose film is only kept for a while, until `save` writes it into a file.

    Args:
        recording: how it is encoded, and how much is kept; codecs that are files of pictures are
            kept as H.264.
        folder: in which replays are saved.
        now: the source of real time [s].
        most_bytes: that are kept, whatever time that is.
    """

    def __init__(
        self,
        recording: Recording,
        folder: Path,
        now: Callable[[], float] = time.perf_counter,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        if codec_named(recording.codec).is_sequence:
            recording = replace(recording, codec="h264")
        self._folder, self._recording = folder, recording
        self._suffix = codec_named(recording.codec).suffixes[0]
        self._kept_as = ".mov" if recording.codec == "prores" else ".mp4"
        # One more than asked for: the newest is never complete.
        self._ring = RingFile(int(recording.replay_seconds) + 1, most_bytes)
        self._saver = ThreadPoolExecutor(1, "sgview replay")
        self._due: deque[int] = deque()  # fragments there must be before the ring is saved
        self._saving: deque[tuple[Path, Future[float]]] = deque()
        self._replays = 0
        super().__init__(self._open_film, "replay buffer", now=now)

    def save(self) -> None:
        """Write what has just played into a file, as soon as its last second is complete."""
        self._due.append(self._ring.completed + 1)

    def offer(self, picture: OutputPicture) -> None:
        """Hand a picture to the thread, and begin to save what is due."""
        super().offer(picture)
        while self._due and self._ring.completed >= self._due[0]:
            self._due.popleft()
            self._write_ring()

    def status(self) -> OutputStatus:
        """Return how it goes, `seconds` being what is kept."""
        status = super().status()
        kept = min(status.seconds, self._recording.replay_seconds)
        size = f"{self._ring.size / 1e6:.0f} of at most {MOST_BYTES / 1e6:.0f} MB"
        target = f"the last {self._recording.replay_seconds:.0f} s, {size} of memory"
        return replace(status, target=target, seconds=kept)

    @property
    def is_ended(self) -> bool:
        """Whether nothing is kept any more, and what was asked for is saved."""
        return super().is_ended and not self._saving

    def take_messages(self) -> list[str]:
        """Return what was saved since the last call.

        Raises:
            OutputError: if it could not be.
        """
        messages = super().take_messages()
        while self._saving and self._saving[0][1].done():
            path, saving = self._saving.popleft()
            messages.append(f"Saved the last {saving.result():.0f} s as {path}")
        return messages

    def close(self) -> None:
        """Forget what is kept, once what was asked for is saved; idempotent."""
        while self._due:  # what there is of its last second is not waited for
            self._due.popleft()
            self._write_ring()
        super().close()
        self._saver.shutdown(wait=False)

    def _write_ring(self) -> None:
        self._replays += 1
        stem = f"replay-{datetime.now():%Y%m%d-%H%M%S}-{self._replays}"
        path = self._folder / f"{stem}{self._suffix}"
        saving = self._saver.submit(save_ring, self._ring.ring(), self._kept_as, path)
        self._saving.append((path, saving))

    def _open_film(self, picture: OutputPicture, has_sound: bool) -> Track:
        film: Film = film_of(
            self._recording, self._ring, "the replay buffer", self._kept_as, picture, has_sound
        )
        return film


def save_ring(ring: Ring, kept_as: str, path: Path) -> float:
    """Write what a ring holds into a film that begins at 0, without encoding it again.

    Args:
        ring: of a film in the container of the suffix `kept_as`.
        kept_as: ".mp4" or ".mov".
        path: the film; its folder is made if need be.

    Returns:
        Its length [s].

    Raises:
        OutputError: if there is nothing yet, or it cannot be written.
    """
    if not ring.fragments:
        raise OutputError("There is nothing to save yet: a replay has at least a second.")
    form = FORMATS[path.suffix]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = FilmFile(path)
        with (
            av.open(ring.reader(), "r", format=FORMATS[kept_as]) as source,
            av.open(file, "w", format=form, options=FRAGMENTS[form]) as target,
        ):
            length = _copy(source, target)
        file.close()
    except (FFmpegError, OSError) as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}") from error
    return length


def _copy(source: InputContainer, target: OutputContainer) -> float:  # [s]
    streams = {stream.index: target.add_stream_from_template(stream) for stream in source.streams}
    begin: float | None = None
    end = 0.0
    for packet in source.demux():
        if packet.pts is None or packet.dts is None or packet.time_base is None:
            continue
        is_video = packet.stream.type == "video"
        time = float(packet.pts * packet.time_base)
        if begin is None and is_video:
            begin = time
        if begin is None or time < begin:
            continue
        shift = round(begin / packet.time_base)
        packet.pts, packet.dts = packet.pts - shift, packet.dts - shift
        if is_video:
            end = time - begin + float((packet.duration or 0) * packet.time_base)
        packet.stream = streams[packet.stream.index]
        target.mux(packet)
    return end


def open_replay(settings: Settings) -> ReplayBuffer:
    """Begin to keep what plays."""
    return ReplayBuffer(settings.recording, Path(settings.folders.recordings))

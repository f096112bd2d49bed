"""Recording a take: one line a frame, written by a thread."""

from __future__ import annotations

import logging
import os
import queue
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import zstandard

from sgview.show.resolver import Resolver
from sgview.show.script_frame import Change
from sgview.show.takes.take import FadeStart, FadeUnderWay, Header, Line, RecordedNetwork
from sgview.signals.incoming import Inputs, Instant
from sgview.state.networks import Slot
from sgview.state.params import Params
from sgview.state.status import TakeStatus
from sgview.state.text import writable

log = logging.getLogger(__name__)

FLUSH_EVERY = 1.0  # a program that is killed loses at most this much of a take [s]
LEVEL = 6  # of compression


def dated_name(now: datetime) -> str:
    """Return a file name that sorts by time."""
    return f"take-{now:%Y%m%d-%H%M%S}.jsonl.zst"


class TakeRecorder:
    """Writes a take from its first frame until `close`.

    Args:
        path: the file; its folder is made.
        params: as they are set.
        resolver: what has led to them, restarted.
        networks: what plays.

    Raises:
        OSError: if the file cannot be made.
    """

    def __init__(
        self,
        path: Path,
        params: Params,
        resolver: Resolver,
        networks: dict[Slot, RecordedNetwork],
    ) -> None:
        self.path = path
        self.problem = ""  # why writing ended early
        self._seconds = 0.0
        self._frames = 0
        self._params = params
        self._inputs = Inputs()
        self._changes: tuple[Change, ...] = ()
        self._bpm = Instant(0.0).bpm
        self._networks = networks
        self._fade: FadeStart | None = None
        running = resolver.crossfade.running
        header = Header(
            created=datetime.now().isoformat(timespec="seconds"),
            params=params,
            shown=resolver.shown,
            fade=None
            if running is None
            else FadeUnderWay(
                origin=running.origin,
                since=running.start,
                seconds=running.seconds,
                easing=running.easing,
            ),
            networks=networks,
            travel=resolver.travel.state if resolver.travel is not None else None,
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("xb")
        self._queue: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._queue.put(header)
        self._thread = threading.Thread(target=self._write, name="sgview take", daemon=True)
        self._thread.start()

    @property
    def status(self) -> TakeStatus:
        """What the panel shows."""
        size = 0 if self._file.closed else self._file.tell()
        return TakeStatus(str(self.path), self._seconds, self._frames, size)

    def note_fade(self, fade: FadeStart) -> None:
        """A recall begins with the next frame."""
        self._fade = fade

    def record(
        self,
        params: Params,
        instant: Instant,
        changes: tuple[Change, ...],
        networks: dict[Slot, RecordedNetwork],
    ) -> None:
        """Note one frame: values as set, time and inputs, changes by the script, networks."""
        line = Line(
            t=instant.t,
            elapsed=instant.elapsed,
            dt=instant.dt,
            beat=instant.beat,
            bpm=None if instant.bpm == self._bpm else instant.bpm,
            params=_difference(self._params, params),
            inputs=_difference(self._inputs, instant.inputs),
            changes=None if changes == self._changes else changes,
            fade=self._fade,
            networks=None if networks == self._networks else networks,
            restarts=instant.restarts,
        )
        self._params, self._inputs, self._changes = params, instant.inputs, changes
        self._bpm, self._networks, self._fade = instant.bpm, networks, None
        self._seconds += instant.elapsed
        self._frames += 1
        self._queue.put(line)

    def close(self) -> None:
        """Write the rest and close the file; closing again does nothing."""
        if self._thread.is_alive():
            self._queue.put(None)
            self._thread.join()

    def _write(self) -> None:
        compressor = zstandard.ZstdCompressor(level=LEVEL)
        encode = msgspec.json.Encoder().encode
        since_flush = 0.0
        try:
            with self._file:
                with compressor.stream_writer(self._file, closefd=False) as writer:
                    while (item := self._queue.get()) is not None:
                        writer.write(_text(encode, item) + b"\n")
                        since_flush += item.elapsed if isinstance(item, Line) else FLUSH_EVERY
                        if since_flush >= FLUSH_EVERY:
                            since_flush = 0.0
                            writer.flush(zstandard.FLUSH_BLOCK)
                            self._file.flush()
                self._file.flush()
                os.fsync(self._file.fileno())
        except OSError as error:
            self.problem = f"{self.path} cannot be written: {error.strerror or error}"
            log.error("%s", self.problem)
        except Exception as error:  # a recorder that dies must not seem to go on
            self.problem = f"{self.path} ends early: {type(error).__name__}: {error}"
            log.exception("%s", self.problem)


def _text(encode: Callable[[Any], bytes], item: Any) -> bytes:
    """Return a line; what is no Unicode, such as a strange file name, becomes U+FFFD."""
    try:
        return encode(item)
    except UnicodeEncodeError:
        return encode(writable(msgspec.to_builtins(item)))


def _difference(old: Any, new: Any) -> dict[str, Any] | None:
    """Return the fields of a struct that changed as plain data, None if none did."""
    if new is old:
        return None
    changed = {
        name: msgspec.to_builtins(value)
        for name in new.__struct_fields__
        if (value := getattr(new, name)) is not (before := getattr(old, name)) and value != before
    }
    return changed or None

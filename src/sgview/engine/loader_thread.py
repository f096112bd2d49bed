"""Reading checkpoints in the background, one at a time."""

from __future__ import annotations

import atexit
import contextlib
import queue
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from sgview.engine.network import Network
from sgview.state.networks import OTHER, Slot
from sgview.state.status import LoadStatus

LAST_WAIT = 20.0  # for a file that is still being read when the program ends [s]

Load = Callable[[Path, Callable[[float], None]], Network]


class _CancelledError(Exception):
    """Raised in the loader to stop reading a file that is not wanted any more."""


class _Job(NamedTuple):
    number: int
    slot: Slot
    path: Path


class LoaderThread:
    """Reads files on a thread of its own; in each slot only the newest request counts."""

    def __init__(
        self,
        load: Load,
        on_loaded: Callable[[Slot, Network], None],  # called on the loader's thread
        on_failed: Callable[[Slot, Path, Exception], None],  # called on the loader's thread
    ):
        self._load = load
        self._on_loaded = on_loaded
        self._on_failed = on_failed
        self._lock = threading.Lock()
        self._number = 0
        self._wanted: dict[Slot, _Job] = {}
        self._progress: dict[Slot, float] = {}
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="sgview loader", daemon=True)
        self._thread.start()

    def request(self, slot: Slot, path: Path) -> None:
        """Read `path` for `slot`, in place of what was requested for it before."""
        with self._lock:
            self._number += 1
            job = self._wanted[slot] = _Job(self._number, slot, path)
            self._progress[slot] = 0.0
        self._jobs.put(job)

    def cancel(self, slot: Slot) -> None:
        """Drop the request for `slot`."""
        with self._lock:
            self._wanted.pop(slot, None)

    def swap(self, then: Callable[[], None]) -> None:
        """Let files that are being read for A arrive in B, and the other way round.

        Calls `then` under the same lock, so that no file arrives between the two.
        """
        with self._lock:
            self._wanted = {OTHER[s]: job for s, job in self._wanted.items()}
            self._progress = {OTHER[s]: p for s, p in self._progress.items()}
            then()

    def statuses(self) -> tuple[LoadStatus, ...]:
        """Return what is being read or waits for it."""
        with self._lock:
            return tuple(
                LoadStatus(slot, str(job.path), self._progress.get(slot, 0.0))
                for slot, job in sorted(self._wanted.items())
            )

    def close(self) -> None:
        """Stop at the next sign of progress; a file that gives none is left to its thread."""
        with self._lock:
            self._wanted.clear()
        self._jobs.put(None)
        self._thread.join(timeout=2.0)
        if self._thread.is_alive():
            # The interpreter would tear it out of torch, and that aborts the program.
            atexit.register(self._thread.join, LAST_WAIT)

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            with contextlib.suppress(_CancelledError):
                self._read(job)

    def _read(self, job: _Job) -> None:
        self._note_progress(job, 0.0)
        try:
            network = self._load(job.path, lambda share: self._note_progress(job, share))
        except _CancelledError:
            raise
        except Exception as error:
            with self._lock:
                self._on_failed(self._finish(job), job.path, error)
        else:
            with self._lock:
                self._on_loaded(self._finish(job), network)

    def _note_progress(self, job: _Job, share: float) -> None:
        with self._lock:
            self._progress[self._slot_of(job)] = min(max(float(share), 0.0), 1.0)

    def _finish(self, job: _Job) -> Slot:
        slot = self._slot_of(job)
        del self._wanted[slot]
        return slot

    def _slot_of(self, job: _Job) -> Slot:
        """Return where `job` is wanted, by now; raises _CancelledError if nowhere."""
        for slot, wanted in self._wanted.items():
            if wanted.number == job.number:
                return slot
        raise _CancelledError

"""The pictures that a thread of an output is given: what waits, what was written, how fast."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from threading import Lock

log = logging.getLogger(__name__)

RATE_OVER = 1.0  # length of time that the rate is counted over [s]


class Backlog:
    """Counts for two threads: one offers pictures, the other writes them.

    Args:
        most_waiting: pictures that may wait, the one that is being written among them.
        now: the source of real time [s].

    Attributes:
        lock: held while the counts change; for what changes together with them.
        waiting: pictures that were taken and are not done.
        error: what went wrong on the thread that writes.
    """

    def __init__(self, most_waiting: int, now: Callable[[], float]) -> None:
        self.lock = Lock()
        self.waiting = 0
        self.written = 0
        self.dropped = 0
        self.error: Exception | None = None
        self._most_waiting = most_waiting
        self._now = now
        self._times: deque[float] = deque()  # when those of late were written [s]

    def take(self) -> bool:
        """Count a picture that is offered; False where it is dropped, since too many wait.

        Raises:
            Exception: what went wrong on the thread that writes.
        """
        self.raise_error()
        with self.lock:
            if self.waiting >= self._most_waiting:
                self.dropped += 1
                return False
            self.waiting += 1
            return True

    def note_end(self, error: Exception, target: str) -> None:
        """Note what went wrong at the end, which is of use in the log too; the first error stays.

        Args:
            error: what was raised.
            target: what was written.
        """
        self.error = self.error or error
        log.error("%s: %s", target, error)

    def note_written(self) -> None:
        """Count a picture that was written; `lock` is held."""
        self.written += 1
        self._times.append(self._now())
        self._forget()

    def done(self) -> None:
        """Count a picture that waits no more."""
        with self.lock:
            self.waiting -= 1

    def rate(self) -> float:
        """Return how many were written in the last second [1/s]; `lock` is held."""
        self._forget()
        return len(self._times) / RATE_OVER

    def raise_error(self) -> None:
        """Raise what went wrong on the thread that writes, if anything did."""
        if self.error is not None:
            raise self.error

    def _forget(self) -> None:
        begin = self._now() - RATE_OVER
        while self._times and self._times[0] < begin:
            self._times.popleft()

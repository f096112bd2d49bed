"""How fast a film is made, apart from what it takes to begin."""

from __future__ import annotations

import time
from collections.abc import Callable


class Pace:
    """Notes when chunks come.

    Args:
        now: the source of real time [s], such that other programs can be asked about the same time.
    """

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._workers: set[int] = set()
        self._since = 0  # pictures that came after `first`
        self.began = now()
        self.first: float | None = None  # when the last worker to begin had made a chunk [s]
        self.last: float | None = None

    def note(self, worker: int, count: int) -> None:
        """Note that a worker has made `count` more pictures."""
        self.last = self._now()
        if worker not in self._workers:
            self._workers.add(worker)
            self.first, self._since = self.last, 0
        else:
            self._since += count

    @property
    def rate(self) -> float:
        """Pictures a second from when all workers were at work; 0: not known."""
        if self.first is None or self.last is None or self.last <= self.first:
            return 0.0
        return self._since / (self.last - self.first)

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
        self._first: dict[int, float] = {}  # when each worker had made a chunk [s]
        self._last: dict[int, float] = {}
        self._made: list[tuple[float, int]] = []  # when so many pictures came
        self.began = now()

    def note(self, worker: int, count: int) -> None:
        """Note that a worker has made `count` more pictures."""
        at = self._now()
        self._first.setdefault(worker, at)
        self._last[worker] = at
        self._made.append((at, count))

    @property
    def first(self) -> float | None:
        """When the last worker to begin had made a chunk [s]; None before any had."""
        return max(self._first.values(), default=None)

    @property
    def last(self) -> float | None:
        """When the first had no more to do [s]; where one was lost before, when all was made."""
        first, idle = self.first, min(self._last.values(), default=None)
        if first is None or idle is None or idle > first:
            return idle
        return max(self._last.values())

    @property
    def rate(self) -> float:
        """Pictures a second while all workers were at work; 0: not known."""
        first, last = self.first, self.last
        if first is None or last is None or last <= first:
            return 0.0
        return sum(count for at, count in self._made if first < at <= last) / (last - first)

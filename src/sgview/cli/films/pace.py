"""How fast a film is made, apart from what it takes to begin."""

from __future__ import annotations

import time
from collections.abc import Callable

_STEADY = 0.2  # least share of the time in which all are at work


class Pace:
    """Notes when chunks come.

    It counts while all workers are at work. Where that is less than a fifth of the time, or one was
    lost, it counts from the first chunk to the last.

    Args:
        now: the source of real time [s], such that other programs can be asked about the same time.
    """

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._first: dict[int, float] = {}  # when each worker had made a chunk [s]
        self._last: dict[int, float] = {}
        self._made: list[tuple[float, int]] = []  # when so many pictures came
        self._has_lost = False
        self.began = now()

    def note(self, worker: int, count: int) -> None:
        """Note that a worker has made `count` more pictures."""
        at = self._now()
        self._first.setdefault(worker, at)
        self._last[worker] = at
        self._made.append((at, count))

    def note_loss(self) -> None:
        """Note that a worker was lost."""
        self._has_lost = True

    @property
    def first(self) -> float | None:
        """When counting begins: the last worker had made a chunk [s]; None before any had."""
        return self._span[0] if self._made else None

    @property
    def last(self) -> float | None:
        """When counting ends: the first had no more to do [s]."""
        return self._span[1] if self._made else None

    @property
    def rate(self) -> float:
        """Pictures a second between the two; 0: not known."""
        first, last = self._span if self._made else (0.0, 0.0)
        if last <= first:
            return 0.0
        return sum(count for at, count in self._made if first < at <= last) / (last - first)

    @property
    def _span(self) -> tuple[float, float]:
        """Return from when to when it counts [s]; there are chunks."""
        begun, idle = max(self._first.values()), min(self._last.values())
        whole = min(self._first.values()), max(self._last.values())
        is_steady = not self._has_lost and idle - begun >= _STEADY * (whole[1] - whole[0])
        return (begun, idle) if is_steady else whole

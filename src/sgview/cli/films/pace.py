"""How fast a film is made, apart from what it takes to begin."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass
class _Run:
    """What one worker has done."""

    first: float  # when its first chunk came [s]
    last: float
    count: int = 0  # pictures since the first chunk


class Pace:
    """Notes when chunks come.

    Args:
        now: the source of real time [s], such that other programs can be asked about the same time.
    """

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._runs: dict[int, _Run] = {}
        self.began = now()
        self.first: float | None = None  # when the first chunk came [s]
        self.last: float | None = None

    def note(self, worker: int, count: int) -> None:
        """Note that a worker has made `count` more pictures."""
        now = self.last = self._now()
        if self.first is None:
            self.first = now
        if worker not in self._runs:
            self._runs[worker] = _Run(now, now)
            return
        run = self._runs[worker]
        run.count += count
        run.last = now

    @property
    def rate(self) -> float:
        """Pictures a second of all workers together, each since its first chunk; 0: not known."""
        runs = self._runs.values()
        return sum(run.count / (run.last - run.first) for run in runs if run.last > run.first)

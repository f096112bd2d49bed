"""How many pictures a second go somewhere."""

from __future__ import annotations

from collections import deque

OVER = 1.0  # length of time that is counted over [s]


class Rate:
    """Counts what happens; not safe between threads."""

    def __init__(self) -> None:
        self._times: deque[float] = deque()  # of the last `OVER` [s]

    def note(self, now: float) -> None:
        """Count one more, at `now` [s]."""
        self._times.append(now)
        self._forget(now)

    def at(self, now: float) -> float:
        """Return how many there were in the second before `now` [1/s]."""
        self._forget(now)
        return len(self._times) / OVER

    def _forget(self, now: float) -> None:
        while self._times and self._times[0] < now - OVER:
            self._times.popleft()

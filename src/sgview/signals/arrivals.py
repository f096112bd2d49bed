"""What has come in since the last look, so that a press and its release are both seen.

Between two frames only the newest value of a name counts, as for a fader, but for one thing: where
a value goes on or off in between, a tap, each of these states is seen by one look.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, TypeVar

MAX_WAITING = 4  # states of one name that wait: a tap of 1 and 0, twice

Arrived = TypeVar("Arrived")


class Arrivals(Generic[Arrived]):
    """Values by name that nobody has looked at; not for two threads at a time."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[Arrived]] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def __contains__(self, name: str) -> bool:
        return name in self._waiting

    def put(self, name: str, value: Arrived) -> None:
        """Add a value, in place of those before it that are on or off as it is."""
        waiting = self._waiting.pop(name, [])  # to its place in the order of arrival
        self._waiting[name] = waiting
        if waiting and state_of(waiting[-1]) == state_of(value):
            waiting[-1] = value
            return
        waiting.append(value)
        if len(waiting) > MAX_WAITING:
            del waiting[:2]  # a press and its release: the newest state is as it was

    def take(self) -> dict[str, Arrived]:
        """Return the oldest value of each name, in order of arrival; the rest waits its turn."""
        taken = {name: waiting.pop(0) for name, waiting in self._waiting.items()}
        self._waiting = {name: waiting for name, waiting in self._waiting.items() if waiting}
        return taken


def state_of(value: object) -> tuple[object, ...]:
    """Return how far each number of a value is on: 0 not at all, 1 softly, 2 past the half."""
    values: Iterable[object] = value if isinstance(value, tuple) else (value,)
    return tuple(
        (number > 0.0) + (number > 0.5) if isinstance(number, float) else None for number in values
    )

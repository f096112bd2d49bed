"""Ctrl+C and SIGTERM while a film is written: it is finished as far as it has come."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

PATIENCE = 3
"""Interrupts, of which the last no longer waits for the picture in hand."""

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """Whether the user wants to stop.

    Until `begin`, an interrupt is a KeyboardInterrupt at once. From then on it is noted, so that
    nothing is left half written; impatience at last ends the program all the same.
    """

    def __init__(self) -> None:
        self.count = 0
        self._is_noted = False

    def begin(self) -> None:
        """Note interrupts from now on."""
        self._is_noted = True

    def receive(self, number: int, frame: FrameType | None) -> None:
        """Take a signal."""
        self.count += 1
        if not self._is_noted or self.count >= PATIENCE:
            raise KeyboardInterrupt

    @property
    def is_wanted(self) -> bool:
        """Whether to stop after the picture in hand."""
        return self.count > 0


@contextmanager
def interrupts() -> Iterator[Interrupts]:
    """Take SIGINT and SIGTERM for as long as the block runs; only the main thread gets them."""
    taken = Interrupts()
    if threading.current_thread() is not threading.main_thread():
        yield taken
        return
    before = {number: signal.signal(number, taken.receive) for number in SIGNALS}
    try:
        yield taken
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

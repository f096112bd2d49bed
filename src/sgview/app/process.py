"""What surrounds the loop of the window: how threads share Python, and how the system ends it."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

THREAD_TURN = 0.0002  # the longest one thread holds the interpreter while the other waits [s]


@contextmanager
def turns_of(seconds: float) -> Iterator[None]:
    """Let threads that run Python take turns this long: the panel's must not stall the engine's."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(seconds)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


@contextmanager
def closing_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Leave cleanly on Ctrl+C and on the system's request to end."""
    before = {}
    for number in (signal.SIGINT, signal.SIGTERM):
        before[number] = signal.signal(number, lambda *_: stop())
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

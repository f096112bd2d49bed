"""What surrounds the loop of the window: how threads share Python, and how the system ends it."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

THREAD_TURN = 0.0002  # the longest one thread holds the interpreter while the other waits [s]
GRACE = 1.5  # for closing everything; what hangs then is left behind [s]

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")  # the last where the terminal is closed; not on Windows
_SIGNALS = tuple(getattr(signal, name) for name in _NAMES if hasattr(signal, name))
_BEGIN = b"\0"  # no signal has this number


@contextmanager
def turns_of(seconds: float) -> Iterator[None]:
    """Let threads that run Python take turns this long: the panel's must not stall the engine's."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(seconds)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


class Leaving:
    """Leaves cleanly on Ctrl+C and on the system's request to end, and never hangs doing so.

    The first signal asks the loop to end. Whatever hangs, an engine, a disk or a driver, has until
    `GRACE` is over; then the process ends all the same. A second signal ends it at once. A thread
    hears the signals too, since the main thread may be the one that hangs.

    Args:
        stop: asks the loop to end; called on the main thread.
    """

    def __init__(self, stop: Callable[[], None]) -> None:
        self._stop = stop
        self._at_last: Callable[[], object] = _end_well
        self._has_signal = False
        self._before: dict[int, Any] = {}
        self._wakeup = -1  # who was told of signals before
        self._reader, self._writer = socket.socketpair()

    def __enter__(self) -> Self:
        self._writer.setblocking(False)
        for number in _SIGNALS:
            self._before[number] = signal.signal(number, lambda *_: self._stop())
        self._wakeup = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        threading.Thread(target=self._watch, name="sgview signals", daemon=True).start()
        return self

    @property
    def is_asked_for(self) -> bool:
        """Whether a signal asked the program to end."""
        return self._has_signal

    def begin(self, at_last: Callable[[], object] | None = None) -> None:
        """Note that everything is being closed now.

        Args:
            at_last: ends the process, on another thread, if that hangs; None: with exit code 0.
        """
        self._at_last = at_last or _end_well
        self._writer.send(_BEGIN)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        signal.set_wakeup_fd(self._wakeup)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._writer.close()  # ends the thread

    def _watch(self) -> None:
        end = float("inf")  # [s]
        with self._reader:
            while True:
                left = end - time.monotonic()
                self._reader.settimeout(None if left == float("inf") else max(left, 0.001))
                try:
                    heard = self._reader.recv(64)
                except TimeoutError:
                    (_end_well if self._has_signal else self._at_last)()
                    return
                if not heard:
                    return
                for number in heard:
                    if number in _SIGNALS and self._has_signal:
                        os._exit(128 + number)
                    self._has_signal = self._has_signal or number in _SIGNALS
                end = min(end, time.monotonic() + GRACE)


def _end_well() -> None:
    os._exit(0)  # what is played was saved first: see `App`

"""A thread that does one thing after the other, and takes next to no time of who asks for them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any

log = logging.getLogger(__name__)

LOOK_EVERY = 1.0  # whether the program has ended, while there is nothing to do [s]
_Work = tuple[Callable[..., object], tuple[Any, ...]]


class WorkThread:
    """Begins with the first piece of work, and ends after the last.

    `concurrent.futures` makes a future with a lock for each piece: the window's thread would pay
    several times as much for it. What waits is still done when the program ends, as there.

    Args:
        name: of the thread.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._work: SimpleQueue[_Work | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._is_closed = False

    def submit(self, function: Callable[..., object], *arguments: Any) -> None:
        """Let `function` be called after what waits; without waiting for it.

        Raises:
            RuntimeError: after `close`.
        """
        if self._is_closed:
            raise RuntimeError(f"the thread {self._name} was closed")
        self._work.put((function, arguments))
        if self._thread is None:
            # Not a daemon: the program waits at its end for what waits here.
            self._thread = threading.Thread(target=self._run, name=self._name)
            self._thread.start()

    def close(self, *, wait: bool = False) -> None:
        """Take no more; the thread ends when what waits is done. Idempotent.

        Args:
            wait: return only then.
        """
        if not self._is_closed:
            self._is_closed = True
            self._work.put(None)
        if wait and self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while (work := self._next()) is not None:
            function, arguments = work
            try:
                function(*arguments)
            except Exception:
                log.exception("work of the thread %s failed", self._name)

    def _next(self) -> _Work | None:
        """Wait for a piece of work; None at the end, also of a program that forgot to close."""
        while True:
            try:
                return self._work.get(timeout=LOOK_EVERY)
            except Empty:
                if not threading.main_thread().is_alive():
                    return None

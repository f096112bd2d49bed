"""The thread in which a live script runs, so that the window never waits for it for long.

A trace function could interrupt a loop, but not what waits in C (`time.sleep`, a socket, a large
computation), and it slows every line down. From a thread of its own the script is simply left
behind: it is sent an exception, which ends it at its next line of Python, and the frame goes on.
"""

from __future__ import annotations

import ctypes
import queue
import sys
import threading
from collections.abc import Callable
from typing import Any

MOST_LEFT_BEHIND = 4  # threads that do not end: each takes its share of the processor


class OverrunError(Exception):
    """A task took longer than it may.

    Attributes:
        line: of the file that was named, where it was; 0: not known.
    """

    def __init__(self, line: int = 0) -> None:
        super().__init__("it took too long")
        self.line = line


class _InterruptError(BaseException):
    """Ends a script; no `except Exception` of its own catches it."""


class ScriptThread:
    """Runs tasks one after the other; after one that takes too long, on another thread."""

    def __init__(self) -> None:
        self._runner: _Runner | None = None
        self._left_behind: list[_Runner] = []

    def run(self, task: Callable[[], Any], limit: float, file: str) -> Any:
        """Run `task` and return what it returns.

        Args:
            task: what to do.
            limit: how long it may take [s].
            file: whose line to tell of where it takes longer.

        Raises:
            OverrunError: if it takes longer; it is interrupted.
            BaseException: whatever `task` raises.
        """
        self.begin(task)
        if not self.is_done(limit):
            raise OverrunError(self.leave(file))
        return self.take()

    def begin(self, task: Callable[[], Any]) -> None:
        """Begin to run `task`; one that is still running is left behind."""
        self._left_behind = [runner for runner in self._left_behind if runner.interrupt()]
        if self._runner is not None and self._runner.is_busy:
            self.leave("")
        if len(self._left_behind) >= MOST_LEFT_BEHIND:
            return
        if self._runner is None:
            self._runner = _Runner()
        self._runner.begin(task)

    def is_done(self, patience: float) -> bool:
        """Return whether the task ends within `patience` seconds."""
        return self._runner is not None and self._runner.is_done(patience)

    def take(self) -> Any:
        """Return what the task returned that is done.

        Raises:
            BaseException: whatever it raised.
        """
        assert self._runner is not None
        return self._runner.take()

    def leave(self, file: str) -> int:
        """Interrupt the task; return the line of `file` where it was, 0 if that is not known."""
        if self._runner is None:
            return 0
        runner, self._runner = self._runner, None
        line = runner.line_in(file)
        runner.stop()
        if runner.interrupt():
            self._left_behind.append(runner)
        return line

    def close(self) -> None:
        """Let the thread end; one that hangs is left behind."""
        if self._runner is not None and self._runner.is_busy:
            self.leave("")
        elif self._runner is not None:
            self._runner.stop()
            self._runner = None
        for runner in self._left_behind:
            runner.interrupt()


_Outcome = tuple[Any, BaseException | None]


class _Runner:
    """One thread."""

    def __init__(self) -> None:
        self._tasks: queue.SimpleQueue[Callable[[], Any] | None] = queue.SimpleQueue()
        self._outcomes: queue.SimpleQueue[_Outcome] = queue.SimpleQueue()
        self._outcome: _Outcome | None = None
        self.is_busy = False  # until the outcome is taken
        self._thread = threading.Thread(target=self._work, name="sgview script", daemon=True)
        self._thread.start()

    def begin(self, task: Callable[[], Any]) -> None:
        self.is_busy = True
        self._tasks.put(task)

    def is_done(self, patience: float) -> bool:
        if self._outcome is None:
            try:
                self._outcome = self._outcomes.get(timeout=patience)
            except queue.Empty:
                return False
        return True

    def take(self) -> Any:
        assert self._outcome is not None
        (result, error), self._outcome, self.is_busy = self._outcome, None, False
        if error is not None:
            raise error
        return result

    def line_in(self, file: str) -> int:
        """Return the line of `file` that is being executed, 0 if none is."""
        frame = sys._current_frames().get(self._thread.ident or 0)
        while frame is not None and frame.f_code.co_filename != file:
            frame = frame.f_back
        return frame.f_lineno if frame is not None else 0

    def interrupt(self) -> bool:
        """Raise an exception in the thread; return whether it is still alive."""
        if self._thread.is_alive() and self._thread.ident is not None:
            identity = ctypes.c_ulong(self._thread.ident)
            interruption = ctypes.py_object(_InterruptError)
            ctypes.pythonapi.PyThreadState_SetAsyncExc(identity, interruption)
        return self._thread.is_alive()

    def stop(self) -> None:
        """Let the thread end after the task in hand."""
        self._tasks.put(None)

    def _work(self) -> None:
        try:
            while (task := self._tasks.get()) is not None:
                self._outcomes.put(_outcome(task))
        except _InterruptError:  # it came when the task had just ended
            return


def _outcome(task: Callable[[], Any]) -> _Outcome:
    try:
        return task(), None
    except BaseException as error:  # SystemExit and KeyboardInterrupt too: they are the script's
        return None, error

"""How long the stages of a frame take."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch

from sgview.state.machine import Timing

_Marks = list[tuple[str, torch.cuda.Event]]  # the event at the end of each stage

_UNTIMED = nullcontext()


class StageTimers:
    """Times named stages, by the host's clock or, on CUDA, by events read one frame late.

    On CUDA a stage begins where the one before it ends: nothing is launched between them. Time in
    which the device waits for a launch counts for the stage that is launched. One frame is timed at
    a time, and at most one in `interval` [s]: recording an event takes the host longer than
    launching a stage.
    """

    def __init__(self, device: torch.device, interval: float = 0.0):
        self._is_cuda = device.type == "cuda"
        self._interval = interval
        self._due = 0.0
        self._is_marking = False  # events are recorded in this frame
        self._running: _Marks = []
        self._pending: _Marks = []
        self._free: list[torch.cuda.Event] = []  # to be recorded again
        self._current: list[Timing] = []
        self._latest: tuple[Timing, ...] = ()

    def start_frame(self) -> None:
        """Forget the stages of a frame that did not finish."""
        self._current = []
        if self._is_cuda:
            self._read()
            if self._running:
                self._release(self._running)
                self._running = []
            now = time.perf_counter()
            self._is_marking = now >= self._due and not self._pending
            if self._is_marking:
                self._due = now + self._interval
                self._running = [("", self._mark())]

    def stage(self, name: str) -> AbstractContextManager[object]:
        """Time the body as the stage `name`."""
        if self._is_cuda and not self._is_marking:
            return _UNTIMED
        return self._timed(name)

    @contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        begin = time.perf_counter()
        yield
        if self._is_marking:
            self._running.append((name, self._mark()))
        else:
            self._current.append(Timing(name, (time.perf_counter() - begin) * 1000.0))

    def finish_frame(self) -> tuple[Timing, ...]:
        """Return the stages of the last frame whose times are known."""
        if not self._is_cuda:
            self._latest = tuple(self._current)
            return self._latest
        if self._is_marking:
            self._pending, self._running = self._running, []
        return self._latest

    def _read(self) -> None:
        """Take the times of a frame that the device has finished."""
        marks = self._pending
        if marks and marks[-1][1].query():
            self._latest = tuple(
                Timing(name, before.elapsed_time(end))
                for (_, before), (name, end) in itertools.pairwise(marks)
            )
            self._release(marks)
            self._pending = []

    def _mark(self) -> torch.cuda.Event:
        event = self._free.pop() if self._free else torch.cuda.Event(enable_timing=True)
        event.record()
        return event

    def _release(self, marks: _Marks) -> None:
        self._free.extend(event for _, event in marks)

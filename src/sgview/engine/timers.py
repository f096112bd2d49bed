"""How long the stages of a frame take."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from sgview.state.machine import Timing

_Events = list[tuple[str, torch.cuda.Event, torch.cuda.Event]]


class StageTimers:
    """Times named stages, by the host's clock or, on CUDA, by events read one frame late."""

    def __init__(self, device: torch.device):
        self._is_cuda = device.type == "cuda"
        self._running: _Events = []
        self._pending: _Events = []
        self._current: list[Timing] = []
        self._latest: tuple[Timing, ...] = ()

    def start_frame(self) -> None:
        """Forget the stages of a frame that did not finish."""
        self._running = []
        self._current = []

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time the body as the stage `name`."""
        if self._is_cuda:
            start = torch.cuda.Event(enable_timing=True)
            end = torch.cuda.Event(enable_timing=True)
            start.record()
            yield
            end.record()
            self._running.append((name, start, end))
        else:
            begin = time.perf_counter()
            yield
            self._current.append(Timing(name, (time.perf_counter() - begin) * 1000.0))

    def finish_frame(self) -> tuple[Timing, ...]:
        """Return the stages of the last frame whose times are known."""
        if not self._is_cuda:
            self._latest = tuple(self._current)
            return self._latest
        if self._pending and self._pending[-1][2].query():
            self._latest = tuple(
                Timing(name, start.elapsed_time(end)) for name, start, end in self._pending
            )
            self._pending = []
        if not self._pending:
            self._pending = self._running
        return self._latest

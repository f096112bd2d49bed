"""What is worked out beside the pictures: on one thread that gives way to all others."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import torch

from sgview.closing import Closing

T = TypeVar("T")


class Background(Closing):
    """One job after the other, on a thread that is started by the first of them.

    On a CUDA device jobs run on a stream of their own. They see what was written on the caller's
    stream before they were submitted, and all that they launch is done when they have ended.

    Args:
        name: of the thread, for people.
        device: where jobs compute.

    Attributes:
        waits: whether those who submit shall wait for their jobs: offline, so that every picture
            follows from its parameters alone. The window plays on without.
        on_done: called on that thread when a job has ended, well or not.
    """

    def __init__(self, name: str, device: torch.device | None = None) -> None:
        self.waits = True
        self.on_done: Callable[[], None] = lambda: None
        self._name = name
        self._device = device if device is not None and device.type == "cuda" else None
        self._stream: torch.cuda.Stream | None = None
        self._thread: ThreadPoolExecutor | None = None

    def submit(self, job: Callable[[], T]) -> Future[T]:
        """Run `job` when those before it have ended; one that has not begun can be cancelled."""
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, self._name, initializer=give_way)
        written: torch.cuda.Event | None = None
        if self._device is not None:
            written = torch.cuda.Event()
            written.record(torch.cuda.current_stream(self._device))
        future = self._thread.submit(self._run, job, written)
        future.add_done_callback(self._tell)
        return future

    def close(self) -> None:
        """Wait for the job that runs, and drop those that wait; idempotent."""
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.shutdown(cancel_futures=True)

    def _tell(self, future: Future[T]) -> None:
        if not future.cancelled():
            self.on_done()

    @torch.no_grad()
    def _run(self, job: Callable[[], T], written: torch.cuda.Event | None) -> T:
        if written is None:
            return job()
        if self._stream is None:
            self._stream = torch.cuda.Stream(self._device)
        with torch.cuda.device(self._device), torch.cuda.stream(self._stream):
            self._stream.wait_event(written)
            try:
                return job()
            finally:
                self._stream.synchronize()


def give_way() -> None:
    """Lower this thread's priority, and that of threads it starts; Linux alone has one a thread."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)

"""Small values from the device to the host, without waiting for the device."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np
import torch

_UNDER_WAY = 8  # vectors that have not arrived, at the most


class HostVector:
    """One vector on its way to the host.

    Attributes:
        memory: [n] float32 of the host, pinned on CUDA, so that kernels can write to it.
    """

    def __init__(self, length: int, *, is_pinned: bool) -> None:
        self.memory = torch.zeros(length, pin_memory=is_pinned)
        self._values = self.memory.numpy()
        self._tag: Any = None
        self._ready: torch.cuda.Event | None = None

    def expect(self, tag: Any, ready: torch.cuda.Event | None) -> None:
        """Note the tag of the values, and the event recorded behind the work that writes them."""
        self._tag, self._ready = tag, ready

    @property
    def has_arrived(self) -> bool:
        """Whether the device has written it."""
        return self._ready is None or bool(self._ready.query())

    def await_arrival(self) -> None:
        """Wait for the device to write it."""
        if self._ready is not None:
            self._ready.synchronize()

    def read(self) -> tuple[Any, np.ndarray]:
        """Return the tag and a copy of the values, float32 [n]."""
        return self._tag, self._values.copy()


class Download:
    """Downloads one vector a frame to the host, with a tag that says what it is.

    On CUDA it is written to pinned memory by the work of its frame and read when it has arrived,
    usually one or two frames late; elsewhere it is read at once. Where too many are under way, as
    when nobody waits for pictures, frames download none.
    """

    def __init__(self) -> None:
        self._pending: deque[HostVector] = deque()
        self._free: list[HostVector] = []  # to be used again: all of one length
        self._unwritten: HostVector | None = None  # of this frame, or of one that failed half way
        self._latest: tuple[Any, np.ndarray] | None = None

    def vector(self, length: int, device: torch.device) -> HostVector | None:
        """Return one to be written by the device and then expected, None while many are awaited."""
        self._collect()
        if len(self._pending) >= _UNDER_WAY:
            return None
        vector = self._unwritten or (self._free.pop() if self._free else None)
        if vector is None or len(vector.memory) != length:
            self._free = []
            vector = HostVector(length, is_pinned=device.type == "cuda")
        self._unwritten = vector
        return vector

    def expect(self, vector: HostVector, tag: Any, ready: torch.cuda.Event | None) -> None:
        """Expect a vector; `ready` was recorded behind what writes it, None: it is written."""
        self._unwritten = None
        vector.expect(tag, ready)
        self._pending.append(vector)

    def latest(self) -> tuple[Any, np.ndarray] | None:
        """Return the newest (tag, values) that has arrived, None before the first."""
        self._collect()
        return self._latest

    def close(self) -> None:
        """Wait for transfers under way: memory must not be freed while the device writes to it."""
        for vector in self._pending:
            vector.await_arrival()
        self._collect()

    def _collect(self) -> None:
        while self._pending and self._pending[0].has_arrived:
            vector = self._pending.popleft()
            self._latest = vector.read()
            self._free.append(vector)

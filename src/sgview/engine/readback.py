"""Small values from the device to the host, without waiting for the device."""

from __future__ import annotations

from collections import deque
from typing import Any, NamedTuple

import torch
from torch import Tensor

_UNDER_WAY = 8  # vectors kept that have not arrived


class _Letter(NamedTuple):
    host: Tensor  # [n], pinned
    arrived: torch.cuda.Event


class Readback:
    """Carries one vector a frame to the host, with a tag that says what it is.

    On CUDA a vector is copied to pinned memory behind the work of its frame and read when it has
    arrived, usually one or two frames late; elsewhere it is read at once.
    """

    def __init__(self):
        self._pending: deque[tuple[Any, _Letter]] = deque(maxlen=_UNDER_WAY)
        self._free: list[_Letter] = []  # to be used again: all of one length
        self._latest: tuple[Any, list[float]] | None = None

    def push(
        self,
        tag: Any,
        values: Tensor,  # [n] float32
    ) -> None:
        """Send `values`; the tag comes back with them."""
        if values.device.type != "cuda":
            self._latest = (tag, values.tolist())
            return
        letter = self._free.pop() if self._free else None
        if letter is None or letter.host.shape != values.shape:
            self._free = []
            host = torch.empty(values.shape, dtype=values.dtype, pin_memory=True)
            letter = _Letter(host, torch.cuda.Event())
        letter.host.copy_(values, non_blocking=True)
        letter.arrived.record()
        self._pending.append((tag, letter))

    def latest(self) -> tuple[Any, list[float]] | None:
        """Return the newest (tag, values) that has arrived, None before the first."""
        self._collect()
        return self._latest

    def _collect(self) -> None:
        while self._pending and self._pending[0][1].arrived.query():
            tag, letter = self._pending.popleft()
            self._latest = (tag, letter.host.tolist())
            self._free.append(letter)

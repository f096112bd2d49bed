"""Small tables from the host to the device, without waiting for the device."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


class _Buffer:
    """Pinned memory that one table is copied from."""

    def __init__(self, like: Tensor) -> None:
        is_cuda = like.device.type == "cuda"
        self.memory = torch.zeros(like.shape, dtype=like.dtype, pin_memory=is_cuda)
        self.values = self.memory.numpy()
        self.sent = torch.cuda.Event() if is_cuda else None

    @property
    def is_free(self) -> bool:
        """Whether the last copy from this memory is done."""
        return self.sent is None or self.sent.query()


class Upload:
    """Uploads tables of one kind to the device, behind the work that was launched before.

    They leave from pinned memory, which is written again once its table has arrived; where all of
    it is under way, there will be more. torch keeps pinned memory that is given up until the copies
    from it are done.

    Args:
        to: where they go, on any device.
    """

    def __init__(self, to: Tensor) -> None:
        self._to = to
        self._buffers = [_Buffer(to)]
        self._next = 0

    def send(self, values: np.ndarray) -> None:
        """Send `values`, of the shape of `to`; they may change as soon as this returns."""
        buffer = self._buffers[self._next]
        if not buffer.is_free:
            buffer = _Buffer(self._to)
            self._buffers.insert(self._next, buffer)
        self._next = (self._next + 1) % len(self._buffers)
        buffer.values[...] = values
        self._to.copy_(buffer.memory, non_blocking=True)
        if buffer.sent is not None:
            buffer.sent.record()

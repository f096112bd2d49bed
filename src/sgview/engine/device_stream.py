"""The engine's own stream on its device: work is put there, and waited for."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch

from sgview.engine.transfer.event_ring import EventRing
from stylegan3.cuda import current_stream


class DeviceStream:
    """A CUDA stream, and the memory that torch keeps on its device; on the CPU it does nothing.

    Attributes:
        stream: that pictures are made on; None except on CUDA.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.stream: torch.cuda.Stream | None = None
        self._events: EventRing | None = None
        if device.type == "cuda":
            self.stream = torch.cuda.Stream(device)
            self._events = EventRing(self.stream)

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """Work on it; one that is entered already stays so."""
        if self.stream is None or current_stream(self.device.index) == self.stream.cuda_stream:
            yield
        else:
            with torch.cuda.device(self.device), torch.cuda.stream(self.stream):
                yield

    def record(self) -> torch.cuda.Event | None:
        """Return an event that comes when all that was put on it so far is done; None on the CPU.

        Events are used again after a while, as `EventRing` tells.
        """
        return None if self._events is None else self._events.record()

    def wait(self) -> None:
        """Wait until nothing is computed any more: graphs under way are not to be dropped."""
        if self.stream is not None:
            self.stream.synchronize()

    def release(self) -> None:
        """Give memory that torch keeps for later back to the device."""
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

"""Events that say when a picture is finished, recorded in turn instead of made for each."""

from __future__ import annotations

import itertools

import torch

_COUNT = 16


class EventRing:
    """CUDA events for the work of one stream; whoever waits for one on the host sleeps.

    An event comes back after many later pictures. To those that still have it from an earlier one
    it then says that this later work is done, which is behind theirs on the same stream: they may
    wait too long, never too short.
    """

    def __init__(self, stream: torch.cuda.Stream, count: int = _COUNT) -> None:
        self._stream = stream
        self._events = itertools.cycle([torch.cuda.Event(blocking=True) for _ in range(count)])

    def record(self) -> torch.cuda.Event:
        """Return the next event, recorded behind all that was launched on the stream."""
        event = next(self._events)
        event.record(self._stream)
        return event

"""Events that say when a picture is finished, recorded in turn instead of made for each."""

from __future__ import annotations

import itertools

import torch

_COUNT = 16


class EventRing:
    """CUDA events for the work of one stream; whoever waits for one on the host sleeps.

    An event is recorded again after `count` later pictures. Whoever still holds it for the earlier
    picture then waits for the later one, which comes behind it on the same stream: the wait may be
    too long, never too short.
    """

    def __init__(self, stream: torch.cuda.Stream, count: int = _COUNT) -> None:
        self._stream = stream
        self._events = itertools.cycle([torch.cuda.Event(blocking=True) for _ in range(count)])

    def record(self) -> torch.cuda.Event:
        """Return the next event, recorded behind all that was launched on the stream."""
        event = next(self._events)
        event.record(self._stream)
        return event

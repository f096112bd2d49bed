"""Shots to pixels on the host: the next pictures are begun while one is on its way."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from sgview.show.takes.replay import Shot
from sgview.state.validation import ConfigError

if TYPE_CHECKING:
    import torch

    from sgview.engine.engine import Engine
    from sgview.engine.picture.picture import Picture

AHEAD = 3  # pictures that the device has to do while the host takes one


class Arrival:
    """A picture on its way from the device; nothing waits until its pixels are asked for.

    On CUDA it goes to pinned memory, behind the work that makes it.
    """

    def __init__(self, engine: Engine, picture: Picture) -> None:
        import torch

        self._arrived: torch.cuda.Event | None = None
        rgba8 = picture.rgba8
        if not rgba8.is_cuda:
            self._memory = rgba8.cpu()
            return
        with engine.on_stream():
            self._memory = torch.empty(rgba8.shape, dtype=rgba8.dtype, pin_memory=True)
            self._memory.copy_(rgba8, non_blocking=True)
            self._arrived = torch.cuda.Event(blocking=True)
            self._arrived.record()

    def pixels(self) -> np.ndarray:  # [H, W, 4] uint8, row 0 on top
        """Wait for the picture, and for nothing that was begun after it."""
        if self._arrived is not None:
            self._arrived.synchronize()
        return self._memory.numpy()


def pictures_of(
    engine: Engine,
    shots: Iterable[Shot],
    prepare: Callable[[Shot], None] = lambda shot: None,
    goes_on: Callable[[], bool] = lambda: True,
) -> Iterator[np.ndarray]:
    """Yield the pixels of each shot in order: [H, W, 4] uint8, row 0 on top, each its own memory.

    Args:
        engine: with networks, or with those that `prepare` gives it.
        shots: what to show.
        prepare: called before each, such as to set its networks.
        goes_on: asked after each; the last ones are those that were begun before it said no.

    Raises:
        ConfigError: if no network plays in one.
    """
    under_way: deque[Arrival] = deque()
    ahead = 0 if engine.stream is None else AHEAD
    for shot in shots:
        prepare(shot)
        picture = engine.render(shot.params, shot.t, shot.motion)
        if picture is None:
            raise ConfigError("the take plays no network there: name one on the command line")
        if not goes_on():
            break
        under_way.append(Arrival(engine, picture))
        if len(under_way) > ahead:
            yield under_way.popleft().pixels()
    while under_way:
        yield under_way.popleft().pixels()

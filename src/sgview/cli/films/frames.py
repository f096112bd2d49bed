"""Shots to pixels on the host: the next pictures are begun while one is on its way."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sgview.show.takes.replay import Shot
from sgview.state.output_frame import PICTURE, Fit, OutputFrame, size_of
from sgview.state.validation import ConfigError

if TYPE_CHECKING:
    import torch

    from sgview.engine.engine import Engine
    from sgview.engine.picture.picture import Picture

AHEAD = 3  # pictures that the device has to do while the host takes one


@dataclass(frozen=True)
class FilmFrame:
    """What the pictures of a film are brought into, on the device that makes them."""

    size: str = PICTURE  # as an output's frame has it: a name, or WIDTHxHEIGHT [px]
    fit: Fit = "fit"
    has_alpha: bool = False  # whether alpha is wanted; without it three channels come

    def of(self, picture: Picture) -> torch.Tensor:  # [H, W, 4 or 3] uint8
        """Return the pixels on the device, without waiting for them."""
        rgba8 = picture.rgba8
        height, width, _ = rgba8.shape
        size = size_of(OutputFrame(size=self.size), (width, height))
        if size != (width, height):
            from sgview.engine.picture.framing import frame_picture
            from sgview.gfx.placement import Rect, place  # brings OpenGL

            quad = place((width, height), Rect(0, 0, *size), self.fit)
            has_alpha = picture.has_alpha and self.has_alpha
            rgba8 = frame_picture(rgba8, size, quad, has_alpha=has_alpha)
        return rgba8 if self.has_alpha else rgba8[..., :3].contiguous()


WITH_ALPHA = FilmFrame(has_alpha=True)
"""Every picture as it is."""


class Arrival:
    """A picture on its way from the device; nothing waits until its pixels are asked for.

    On CUDA it goes to pinned memory, behind the work that makes it.
    """

    def __init__(self, engine: Engine, picture: Picture, frame: FilmFrame) -> None:
        import torch

        self._arrived: torch.cuda.Event | None = None
        with engine.on_stream():
            pixels = frame.of(picture)
            if not pixels.is_cuda:
                self._memory = pixels.cpu()
                return
            self._memory = torch.empty(pixels.shape, dtype=pixels.dtype, pin_memory=True)
            self._memory.copy_(pixels, non_blocking=True)
            self._arrived = torch.cuda.Event(blocking=True)
            self._arrived.record()

    def pixels(self) -> np.ndarray:  # [H, W, 4 or 3] uint8, row 0 on top
        """Wait for the picture, and for nothing that was begun after it."""
        if self._arrived is not None:
            self._arrived.synchronize()
        return self._memory.numpy()


def pictures_of(
    engine: Engine,
    shots: Iterable[Shot],
    prepare: Callable[[Shot], None] = lambda shot: None,
    goes_on: Callable[[], bool] = lambda: True,
    frame: FilmFrame = WITH_ALPHA,
) -> Iterator[np.ndarray]:
    """Yield the pixels of each shot in order: uint8, row 0 on top, each its own memory.

    They are [H, W, 3], or [H, W, 4] where the frame has alpha.

    Args:
        engine: with networks, or with those that `prepare` gives it.
        shots: what to show.
        prepare: called before each, such as to set its networks.
        goes_on: asked after each; the last ones are those that were begun before it said no.
        frame: what each is brought into.

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
        under_way.append(Arrival(engine, picture, frame))
        if len(under_way) > ahead:
            yield under_way.popleft().pixels()
    while under_way:
        yield under_way.popleft().pixels()

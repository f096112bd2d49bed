"""The engine's picture as the display, the files and the outputs take it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from sgview.gfx.interop import DeviceImage
from sgview.gfx.placement import Rect, place
from sgview.outputs.picture import OutputPicture
from sgview.state.output_frame import PLAIN, OutputFrame, size_of
from sgview.state.params import Params

if TYPE_CHECKING:
    from sgview.engine.picture.picture import Picture


DrawFramed = Callable[["Picture", OutputFrame, tuple[int, int], float], int]
"""Draws a picture in its frame into a texture, and returns the name of that."""


def pixels_of(picture: Picture) -> np.ndarray | DeviceImage:
    """Return what `Display.show` takes: host memory, or a reference to CUDA memory; no waiting."""
    rgba8 = picture.rgba8
    if rgba8.device.type != "cuda":
        return host_pixels(picture)
    height, width, _ = rgba8.shape
    return DeviceImage(
        pointer=rgba8.data_ptr(),
        width=width,
        height=height,
        download=lambda: host_pixels(picture),
        owner=picture,
        ready=picture.ready.cuda_event if picture.ready is not None else None,
        device=rgba8.device.index or 0,
    )


def output_picture(
    picture: Picture,
    frame: OutputFrame = PLAIN,
    size: tuple[int, int] | None = None,  # [px], in place of the frame's
    level: float = 1.0,
    draw: DrawFramed | None = None,
    asked: float | None = None,  # [s]
) -> OutputPicture:
    """Return what outputs are offered; no waiting, and no download before one asks for it."""
    height, width, _ = picture.rgba8.shape
    framed = size or size_of(frame, (width, height))
    is_plain = frame.rotation == 0 and framed == (width, height) and level == 1.0

    def download() -> np.ndarray:
        return host_pixels(picture) if is_plain else framed_pixels(picture, frame, framed, level)

    return OutputPicture(
        picture.rgba8,
        picture.params,
        picture.t,
        download,
        frame=frame,
        framed_size=framed,
        has_alpha=picture.has_alpha,
        level=level,
        source=picture,
        texture=None if draw is None else partial(draw, picture, frame, framed, level),
        asked=asked,
    )


def host_pixels(picture: Picture) -> np.ndarray:
    """Return the pixels in host memory, uint8 [H, W, 4]; waits for the device if there is one."""
    if picture.ready is not None:
        picture.ready.synchronize()
    return picture.rgba8.cpu().numpy()


MOST_REQUESTS = 64  # that are remembered: a picture is there long before as many are made


class Requests:
    """When pictures were asked for: what is heard at that time belongs to them."""

    def __init__(self) -> None:
        self._newest: deque[tuple[Params, float, float]] = deque(maxlen=MOST_REQUESTS)

    def note(self, params: Params, t: float, now: float) -> None:
        """The picture of an instant was asked for at the real time `now` [s]."""
        self._newest.append((params, t, now))

    def output_picture(
        self,
        picture: Picture,
        frame: OutputFrame,
        size: tuple[int, int] | None,  # [px], in place of the frame's
        level: float,
        draw: DrawFramed | None = None,
    ) -> OutputPicture:
        """Return what `output_picture` does, with the time of its request."""
        asked = None
        for params, t, now in reversed(self._newest):
            if t == picture.t and params is picture.params:
                asked = now
                break
        return output_picture(picture, frame, size, level, draw, asked)


def framed_pixels(
    picture: Picture, frame: OutputFrame, size: tuple[int, int], level: float = 1.0
) -> np.ndarray:
    """Return the picture in a frame of `size` [px], uint8 [H, W, 4] in host memory; waits for it.

    On CUDA it is made on a stream beside the engine's, which goes on meanwhile.
    """
    from sgview.engine.picture.framing import download_framed

    height, width, _ = picture.rgba8.shape
    turned = (width, height) if frame.rotation % 180 == 0 else (height, width)
    return download_framed(
        picture,
        size,
        place(turned, Rect(0, 0, *size), frame.fit),
        rotation=frame.rotation,
        edges=frame.edges,
        resampling=frame.resampling,
        level=level,
        has_alpha=picture.has_alpha,
    )

"""What outputs are offered: a picture, left where it is until somebody wants its pixels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock
from typing import Protocol

import numpy as np
from msgspec import Struct
from msgspec.structs import force_setattr, replace

from sgview.state.output_frame import PLAIN, OutputFrame
from sgview.state.params import Params


class Pixels(Protocol):
    """[H, W, 4] uint8, row 0 on top, in the memory of any device; nobody writes to it."""

    @property
    def shape(self) -> Sequence[int]:
        """Height, width [px], 4."""
        ...


class HostPixels:
    """The pixels of a picture in host memory, brought there once, however many ask."""

    def __init__(self, download: Callable[[], np.ndarray]) -> None:
        self._download: Callable[[], np.ndarray] | None = download
        self._lock = Lock()
        self._pixels: np.ndarray | None = None

    def get(self) -> np.ndarray:
        """Return uint8 [H, W, 4], read-only; waits for the device."""
        with self._lock:
            if self._pixels is None:
                assert self._download is not None
                pixels = self._download()
                pixels.flags.writeable = False  # every output has the same ones
                self._pixels, self._download = pixels, None
            return self._pixels

    @property
    def nbytes(self) -> int:
        """What it takes of the host's memory now [bytes]."""
        return 0 if self._pixels is None else self._pixels.nbytes


class OutputPicture(Struct, frozen=True, eq=False, weakref=True):
    """One picture in the frame of an output; keep it as long as its pixels are read.

    Attributes:
        rgba8: the picture as the network made it, before it is brought into the frame.
        params: it was made with.
        t: the instant of the show that it shows [s].
        download: brings it into the frame on its device, waits for that, and returns uint8
            [H, W, 4] in host memory, of the frame's size. Outputs call `host` instead.
        frame: what it is in: rate, fit and so on; a rate of 0 means every new picture.
        framed_size: width and height of the frame [px]; None: the picture's own.
        has_alpha: whether A is the network's (straight, not premultiplied); else it is 255.
        level: how bright it is, 0..1; `host` and `texture` are dimmed already.
        source: the picture as whoever plays it has it.
        texture: draws it into a texture of the window's OpenGL and returns the texture's name;
            RGBA8, of the frame's size, row 0 below as OpenGL draws. Only within `offer`, which is
            how long it holds the picture. None: there is no OpenGL.
        slot: which picture of the output's rate this is, counted from 0 since it is on. Slots that
            are left out passed without an offer: whoever wants a constant rate repeats the picture
            before. The same picture may come in many slots. With a rate of 0: 0, 1, 2 ...
        time: when the slot began, of a clock that never goes back [s].
        asked: when its instant was the present one, of the same clock [s]; None: not known.
        shared: the pixels, shared with every copy that `at` makes.
    """

    rgba8: Pixels
    params: Params
    t: float
    download: Callable[[], np.ndarray]
    frame: OutputFrame = PLAIN
    framed_size: tuple[int, int] | None = None
    has_alpha: bool = False
    level: float = 1.0
    source: object = None
    texture: Callable[[], int] | None = None
    slot: int = 0
    time: float = 0.0
    asked: float | None = None
    shared: HostPixels | None = None

    def __post_init__(self) -> None:
        """Make the pixels, which nobody has asked for yet."""
        if self.shared is None:
            force_setattr(self, "shared", HostPixels(self.download))

    @property
    def pixels(self) -> HostPixels:
        """What `host` returns, and whether it is there already."""
        assert self.shared is not None
        return self.shared

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the frame [px], as `host` returns them."""
        if self.framed_size is not None:
            return self.framed_size
        height, width = self.rgba8.shape[:2]
        return width, height

    def at(self, slot: int, time: float, frame: OutputFrame) -> OutputPicture:
        """Return the same picture, pixels shared, for another slot."""
        return replace(self, slot=slot, time=time, frame=frame)

    def host(self) -> np.ndarray:
        """Return the pixels in host memory, uint8 [H, W, 4], read-only; safe from any thread.

        Waits for the device, so it is for threads of outputs. However many ask for a picture in
        this frame, it is brought there once.
        """
        return self.pixels.get()


def channels_to_keep(rgba8: np.ndarray) -> np.ndarray:
    """Return uint8 [H, W, 3] where the picture is opaque all over, else all of [H, W, 4]."""
    if not (rgba8[..., 3] == 255).all():
        return np.ascontiguousarray(rgba8)
    opaque = np.empty((*rgba8.shape[:2], 3), np.uint8)
    for channel in range(3):  # numpy takes seven times as long for three of four bytes at once
        opaque[..., channel] = rgba8[..., channel]
    return opaque

"""The frame that an output gets its pictures in: size, rate, and how the picture lies in it."""

from __future__ import annotations

import math
from typing import Annotated, Literal, get_args

from msgspec import Meta

from sgview.state.params import Node

Fit = Literal["fit", "fill", "stretch", "1:1"]
Edges = Literal["black", "blurred", "mirrored"]
Rotation = Literal[0, 90, 180, 270]  # clockwise [degrees]
Resampling = Literal["cubic", "linear", "nearest"]

FITS: tuple[Fit, ...] = get_args(Fit)
EDGES: tuple[Edges, ...] = get_args(Edges)
ROTATIONS: tuple[Rotation, ...] = get_args(Rotation)
RESAMPLINGS: tuple[Resampling, ...] = get_args(Resampling)

PICTURE = "picture"
SIZES: dict[str, tuple[int, int]] = {
    PICTURE: (0, 0),
    "720p": (1280, 720),
    "1080p": (1920, 1080),
    "4k": (3840, 2160),
    "square": (1080, 1080),
    "vertical": (1080, 1920),
}
"""Sizes by name, width and height [px]; (0, 0): that of the picture."""

LARGEST_SIDE = 9999  # [px]

Size = Annotated[
    str,
    Meta(pattern=r"^(picture|720p|1080p|4k|square|vertical|[1-9]\d{0,3}x[1-9]\d{0,3})$"),
]


class OutputFrame(Node, frozen=True):
    """What an output is given, whatever layer is shown."""

    size: Size = PICTURE  # a name of `SIZES`, or "WIDTHxHEIGHT" [px]
    rate: Annotated[float, Meta(ge=0, le=240)] = 0.0  # pictures a second [1/s]; 0: every new one
    fit: Fit = "fit"
    rotation: Rotation = 0
    edges: Edges = "black"
    resampling: Resampling = "cubic"

    @property
    def geometry(self) -> tuple[object, ...]:
        """All but the rate: two frames of one geometry have the same pixels."""
        return self.size, self.fit, self.rotation, self.edges, self.resampling


CLEAN_WINDOW = "Clean window"
"""Name of the output that the window draws itself."""

PLAIN = OutputFrame()
"""Every new picture as it is."""


def size_of(frame: OutputFrame, picture: tuple[int, int]) -> tuple[int, int]:
    """Return the width and height [px] that `frame` gives to a picture of (width, height)."""
    if frame.size == PICTURE:
        width, height = picture
        return (width, height) if frame.rotation % 180 == 0 else (height, width)
    if frame.size in SIZES:
        return SIZES[frame.size]
    width, height = map(int, frame.size.split("x"))
    return width, height


def slot_at(elapsed: float, rate: float) -> int:
    """Return which picture of `rate` a second is due `elapsed` [s] after the first, from 0."""
    return max(0, math.floor(elapsed * rate + 1e-6))

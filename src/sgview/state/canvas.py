"""The canvas: how large pictures are, as a multiple of the network's own."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from sgview.state.fields import Field, Option
from sgview.state.node import Node

LARGEST = 16.0  # times the network's own width or height

CanvasShape = Literal["own", "16:9", "9:16", "2:1", "free"]
CanvasFill = Literal["tile", "mirror", "stretch", "centre"]
_ASPECTS: dict[CanvasShape, float] = {"16:9": 16 / 9, "9:16": 9 / 16, "2:1": 2.0}
_Multiple = Annotated[float, Meta(ge=0.25, le=LARGEST)]


# fmt: off
class Canvas(Node, frozen=True):
    """How large pictures are: the network goes on beyond its own square."""

    shape: Annotated[CanvasShape, Field("Shape", name="Shape of the canvas",
        help="The shape of the picture. The network paints what lies beyond its own square; more "
        "pixels take longer.",
        options=(
            Option("own", "Own", "The size that the network was trained for."),
            Option("16:9", "16:9", "As high as its own, and wide."),
            Option("9:16", "9:16", "As wide as its own, and high."),
            Option("2:1", "2:1", "As high as its own, and twice as wide as high."),
            Option("free", "Free", "Width and height as set below."),
        ))] = "own"
    width: Annotated[_Multiple, Field("Width", usual=(0.5, 4), unit="×", digits=2, neutral=1.0,
        name="Width of the canvas", help="Of a free canvas, times the network's own.")] = 1.0
    height: Annotated[_Multiple, Field("Height", usual=(0.5, 4), unit="×", digits=2, neutral=1.0,
        name="Height of the canvas", help="Of a free canvas, times the network's own.")] = 1.0
    fill: Annotated[CanvasFill, Field("Beyond", name="What lies beyond the square",
        help="How the constant of StyleGAN1 and StyleGAN2 goes on beyond its own size. StyleGAN3 "
        "and StyleGAN-XL need none of it: their plane has no border.",
        options=(
            Option("tile", "Tiled", "It begins anew at each end."),
            Option("mirror", "Mirrored", "It is mirrored at each end."),
            Option("stretch", "Stretched", "It is interpolated to the whole size."),
            Option("centre", "Soft edges", "Its ends go on and fade to its mean."),
        ))] = "tile"
# fmt: on


def canvas_size(
    canvas: Canvas,
    own: tuple[int, int],  # width and height of the network's pictures [px]
) -> tuple[float, float]:
    """Return the width and height that are asked for [px], before they are rounded.

    A wide shape is as high as the network's own picture, a high one as wide.
    """
    width, height = own
    if canvas.shape == "own":
        return width, height
    if canvas.shape == "free":
        return width * canvas.width, height * canvas.height
    aspect = _ASPECTS[canvas.shape]
    return (height * aspect, height) if aspect >= 1 else (width, width / aspect)

"""The canvas: how large pictures are, in pixels or as a multiple of the network's own."""

from __future__ import annotations

import math
import re
from typing import Annotated, Literal, get_args

from msgspec import Meta
from msgspec.structs import replace

from sgview.state.fields import Field, Option
from sgview.state.node import Node

LARGEST = 16.0  # times the network's own width or height
FEWEST_PIXELS, MOST_PIXELS = 17, 1 << 14  # of a side; "16x16" is a multiple

CanvasShape = Literal["own", "16:9", "9:16", "2:1", "free", "pixels"]
CanvasFill = Literal["tile", "mirror", "stretch", "centre"]
_ASPECTS: dict[CanvasShape, float] = {"16:9": 16 / 9, "9:16": 9 / 16, "2:1": 2.0}
SMALLEST = 0.25
_DIGITS = 4  # of a multiple that stands for a shape
_Multiple = Annotated[float, Meta(ge=SMALLEST, le=LARGEST)]
_Pixels = Annotated[float, Meta(ge=FEWEST_PIXELS, le=MOST_PIXELS)]
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*[xX×]\s*(\d+(?:\.\d+)?)")


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
            Option("free", "Free", "Width and height times the network's own, as set below."),
            Option("pixels", "Pixels", "Width and height in pixels, whichever network plays."),
        ))] = "own"
    width: Annotated[_Multiple, Field("Width", usual=(0.5, 4), unit="×", digits=2, neutral=1.0,
        name="Width of the canvas", help="Of a free canvas, times the network's own.")] = 1.0
    height: Annotated[_Multiple, Field("Height", usual=(0.5, 4), unit="×", digits=2, neutral=1.0,
        name="Height of the canvas", help="Of a free canvas, times the network's own.")] = 1.0
    pixels_wide: Annotated[_Pixels, Field("Width", usual=(256, 4096), unit="px", digits=0,
        name="Width of the canvas in pixels", help="Where the shape is Pixels.")] = 1920.0
    pixels_high: Annotated[_Pixels, Field("Height", usual=(256, 4096), unit="px", digits=0,
        name="Height of the canvas in pixels", help="Where the shape is Pixels.")] = 1080.0
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
    if canvas.shape == "pixels":
        return canvas.pixels_wide, canvas.pixels_high
    aspect = _ASPECTS[canvas.shape]
    return (height * aspect, height) if aspect >= 1 else (width, width / aspect)


def is_sized(canvas: Canvas) -> bool:
    """Whether its size is one of many that a hand or an expression may move through."""
    return canvas.shape in ("free", "pixels")


def as_free(canvas: Canvas, own: tuple[int, int]) -> Canvas:
    """Return the free canvas of the size that `canvas` has; `own` as in `canvas_size`."""
    width, height = canvas_size(canvas, own)
    width, height = (
        round(min(max(side / given, SMALLEST), LARGEST), _DIGITS)
        for side, given in zip((width, height), own, strict=True)
    )
    return replace(canvas, shape="free", width=width, height=height)


def canvas_named(text: str, before: Canvas) -> Canvas:
    """Return what people write: "16:9", "1820x1024" in pixels, "1.5x1" times the network's own.

    Numbers up to 16 are multiples.

    Args:
        text: what is written.
        before: gives what the text does not say.

    Raises:
        ValueError: if it is something else, or a side is out of range.
    """
    shapes = {shape: shape for shape in get_args(CanvasShape) if shape not in ("free", "pixels")}
    if text in shapes:
        return replace(before, shape=shapes[text])
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise ValueError(
            f"write {', '.join(shapes)}, pixels such as 1820x1024, or multiples of the network's"
            " own size such as 1.5x1"
        )
    width, height = sides = float(match[1]), float(match[2])
    if all(SMALLEST <= side <= LARGEST for side in sides):
        return replace(before, shape="free", width=width, height=height)
    is_whole = all(math.isfinite(side) and side == int(side) for side in sides)
    if is_whole and all(FEWEST_PIXELS <= side <= MOST_PIXELS for side in sides):
        return replace(before, shape="pixels", pixels_wide=width, pixels_high=height)
    raise ValueError(
        f"both sides are whole pixels from {FEWEST_PIXELS} to {MOST_PIXELS}, or both multiples"
        f" from {SMALLEST:g} to {LARGEST:g}"
    )

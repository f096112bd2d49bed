"""Where a picture lies in the space left for it."""

from __future__ import annotations

from typing import Literal, NamedTuple

Fit = Literal["fit", "fill", "1:1"]


class Rect(NamedTuple):
    """A rectangle [framebuffer px], origin top left."""

    x: int
    y: int
    width: int
    height: int


def place(picture: tuple[int, int], space: Rect, fit: Fit) -> Rect:
    """Return where to draw a picture of (width, height) [px], centred in `space`.

    "fit" shows all of it with bars, "fill" covers the space and overhangs on one axis, "1:1" draws
    one picture pixel a screen pixel. The result may be larger than `space`: clip it there. Edges
    lie on whole pixels, so nearest filtering stays even.
    """
    width, height = picture
    if fit == "1:1":
        scale = 1.0
    else:
        ratios = (space.width / width, space.height / height)
        scale = min(ratios) if fit == "fit" else max(ratios)
    drawn_width = max(1, round(width * scale))
    drawn_height = max(1, round(height * scale))
    x = space.x + (space.width - drawn_width) // 2
    y = space.y + (space.height - drawn_height) // 2
    return Rect(x, y, drawn_width, drawn_height)

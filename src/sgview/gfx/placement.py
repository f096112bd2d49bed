"""Where a picture lies in the space left for it."""

from __future__ import annotations

from typing import Literal, NamedTuple

Fit = Literal["fit", "fill", "stretch", "1:1"]


class Rect(NamedTuple):
    """A rectangle [framebuffer px], origin top left."""

    x: int
    y: int
    width: int
    height: int


def around(space: Rect, hole: Rect) -> tuple[Rect, ...]:
    """Return what is left of `space` without `hole`, as up to four rectangles."""
    left, top = max(hole.x, space.x), max(hole.y, space.y)
    right = min(hole.x + hole.width, space.x + space.width)
    bottom = min(hole.y + hole.height, space.y + space.height)
    if right <= left or bottom <= top:
        return (space,)
    strips = (
        Rect(space.x, space.y, space.width, top - space.y),
        Rect(space.x, bottom, space.width, space.y + space.height - bottom),
        Rect(space.x, top, left - space.x, bottom - top),
        Rect(right, top, space.x + space.width - right, bottom - top),
    )
    return tuple(strip for strip in strips if strip.width > 0 and strip.height > 0)


def place(picture: tuple[int, int], space: Rect, fit: Fit, zoom: float = 1.0) -> Rect:
    """Return where to draw a picture of (width, height) [px], centred in `space`.

    "fit" shows all of it with bars, "fill" covers the space and overhangs on one axis, "stretch"
    covers it without, "1:1" draws one picture pixel a screen pixel; all but "stretch" `zoom` times
    as large about the centre. The result may be larger than `space`: clip it there. Edges lie on
    whole pixels, so nearest filtering stays even.
    """
    width, height = picture
    if fit == "stretch":
        return space
    if fit == "1:1":
        scale = 1.0
    else:
        ratios = (space.width / width, space.height / height)
        scale = min(ratios) if fit == "fit" else max(ratios)
    scale *= zoom
    drawn_width = max(1, round(width * scale))
    drawn_height = max(1, round(height * scale))
    x = space.x + (space.width - drawn_width) // 2
    y = space.y + (space.height - drawn_height) // 2
    return Rect(x, y, drawn_width, drawn_height)

"""Masks of regions as shapes, on the pad of their panel and on the picture itself."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from imgui_bundle import imgui

from sgview.gui import theme
from sgview.state.params import View
from sgview.state.region_params import NAMES
from sgview.state.region_places import Mask

Point = tuple[float, float]

_STEPS = 6  # of a soft edge
_OPACITY = 0.62  # of a mask that is white
_FAR = 8.0  # heights of the picture


class Frame(NamedTuple):
    """Where a picture is on the screen [px], and which way it is flipped."""

    x: float
    y: float
    width: float
    height: float
    sign_x: float = 1.0
    sign_y: float = 1.0

    @classmethod
    def of(cls, corner: Point, size: Point, view: View) -> Frame:
        """Return the frame of a picture as the view flips it."""
        signs = (-1.0 if flip else 1.0 for flip in (view.flip_horizontal, view.flip_vertical))
        return cls(*corner, *size, *signs)

    @property
    def aspect(self) -> float:
        """Width over height."""
        return self.width / max(self.height, 1e-6)

    def to_screen(self, x: float, y: float) -> Point:
        """Return where a place of the picture is [px]; x and y in its heights from its middle."""
        across = self.x + self.width / 2.0 + self.sign_x * x * self.height
        return across, self.y + self.height / 2.0 - self.sign_y * y * self.height

    def step(self, x: float, y: float) -> Point:
        """Return a way of the mouse [px] in heights of the picture."""
        return self.sign_x * x / self.height, -self.sign_y * y / self.height


def draw_mask(draw: imgui.ImDrawList, frame: Frame, name: str, mask: Mask) -> None:
    """Draw one mask in its colour, clipped to the picture; each layer over the last is a step."""
    colour = theme.REGIONS[NAMES.index(name)]
    share = min(abs(mask.strength), 1.0) * _OPACITY
    corner, end = (frame.x, frame.y), (frame.x + frame.width, frame.y + frame.height)
    draw.push_clip_rect(corner, end, True)
    softness = mask.softness if mask.kind == "linear" else min(mask.softness, mask.size)
    steps = 1 if mask.kind == "file" or softness <= 0.0 else _STEPS
    shade = theme.u32(theme.faded(colour, 1.0 - (1.0 - share) ** (1.0 / steps)))
    for step in range(steps):
        inset = ((step + 0.5) / steps - 0.5) * softness if steps > 1 else 0.0
        _draw_step(draw, frame, mask, -inset if mask.is_inverted else inset, shade)
    draw.pop_clip_rect()


def draw_handle(
    draw: imgui.ImDrawList, at: Point, name: str, *, is_chosen: bool, is_filled: bool = True
) -> None:
    """Draw what a mask is held by: a disc with the number of its latent."""
    number = NAMES.index(name)
    radius = handle_radius()
    line = max(1.0, theme.px(theme.HAIRLINE))
    back = theme.u32(theme.OVER_PICTURE)
    draw.add_circle_filled(at, radius, theme.u32(theme.REGIONS[number]) if is_filled else back)
    ring = theme.TEXT if is_chosen else theme.LINE
    draw.add_circle(at, radius, theme.u32(ring), 0, line * (2.0 if is_chosen else 1.0))
    text = str(number + 2)
    size = imgui.calc_text_size(text)
    ink = theme.u32(theme.LINE if is_filled else theme.TEXT)
    draw.add_text((at[0] - size.x / 2.0, at[1] - size.y / 2.0), ink, text)


def handle_radius() -> float:
    """Return the radius of a handle [px]."""
    return theme.px(theme.HANDLE)


def nearest_handle(at: dict[str, Point], mouse: Point, reach: float) -> str:
    """Return the name of the handle that is next to the mouse, "" if none is within reach [px]."""
    near = {name: math.dist(place, mouse) for name, place in at.items()}
    name = min(near, key=near.__getitem__, default="")
    return name if name and near[name] <= reach else ""


def _draw_step(draw: imgui.ImDrawList, frame: Frame, mask: Mask, inset: float, shade: int) -> None:
    """Draw a mask whose edge lies `inset` further inside."""
    if mask.kind == "radial":
        radius = max(mask.size / 2.0 - inset, 0.0) * frame.height
        centre = frame.to_screen(mask.x, mask.y)
        if not mask.is_inverted:
            draw.add_circle_filled(centre, radius, shade, 64)
            return
        width = _FAR * frame.height  # a ring so wide that it is all but the disc
        draw.add_circle(centre, radius + width / 2.0, shade, 96, width)
        return
    if mask.kind == "file":
        _draw_sheet(draw, frame, mask, shade)
        return
    along = _along(mask)
    half = mask.size / 2.0
    parts: tuple[tuple[Callable[[Point], float], ...], ...]
    if mask.kind == "linear":
        sign = -1.0 if mask.is_inverted else 1.0
        parts = ((lambda at: sign * (along(at) - inset),),)
    elif mask.is_inverted:
        parts = (
            (lambda at: along(at) - half + inset,),
            (lambda at: -along(at) - half + inset,),
        )
    else:
        parts = ((lambda at: along(at) + half - inset, lambda at: half - inset - along(at)),)
    for sides in parts:
        points = _corners(frame.aspect)
        for inside in sides:
            points = _cut(points, inside)
        if len(points) > 2:
            draw.add_convex_poly_filled([frame.to_screen(*point) for point in points], shade)


def _draw_sheet(draw: imgui.ImDrawList, frame: Frame, mask: Mask, shade: int) -> None:
    """Draw where a picture lies that is a mask, as a square sheet with its diagonal."""
    half = mask.size / 2.0
    cosine, sine = math.cos(mask.angle), math.sin(mask.angle)
    points = [
        frame.to_screen(mask.x + u * cosine - v * sine, mask.y + u * sine + v * cosine)
        for u, v in ((-half, half), (half, half), (half, -half), (-half, -half))
    ]
    draw.add_convex_poly_filled([*points], shade)
    line = max(1.0, theme.px(theme.HAIRLINE))
    draw.add_line(points[0], points[2], shade, line)


def _along(mask: Mask) -> Callable[[Point], float]:
    """Return how far a place lies from the middle of a line or band, the way it points."""
    cosine, sine = math.cos(mask.angle), math.sin(mask.angle)
    return lambda at: (at[0] - mask.x) * cosine + (at[1] - mask.y) * sine


def _corners(aspect: float) -> list[Point]:
    x = aspect / 2.0
    return [(-x, -0.5), (x, -0.5), (x, 0.5), (-x, 0.5)]


def _cut(points: list[Point], inside: Callable[[Point], float]) -> list[Point]:
    """Return what of a convex polygon lies where `inside` is positive (Sutherland-Hodgman)."""
    found: list[Point] = []
    for a, b in zip(points, points[1:] + points[:1], strict=True):
        before, after = inside(a), inside(b)
        if before >= 0.0:
            found.append(a)
        if before * after < 0.0:
            share = before / (before - after)
            found.append((a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share))
    return found

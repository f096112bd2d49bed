"""Draws a picture into a rectangle: where it lies, how it is scaled, and what is around it."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal, NamedTuple

from OpenGL import GL

from sgview.closing import Closing
from sgview.gfx import calls
from sgview.gfx.offscreen import Offscreen
from sgview.gfx.placement import Fit, Rect, place
from sgview.gfx.program import Program
from sgview.gfx.texture import Texture

Filter = Literal["nearest", "linear", "cubic"]
Edges = Literal["none", "black", "blurred", "mirrored"]
Float4 = tuple[float, float, float, float]

SHARP: Float4 = (-0.2, 0.6, 0.0, 0.0)  # B and C of `image_enlarged.frag`
SMOOTH: Float4 = (1.0, 0.0, 0.0, 0.0)
GRID = 32  # cells of the longer side that a blurred background is made of
DIMMED = 0.5  # brightness of a blurred background

_TURNS: dict[int, Float4] = {
    0: (1.0, 0.0, 0.0, 1.0),
    90: (0.0, -1.0, 1.0, 0.0),
    180: (-1.0, 0.0, 0.0, -1.0),
    270: (0.0, 1.0, -1.0, 0.0),
}
"""Columns of the matrix from a place in the turned picture to one in the picture."""


class Layout(NamedTuple):
    """What of a picture is seen where, for one draw."""

    corners: Float4  # left, top, right, bottom in [-1, 1] of the rectangle
    span: Float4  # the same in 0..1 of the turned picture
    is_shrunk: bool
    is_enlarged: bool
    covers: bool  # all of the rectangle


class Painter(Closing):
    """Owns programs and what else it takes to draw pictures; it lives in one OpenGL context."""

    def __init__(self) -> None:
        self._plain = Program("image.vert", "image.frag")
        self._shrinking = Program("image.vert", "image_shrunk.frag")
        self._enlarging = Program("image.vert", "image_enlarged.frag")
        self._vertices = int(GL.glGenVertexArrays(1))  # empty, but core profile demands one
        self._cells: Offscreen | None = None  # of a blurred background

    def paint(
        self,
        texture: Texture,
        rect: tuple[int, int, int, int],
        framebuffer_height: int,
        fit: Fit = "fit",
        filter: Filter = "cubic",
        *,
        rotation: int = 0,
        edges: Edges = "none",
        level: float = 1.0,
        has_alpha: bool = False,
        zoom: float = 1.0,
    ) -> None:
        """Draw `texture` into `rect` of the current framebuffer.

        Args:
            texture: nothing is drawn before it has a size.
            rect: x, y, width, height [framebuffer px], origin top left.
            framebuffer_height: of the target [px].
            fit: how large it is in `rect`.
            filter: how it is enlarged; where it is shrunk, pixels are averaged.
            rotation: clockwise [degrees], a multiple of 90.
            edges: what is in the rest of `rect`; "none" leaves it.
            level: brightness, 0..1.
            has_alpha: draw its alpha too, and black edges clear; else all is opaque.
            zoom: how many times larger than `fit` says, about the centre.
        """
        x, y, width, height = rect
        if not texture.width or width <= 0 or height <= 0:
            return
        size = (texture.width, texture.height)
        layout = lay_out(size, width, height, fit, rotation, edges == "mirrored", zoom)
        bottom = framebuffer_height - y - height
        # The viewport maps [-1, 1] to `rect`.
        calls.viewport(x, bottom, width, height)
        calls.disable(GL.GL_BLEND)
        calls.disable(GL.GL_DEPTH_TEST)
        calls.bind_vertex_array(self._vertices)
        if not layout.covers and edges in ("black", "blurred"):
            calls.scissor(x, bottom, width, height)
            calls.enable(GL.GL_SCISSOR_TEST)
            calls.clear_colour(0.0, 0.0, 0.0, 0.0 if has_alpha else 1.0)
            calls.clear(GL.GL_COLOR_BUFFER_BIT)
            calls.disable(GL.GL_SCISSOR_TEST)
            if edges == "blurred":
                self._paint_background(texture, (x, bottom, width, height), rotation, level)
        self._draw(texture, layout, filter, rotation, level, 0.0 if has_alpha else 1.0)
        calls.bind_vertex_array(0)
        calls.bind_texture(GL.GL_TEXTURE_2D, 0)
        calls.use_program(0)

    def close(self) -> None:
        """Free everything; the context must be current; again does nothing."""
        if self._cells is not None:
            self._cells.close()
            self._cells = None
        if self._vertices:
            GL.glDeleteVertexArrays(1, [self._vertices])
            self._vertices = 0
        for program in (self._plain, self._shrinking, self._enlarging):
            program.close()

    def _draw(
        self,
        texture: Texture,
        layout: Layout,
        filter: Filter,
        rotation: int,
        level: float,
        alpha: float = 1.0,  # the least
        kernel: Float4 = SHARP,
    ) -> None:
        """Draw one rectangle into the current viewport."""
        program = self._plain
        if layout.is_shrunk:
            program = self._shrinking
        elif layout.is_enlarged and filter == "cubic":
            program = self._enlarging
        program.use()
        program.set_float4("u_rect", layout.corners)
        program.set_float4("u_span", layout.span)
        program.set_float4("u_turn", _TURNS[rotation])
        program.set_float4("u_level", (level, level, level, alpha))
        if program is self._enlarging:
            program.set_float4("u_kernel", kernel)
        texture.bind("nearest" if filter == "nearest" else "linear")  # to texture unit 0
        calls.draw_arrays(GL.GL_TRIANGLE_STRIP, 0, 4)

    def _paint_background(
        self, texture: Texture, viewport: tuple[int, int, int, int], rotation: int, level: float
    ) -> None:
        """Fill the viewport with the picture as a few cells with soft borders, and dark."""
        width, height = viewport[2:]
        scale = GRID / max(width, height)
        grid = (max(1, round(width * scale)), max(1, round(height * scale)))
        if self._cells is None:
            self._cells = Offscreen()
        size = (texture.width, texture.height)
        layout = lay_out(size, *grid, "fill", rotation, True)
        with self._cells.drawn(grid):
            self._draw(texture, layout, "linear", rotation, 1.0)
        calls.viewport(*viewport)
        # What is drawn offscreen has row 0 below.
        upright = Layout((-1.0, 1.0, 1.0, -1.0), (0.0, 1.0, 1.0, 0.0), False, True, True)
        self._draw(self._cells.texture, upright, "cubic", 0, level * DIMMED, 1.0, SMOOTH)


@lru_cache(maxsize=64)
def lay_out(
    picture: tuple[int, int],  # width and height, before it is turned [px]
    width: int,  # of the rectangle [px]
    height: int,
    fit: Fit,
    rotation: int,
    fills: bool,  # the picture is drawn all over the rectangle, beyond its edges too
    zoom: float = 1.0,
) -> Layout:
    """Return where a picture lies in a rectangle."""
    turned = picture if rotation % 180 == 0 else (picture[1], picture[0])
    quad = place(turned, Rect(0, 0, width, height), fit, zoom)
    left, top = (0, 0) if fills else (max(quad.x, 0), max(quad.y, 0))
    right = width if fills else min(quad.x + quad.width, width)
    bottom = height if fills else min(quad.y + quad.height, height)
    corners = (2 * left / width - 1, 1 - 2 * top / height,
               2 * right / width - 1, 1 - 2 * bottom / height)  # fmt: skip
    span = ((left - quad.x) / quad.width, (top - quad.y) / quad.height,
            (right - quad.x) / quad.width, (bottom - quad.y) / quad.height)  # fmt: skip
    is_shrunk = quad.width < turned[0] or quad.height < turned[1]
    is_enlarged = quad.width > turned[0] or quad.height > turned[1]
    covers = (left, top, right, bottom) == (0, 0, width, height)
    return Layout(corners, span, is_shrunk, is_enlarged, covers)

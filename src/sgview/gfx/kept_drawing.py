"""A drawing over the picture that is made seldom and shown often."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from OpenGL import GL

from sgview.closing import Closing
from sgview.gfx import calls
from sgview.gfx.offscreen import Offscreen
from sgview.gfx.placement import Rect, around
from sgview.gfx.program import Program

Corners = tuple[float, float, float, float]  # left, top, right, bottom in [-1, 1] of the window


class KeptDrawing(Closing):
    """Keeps a drawing of the size of the window, transparent where nothing was drawn.

    ImGui takes hundreds of OpenGL calls to draw a panel, and this ten to show it again.
    """

    def __init__(self) -> None:
        self._program = Program("image.vert", "layer.frag")
        self._vertices = int(GL.glGenVertexArrays(1))  # empty, but core profile demands one
        self._offscreen = Offscreen()
        self._texture = self._offscreen.texture
        self._covered_for: tuple[object, ...] = ()  # size and hole that were asked for last
        self._covered: tuple[Corners, ...] = ()

    @contextmanager
    def drawn(self, size: tuple[int, int]) -> Iterator[None]:
        """Take what the body draws, in place of what was kept; `size` is the window's [px].

        The body blends as ImGui does: colours by their alpha, alphas as coverage.
        """
        with self._offscreen.drawn(size):
            calls.disable(GL.GL_SCISSOR_TEST)
            calls.clear_colour(0.0, 0.0, 0.0, 0.0)
            calls.clear(GL.GL_COLOR_BUFFER_BIT)
            yield

    def draw(self, hole: tuple[int, int, int, int] | None = None) -> None:
        """Lay what was kept over what has been drawn; nothing before the first `drawn`.

        Args:
            hole: x, y, width, height [px], origin top left, where nothing was drawn, so that the
                card need not look at it; None: there is none.
        """
        if not self._texture.width:
            return
        asked = (self._texture.width, self._texture.height, hole)
        if asked != self._covered_for:
            self._covered, self._covered_for = _cover(*asked), asked
        calls.viewport(0, 0, self._texture.width, self._texture.height)
        calls.enable(GL.GL_BLEND)
        calls.blend_func(GL.GL_ONE, GL.GL_ONE_MINUS_SRC_ALPHA)
        self._program.use()
        self._texture.bind("nearest")
        calls.bind_vertex_array(self._vertices)
        for corners in self._covered:
            self._program.set_float4("u_rect", corners)
            calls.draw_arrays(GL.GL_TRIANGLE_STRIP, 0, 4)
        calls.bind_vertex_array(0)
        calls.disable(GL.GL_BLEND)

    def close(self) -> None:
        """Free everything; the context must be current; again does nothing."""
        self._offscreen.close()
        if self._vertices:
            GL.glDeleteVertexArrays(1, [self._vertices])
            self._vertices = 0
        self._program.close()


def _cover(width: int, height: int, hole: tuple[int, int, int, int] | None) -> tuple[Corners, ...]:
    """Return rectangles that cover a window of this size [px] without `hole`."""
    space = Rect(0, 0, width, height)
    strips = (space,) if hole is None else around(space, Rect(*hole))
    return tuple(
        (
            2 * x / width - 1,
            1 - 2 * y / height,
            2 * (x + w) / width - 1,
            1 - 2 * (y + h) / height,
        )
        for x, y, w, h in strips
    )

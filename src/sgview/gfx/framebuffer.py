"""Clear what is drawn into, and read it back."""

from __future__ import annotations

import numpy as np
from OpenGL import GL

from sgview.gfx import calls


def clear(size: tuple[int, int], colour: tuple[float, float, float]) -> None:
    """Fill the whole framebuffer of (width, height) [px] with `colour`, channels in 0..1."""
    calls.viewport(0, 0, *size)
    calls.disable(GL.GL_SCISSOR_TEST)
    calls.clear_colour(*colour, 1.0)
    calls.clear(GL.GL_COLOR_BUFFER_BIT)


def read(size: tuple[int, int]) -> np.ndarray:
    """Return what has been drawn, uint8 [height, width, 4], row 0 on top; waits for it."""
    width, height = size
    pixels = np.empty((height, width, 4), np.uint8)
    GL.glPixelStorei(GL.GL_PACK_ALIGNMENT, 4)
    GL.glReadPixels(0, 0, width, height, GL.GL_RGBA, GL.GL_UNSIGNED_BYTE, pixels)
    return pixels[::-1].copy()

"""Commands called directly do what PyOpenGL's do; the next of those tells their errors."""

import pytest
from OpenGL import GL
from OpenGL.error import GLError

from sgview.gfx import calls

pytestmark = pytest.mark.gl


def test_state_set_directly_is_seen_by_opengl(context) -> None:
    calls.viewport(1, 2, 30, 40)
    assert tuple(GL.glGetIntegerv(GL.GL_VIEWPORT)) == (1, 2, 30, 40)
    calls.clear_colour(0.25, 0.5, 0.75, 1.0)
    assert tuple(GL.glGetFloatv(GL.GL_COLOR_CLEAR_VALUE)) == (0.25, 0.5, 0.75, 1.0)
    calls.enable(GL.GL_BLEND)
    assert GL.glIsEnabled(GL.GL_BLEND)
    calls.disable(GL.GL_BLEND)
    assert not GL.glIsEnabled(GL.GL_BLEND)


def test_an_error_is_not_lost(context) -> None:
    calls.enable(0xDEAD)
    with pytest.raises(GLError):
        GL.glDisable(GL.GL_BLEND)
    GL.glDisable(GL.GL_BLEND)

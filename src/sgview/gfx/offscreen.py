"""A texture that is drawn into."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from OpenGL import GL

from sgview.closing import Closing
from sgview.gfx import calls
from sgview.gfx.texture import Texture


class Offscreen(Closing):
    """Owns a texture and the framebuffer that draws into it; it lives in one OpenGL context.

    Framebuffers have row 0 below: what is drawn for a screen lies upside down in the texture.
    """

    def __init__(self) -> None:
        self.texture = Texture()
        self._framebuffer = int(GL.glGenFramebuffers(1))

    @contextmanager
    def drawn(self, size: tuple[int, int]) -> Iterator[None]:
        """Draw what the body draws into the texture; `size` is its width and height [px]."""
        target = GL.glGetIntegerv(GL.GL_DRAW_FRAMEBUFFER_BINDING)
        is_new = self.texture.resize(*size)
        GL.glBindFramebuffer(GL.GL_DRAW_FRAMEBUFFER, self._framebuffer)
        if is_new:
            GL.glFramebufferTexture2D(
                GL.GL_DRAW_FRAMEBUFFER, GL.GL_COLOR_ATTACHMENT0,
                GL.GL_TEXTURE_2D, self.texture.id, 0,
            )  # fmt: skip
        calls.viewport(0, 0, *size)
        try:
            yield
        finally:  # asks for no errors: those of the body are told by whoever collects them
            calls.bind_framebuffer(GL.GL_DRAW_FRAMEBUFFER, int(target))

    def close(self) -> None:
        """Free everything; the context must be current; again does nothing."""
        if self._framebuffer:
            GL.glDeleteFramebuffers(1, [self._framebuffer])
            self._framebuffer = 0
        self.texture.close()

"""The program's window on a graphics card without a screen: drawn, and shown to nobody.

Wants PYOPENGL_PLATFORM=egl set before OpenGL is imported. The panel is built and drawn as ever;
there are no mouse, no keys and no screen to wait for.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from types import SimpleNamespace
from typing import Any
from unittest import mock

from imgui_bundle import imgui
from OpenGL import GL

from sgview.gfx.context import describe_graphics
from sgview.gui.gui import Gui
from tools.surfaceless import surfaceless_context

_AHEAD = 2  # frames that OpenGL may be behind


class CardWindow:
    """Takes the place of `sgview.gfx.window.Window`."""

    is_minimised = is_shift_down = should_close = is_fullscreen = has_focus = False
    is_open = True
    handle = None
    covered_monitor = ""
    cursor = (-1.0, -1.0)
    address = 0
    ui_scale = 1.0
    refresh_rate = 60.0

    def __init__(self, _title: str, width: int, height: int, **_: Any) -> None:
        self._owned = ExitStack()
        self._owned.enter_context(surfaceless_context())
        self.size = self.framebuffer_size = (width, height)
        self.place = (0, 0, width, height)
        self.vsync = False
        self.monitors = SimpleNamespace(names=(), all=())
        self.loss = SimpleNamespace(on_lost=None)
        self.on_drop = None
        self.graphics = describe_graphics()
        self._fences: deque[Any] = deque()
        GL.glBindFramebuffer(GL.GL_FRAMEBUFFER, GL.glGenFramebuffers(1))
        GL.glBindRenderbuffer(GL.GL_RENDERBUFFER, GL.glGenRenderbuffers(1))
        GL.glRenderbufferStorage(GL.GL_RENDERBUFFER, GL.GL_RGBA8, width, height)
        place = (GL.GL_FRAMEBUFFER, GL.GL_COLOR_ATTACHMENT0, GL.GL_RENDERBUFFER)
        GL.glFramebufferRenderbuffer(*place, GL.glGetIntegerv(GL.GL_RENDERBUFFER_BINDING))

    def set_title(self, text: str) -> None:
        """Have no title."""

    def set_fullscreen(self, enabled: bool) -> None:
        """Have no monitor to cover."""

    def hear_monitors(self) -> None:
        """There are none."""

    def wait(self, _seconds: float) -> None:
        """Nothing happens."""

    def poll(self) -> None:
        """Hear nothing."""

    def take_input(self) -> bool:
        """There is none."""
        return False

    def swap(self) -> None:
        """Send what was drawn to the card, at most two frames ahead of it."""
        self._fences.append(GL.glFenceSync(GL.GL_SYNC_GPU_COMMANDS_COMPLETE, 0))
        GL.glFlush()
        if len(self._fences) > _AHEAD:
            fence = self._fences.popleft()
            GL.glClientWaitSync(fence, GL.GL_SYNC_FLUSH_COMMANDS_BIT, 10**9)
            GL.glDeleteSync(fence)

    def __enter__(self) -> CardWindow:
        return self

    def __exit__(self, *_: object) -> None:
        self._owned.close()


class CardGui(Gui):
    """The panel without GLFW: OpenGL draws it, a size is all it knows of the window."""

    def attach(
        self, window_address: int, number_row: Callable[[], str] = lambda: "1234567890"
    ) -> None:
        """Draw into the current framebuffer."""
        self._activate()
        self._number_row = number_row
        io = imgui.get_io()
        width, height = (
            int(GL.glGetRenderbufferParameteriv(GL.GL_RENDERBUFFER, side))
            for side in (GL.GL_RENDERBUFFER_WIDTH, GL.GL_RENDERBUFFER_HEIGHT)
        )
        io.display_size = imgui.ImVec2(width, height)
        io.backend_flags &= ~int(imgui.BackendFlags_.renderer_has_textures)
        imgui.backends.opengl3_init("#version 410")
        self._is_attached = True

    def close(self) -> None:
        """Let go of OpenGL, then of the rest."""
        if self._is_attached:
            imgui.backends.opengl3_shutdown()
            self._is_attached = False
        super().close()


def on_card() -> AbstractContextManager[object]:
    """Let `sgview.app.app.App` open its window there."""
    stack = ExitStack()
    stack.enter_context(mock.patch("sgview.app.screen.Window", CardWindow))
    stack.enter_context(mock.patch("sgview.app.app.Gui", CardGui))
    stack.enter_context(mock.patch("imgui_bundle.imgui.backends.glfw_new_frame", _new_frame))
    return stack


def _new_frame() -> None:
    imgui.get_io().delta_time = 1 / 60

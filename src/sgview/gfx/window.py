"""The window: GLFW with an OpenGL 4.1 core context."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sgview.closing import Closing
from sgview.gfx import calls
from sgview.gfx.context import (
    WindowError,
    collected_errors,
    context_advice,
    describe_graphics,
    initialise,
    set_hints,
)
from sgview.gfx.display_loss import DisplayLoss
from sgview.gfx.glfw_library import glfw, hear_drops
from sgview.gfx.icon import set_icon
from sgview.gfx.monitors import Rect
from sgview.gfx.window_placement import WindowPlacement
from sgview.gfx.x_errors import X_ERRORS


class Window(Closing):
    """One window whose context is current in the thread that opened it.

    Args:
        title: in the title bar.
        width, height: of the content [screen units].
        place: where it was last, to return to; it wins over `width` and `height`.
        fullscreen: start on a whole monitor.
        monitor: the name of that one; "" or one that is away: that of the window.
        vsync: wait for the screen's refresh when buffers are swapped.
        visible: False makes a hidden window: a context for tests and `sgview doctor`.

    Attributes:
        placement: where it is, and whether it is fullscreen.

    Raises:
        WindowError: if there is no display or no OpenGL 4.1.
    """

    def __init__(
        self,
        title: str,
        width: int = 1600,
        height: int = 1000,
        *,
        place: Rect | None = None,
        fullscreen: bool = False,
        monitor: str = "",
        vsync: bool = True,
        visible: bool = True,
    ) -> None:
        self._handle: Any = None
        self._vsync = vsync
        self._yields_vsync = False  # another window waits for its screen
        self.on_drop: Callable[[list[Path]], None] | None = None
        self._dropped: list[list[str]] = []  # files, since the last events
        initialise()
        set_hints(visible)
        with collected_errors() as errors:
            self._handle = glfw.create_window(width, height, title, None, None)
        if not self._handle:
            raise WindowError(context_advice(errors))
        set_icon(self._handle)
        self.loss = DisplayLoss()
        X_ERRORS.attach()
        is_x = glfw.get_platform() == glfw.PLATFORM_X11
        self._x_window = glfw.get_x11_window(self._handle) if is_x else None
        X_ERRORS.gone.discard(self._x_window or 0)  # X gives a number again later
        glfw.make_context_current(self._handle)
        self.graphics = describe_graphics()
        calls.share_interpreter(self.graphics.is_software)
        glfw.swap_interval(int(vsync))
        self._has_input = False
        if self.graphics.is_software:  # which draws for an input, and seldom without
            self._listen()
        self._hearing = hear_drops(self.address, self._dropped.append)
        self.placement = WindowPlacement(
            *(self._handle, (width, height), place, self._set_swap_interval)
        )
        if fullscreen:
            self.placement.cover_named(monitor)

    @property
    def address(self) -> int:
        """The GLFWwindow pointer, for native code such as the panel's backend."""
        return ctypes.cast(self._handle, ctypes.c_void_p).value or 0

    @property
    def handle(self) -> Any:
        """GLFW's own, for a window that shares its textures."""
        return self._handle

    @property
    def has_focus(self) -> bool:
        """Whether keys go to it."""
        return bool(glfw.get_window_attrib(self._handle, glfw.FOCUSED))

    def focus(self) -> None:
        """Let keys go to it."""
        glfw.focus_window(self._handle)

    def make_current(self) -> None:
        """Make its context the current one of this thread."""
        glfw.make_context_current(self._handle)

    def yield_vsync(self, is_yielded: bool) -> None:
        """Leave waiting for the refresh to another window, on another screen; or do so again."""
        self._yields_vsync = is_yielded
        self._set_swap_interval()

    @property
    def is_open(self) -> bool:
        """Whether it is not closed yet."""
        return bool(self._handle)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the content [screen units]."""
        return glfw.get_window_size(self._handle)

    @property
    def framebuffer_size(self) -> tuple[int, int]:
        """Width and height of what is drawn into [px]; (0, 0) on some systems when minimised."""
        size = glfw.get_framebuffer_size(self._handle)
        return (0, 0) if self.is_gone else size  # what X left there is no size

    @property
    def ui_scale(self) -> float:
        """How much larger than 96 dpi things should be, in screen units.

        macOS counts screen units in points and makes the framebuffer larger; elsewhere screen
        units are pixels and everything drawn must grow by itself.
        """
        scale = glfw.get_window_content_scale(self._handle)[0]
        width, framebuffer_width = self.size[0], self.framebuffer_size[0]
        return scale * width / framebuffer_width if framebuffer_width else scale

    @property
    def is_minimised(self) -> bool:
        """Whether nothing of the window can be seen because it is an icon or empty."""
        is_icon = bool(glfw.get_window_attrib(self._handle, glfw.ICONIFIED))
        return is_icon or 0 in self.framebuffer_size

    @property
    def is_shift_down(self) -> bool:
        """Whether a Shift key is held."""
        keys = (glfw.KEY_LEFT_SHIFT, glfw.KEY_RIGHT_SHIFT)
        return any(glfw.get_key(self._handle, key) == glfw.PRESS for key in keys)

    @property
    def cursor(self) -> tuple[float, float]:
        """Position of the mouse in the content [screen units]."""
        return glfw.get_cursor_pos(self._handle)

    @property
    def should_close(self) -> bool:
        """Whether the user asked to close the window."""
        return bool(glfw.window_should_close(self._handle))

    @property
    def vsync(self) -> bool:
        """Whether `swap` waits for the screen's refresh."""
        return self._vsync

    @vsync.setter
    def vsync(self, enabled: bool) -> None:
        self._vsync = enabled
        self._set_swap_interval()

    def hear_monitors(self) -> None:
        """Hear again of monitors that come and go, after ImGui's backend took the callback."""
        self.placement.monitors.listen()

    def set_title(self, title: str) -> None:
        """Change the text of the title bar, valid Unicode."""
        glfw.set_window_title(self._handle, title)

    @property
    def is_gone(self) -> bool:
        """Whether another program destroyed it: nothing that is drawn is seen any more."""
        return self._x_window in X_ERRORS.gone

    def poll(self) -> None:
        """Run the callbacks of everything that happened."""
        glfw.poll_events()
        self._follow_events()

    def wait(self, seconds: float) -> None:
        """Like `poll`, but sleep until something happens, at most `seconds`."""
        glfw.wait_events_timeout(seconds)
        self._follow_events()

    def take_input(self) -> bool:
        """Return whether there was an input, or the window changed, since this was asked last.

        It is known where the processor draws alone; on a graphics card this is always false.
        """
        had_input, self._has_input = self._has_input, False
        return had_input

    def swap(self) -> None:
        """Show what was drawn."""
        glfw.swap_buffers(self._handle)

    def close(self) -> None:
        """Destroy window and context."""
        if self._handle:
            self.placement.monitors.ignore()
            self.loss.close()
            glfw.destroy_window(self._handle)
            self._handle = None

    def _listen(self) -> None:
        """Note inputs and changes; ImGui's backend calls these on when it takes their places."""
        for set_callback in (
            glfw.set_key_callback,
            glfw.set_char_callback,
            glfw.set_mouse_button_callback,
            glfw.set_cursor_pos_callback,
            glfw.set_cursor_enter_callback,
            glfw.set_scroll_callback,
            glfw.set_window_focus_callback,
            glfw.set_window_refresh_callback,
            glfw.set_framebuffer_size_callback,
        ):
            set_callback(self._handle, self._note_input)

    def _note_input(self, *_: object) -> None:
        self._has_input = True

    def _follow_events(self) -> None:
        self.placement.follow_monitors()
        while self._dropped:
            names = self._dropped.pop(0)
            if self.on_drop is not None:
                self.on_drop([Path(name) for name in names])

    def _set_swap_interval(self) -> None:
        """Set it as wanted; some systems forget it when a monitor is covered, or not any more."""
        glfw.swap_interval(int(self._vsync and not self._yields_vsync))

"""The window: GLFW with an OpenGL 4.1 core context."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sgview.closing import Closing
from sgview.gfx.context import (
    WindowError,
    collected_errors,
    context_advice,
    describe_graphics,
    initialise,
    is_wayland,
    set_hints,
)
from sgview.gfx.display_loss import DisplayLoss
from sgview.gfx.glfw_library import glfw

DEFAULT_REFRESH_RATE = 60.0  # for screens that do not tell [Hz]


class Window(Closing):
    """One window whose context is current in the thread that opened it.

    Args:
        title: in the title bar.
        width, height: of the content [screen units].
        fullscreen: start on the whole of the primary monitor.
        vsync: wait for the screen's refresh when buffers are swapped.
        visible: False makes a hidden window: a context for tests and `sgview doctor`.

    Raises:
        WindowError: if there is no display or no OpenGL 4.1.
    """

    def __init__(
        self,
        title: str,
        width: int = 1600,
        height: int = 1000,
        *,
        fullscreen: bool = False,
        vsync: bool = True,
        visible: bool = True,
    ) -> None:
        self._handle: Any = None
        self._windowed = (0, 0, width, height)  # where to return to from fullscreen
        self._vsync = vsync
        self.on_drop: Callable[[list[Path]], None] | None = None
        initialise()
        set_hints(visible)
        with collected_errors() as errors:
            self._handle = glfw.create_window(width, height, title, None, None)
        if not self._handle:
            raise WindowError(context_advice(errors))
        self.loss = DisplayLoss()
        glfw.make_context_current(self._handle)
        self.graphics = describe_graphics()
        glfw.swap_interval(int(vsync))
        glfw.set_drop_callback(self._handle, self._drop)
        self._fit_to_screen()
        if fullscreen:
            self.set_fullscreen(True)

    @property
    def address(self) -> int:
        """The GLFWwindow pointer, for native code such as the panel's backend."""
        return ctypes.cast(self._handle, ctypes.c_void_p).value or 0

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the content [screen units]."""
        return glfw.get_window_size(self._handle)

    @property
    def framebuffer_size(self) -> tuple[int, int]:
        """Width and height of what is drawn into [px]; (0, 0) on some systems when minimised."""
        return glfw.get_framebuffer_size(self._handle)

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
        glfw.swap_interval(int(enabled))

    @property
    def is_fullscreen(self) -> bool:
        """Whether the window covers a monitor."""
        return bool(glfw.get_window_monitor(self._handle))

    def set_fullscreen(self, enabled: bool) -> None:
        """Cover the monitor that most of the window is on, or go back to where it was."""
        if enabled == self.is_fullscreen:
            return
        if enabled:
            monitor = self._monitor()
            if monitor is None:
                return
            self._windowed = (*self._position(), *self.size)
            mode = glfw.get_video_mode(monitor)
            width, height = mode.size
            glfw.set_window_monitor(
                self._handle, monitor, 0, 0, width, height, mode.refresh_rate or glfw.DONT_CARE
            )
        else:
            x, y, width, height = self._windowed
            glfw.set_window_monitor(self._handle, None, x, y, width, height, glfw.DONT_CARE)
        glfw.swap_interval(int(self._vsync))  # some systems forget it with the mode

    @property
    def refresh_rate(self) -> float:
        """Refresh rate of the monitor that most of the window is on [Hz]."""
        monitor = self._monitor()
        mode = glfw.get_video_mode(monitor) if monitor is not None else None
        return float(mode.refresh_rate if mode and mode.refresh_rate else DEFAULT_REFRESH_RATE)

    def set_title(self, title: str) -> None:
        """Change the text of the title bar, valid Unicode."""
        glfw.set_window_title(self._handle, title)

    def poll(self) -> None:
        """Run the callbacks of everything that happened."""
        glfw.poll_events()

    def wait(self, seconds: float) -> None:
        """Like `poll`, but sleep until something happens, at most `seconds`."""
        glfw.wait_events_timeout(seconds)

    def swap(self) -> None:
        """Show what was drawn."""
        glfw.swap_buffers(self._handle)

    def close(self) -> None:
        """Destroy window and context."""
        if self._handle:
            self.loss.close()
            glfw.destroy_window(self._handle)
            self._handle = None

    def _drop(self, _handle: Any, paths: Sequence[str]) -> None:
        if self.on_drop is not None:
            self.on_drop([Path(path) for path in paths])

    def _fit_to_screen(self) -> None:
        """Shrink to what the desktop leaves of the primary monitor."""
        monitor = glfw.get_primary_monitor()
        if not monitor:
            return
        _, _, *room = glfw.get_monitor_workarea(monitor)
        width, height = (min(size) for size in zip(self.size, room, strict=True))
        if width > 0 and height > 0 and (width, height) != self.size:
            glfw.set_window_size(self._handle, width, height)

    def _position(self) -> tuple[int, int]:
        if is_wayland():  # windows there do not know where they are
            return 0, 0
        return glfw.get_window_pos(self._handle)

    def _monitor(self) -> Any:
        current = glfw.get_window_monitor(self._handle)
        if current:
            return current
        monitors = glfw.get_monitors()
        if not monitors:
            return None
        x, y = self._position()
        width, height = self.size

        def overlap(monitor: Any) -> int:
            left, top = glfw.get_monitor_pos(monitor)
            mode = glfw.get_video_mode(monitor).size
            across = min(x + width, left + mode[0]) - max(x, left)
            down = min(y + height, top + mode[1]) - max(y, top)
            return max(0, across) * max(0, down)

        return max(monitors, key=overlap)

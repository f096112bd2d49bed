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
from sgview.gfx.monitors import Monitor, Monitors, Rect
from sgview.gfx.x_errors import X_ERRORS

DEFAULT_REFRESH_RATE = 60.0  # for screens that do not tell [Hz]


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
        self._windowed: Rect = place or (0, 0, width, height)  # where to return to from fullscreen
        self._covers: Monitor | None = (
            None  # the monitor that is wanted whole, also while it is away
        )
        self._vsync = vsync
        self._yields_vsync = False  # another window waits for its screen
        self.on_drop: Callable[[list[Path]], None] | None = None
        initialise()
        set_hints(visible)
        with collected_errors() as errors:
            self._handle = glfw.create_window(width, height, title, None, None)
        if not self._handle:
            raise WindowError(context_advice(errors))
        self.loss = DisplayLoss()
        X_ERRORS.attach()
        is_x = glfw.get_platform() == glfw.PLATFORM_X11
        self._x_window = glfw.get_x11_window(self._handle) if is_x else None
        X_ERRORS.gone.discard(self._x_window or 0)  # X gives a number again later
        glfw.make_context_current(self._handle)
        self.graphics = describe_graphics()
        glfw.swap_interval(int(vsync))
        glfw.set_drop_callback(self._handle, self._drop)
        self._has_input = False
        if self.graphics.is_software:  # which draws for an input, and seldom without
            self._listen()
        self._monitors = Monitors()
        if place is not None:
            self._place(self._monitors.brought_back(place))
        self._fit_to_screen()
        if fullscreen:
            named = (other for other in self._monitors.all if monitor and other.name == monitor)
            self._cover(next(named, None) or self._monitor())

    @property
    def address(self) -> int:
        """The GLFWwindow pointer, for native code such as the panel's backend."""
        return ctypes.cast(self._handle, ctypes.c_void_p).value or 0

    @property
    def handle(self) -> Any:
        """GLFW's own, for a window that shares its textures."""
        return self._handle

    @property
    def monitors(self) -> Monitors:
        """The monitors there are; the window hears of those that come and go."""
        return self._monitors

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

    @property
    def is_fullscreen(self) -> bool:
        """Whether the window covers a monitor."""
        return bool(glfw.get_window_monitor(self._handle))

    @property
    def covered_monitor(self) -> str:
        """The name of the monitor that fullscreen is on, or waits for; "" for none."""
        return self._covers.name if self._covers is not None else ""

    @property
    def place(self) -> Rect:
        """Where the window is, or returns to from fullscreen."""
        is_window = self._covers is None
        return (*self._position(), *self.size) if is_window else self._windowed

    def set_fullscreen(self, enabled: bool) -> None:
        """Cover the monitor that most of the window is on, or go back to where it was.

        A monitor that is unplugged meanwhile is covered again once it returns.
        """
        if enabled == self.is_fullscreen:
            return
        if enabled:
            self._cover(self._monitor())
        else:
            self._covers = None
            self._place(self._monitors.brought_back(self._windowed))

    @property
    def refresh_rate(self) -> float:
        """Refresh rate of the monitor that most of the window is on [Hz]."""
        monitor = self._monitor()
        return (monitor.refresh_rate if monitor else 0.0) or DEFAULT_REFRESH_RATE

    def move(self, place: Rect) -> None:
        """Be a window of that size, there."""
        self._covers = None
        self._place(place)

    def hear_monitors(self) -> None:
        """Hear again of monitors that come and go, after ImGui's backend took the callback."""
        self._monitors.listen()

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
        self._follow_monitors()

    def wait(self, seconds: float) -> None:
        """Like `poll`, but sleep until something happens, at most `seconds`."""
        glfw.wait_events_timeout(seconds)
        self._follow_monitors()

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
            self._monitors.ignore()
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

    def _drop(self, _handle: Any, paths: Sequence[str]) -> None:
        if self.on_drop is not None:
            self.on_drop([Path(path) for path in paths])

    def _fit_to_screen(self) -> None:
        """Shrink to what the desktop leaves of the monitor."""
        monitor = self._monitor()
        if monitor is None:
            return
        room = monitor.work_area[2:]
        width, height = (min(size) for size in zip(self.size, room, strict=True))
        if (width, height) != self.size:
            glfw.set_window_size(self._handle, width, height)

    def _follow_monitors(self) -> None:
        """Cover the wanted monitor once it is there; be seen on another while it is not."""
        if not self._monitors.take_change():
            return
        if self._covers is None:
            here = self.place
            if (there := self._monitors.brought_back(here)) != here:
                self._place(there)
            return
        monitor = self._monitors.find(self._covers)
        if monitor is not None and self._is_lit_on(monitor):
            return
        if monitor is not None:
            self._cover(monitor, is_return=True)
        else:
            here = self._monitors.brought_back(self._windowed)
            self._set_monitor(None, here, glfw.DONT_CARE)

    def _is_lit_on(self, monitor: Monitor) -> bool:
        """Whether the window covers `monitor` where it now is."""
        is_there = (*self._position(), *self.size) == monitor.bounds
        return is_there and glfw.get_window_monitor(self._handle) == monitor.handle

    def _cover(self, monitor: Monitor | None, *, is_return: bool = False) -> None:
        """Fill a monitor in the mode that it has."""
        if monitor is None:
            return
        if not is_return:
            self._windowed = self.place
        self._covers = monitor
        rate = round(monitor.refresh_rate) or glfw.DONT_CARE
        self._set_monitor(monitor.handle, (0, 0, *monitor.bounds[2:]), rate)

    def _place(self, rect: Rect) -> None:
        """Be a window there."""
        self._windowed = rect
        self._set_monitor(None, rect, glfw.DONT_CARE)

    def _set_monitor(self, handle: Any, rect: Rect, rate: int) -> None:
        with collected_errors():  # a monitor may go at any moment: the next event says so
            glfw.set_window_monitor(self._handle, handle, *rect, rate)
        self._set_swap_interval()  # some systems forget it with the mode

    def _set_swap_interval(self) -> None:
        glfw.swap_interval(int(self._vsync and not self._yields_vsync))

    def _position(self) -> tuple[int, int]:
        if is_wayland():  # windows there do not know where they are
            return 0, 0
        return glfw.get_window_pos(self._handle)

    def _monitor(self) -> Monitor | None:
        """The monitor that most of the window is on; None while there is none."""
        return self._monitors.below((*self._position(), *self.size))

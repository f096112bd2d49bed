"""Where a window is: on its own place, or fullscreen on a monitor, while monitors come and go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sgview.gfx.context import collected_errors, is_wayland
from sgview.gfx.glfw_library import glfw
from sgview.gfx.monitors import Monitor, Monitors, Rect

DEFAULT_REFRESH_RATE = 60.0  # for screens that do not tell [Hz]


class WindowPlacement:
    """Places one window, and follows the monitors that it is on.

    Args:
        handle: GLFW's own, of the window.
        size: width and height that it has [screen units].
        place: where it was last, to return to; None: where the system put it.
        on_mode: called after the window was given to a monitor, or taken from one.

    Attributes:
        monitors: that there are.
    """

    def __init__(
        self,
        handle: Any,
        size: tuple[int, int],
        place: Rect | None,
        on_mode: Callable[[], None],
    ) -> None:
        self._handle, self._on_mode = handle, on_mode
        self._windowed: Rect = place or (0, 0, *size)  # where to return to from fullscreen
        self._covers: Monitor | None = None  # that is wanted whole, also while it is away
        self.monitors = Monitors()
        self._problems: list[str] = []
        self._is_waiting = False  # for the monitor that is wanted whole
        if place is not None:
            self._place(self.monitors.brought_back(place))
        self._fit_to_screen()
        self._last_position, self._last_size = self._position(), self._size()
        glfw.set_window_pos_callback(handle, self._note_position)
        glfw.set_window_size_callback(handle, self._note_size)

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
        return (*self._position(), *self._size()) if is_window else self._windowed

    @property
    def last_place(self) -> Rect:
        """The same as events told it last: known also when window or screen are gone."""
        is_window = self._covers is None
        return (*self._last_position, *self._last_size) if is_window else self._windowed

    def cover_named(self, monitor: str) -> None:
        """Cover the monitor of that name; "" or one that is away: that of the window."""
        named = (other for other in self.monitors.all if monitor and other.name == monitor)
        self._cover(next(named, None) or self._monitor())

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
            self._place(self.monitors.brought_back(self._windowed))

    @property
    def refresh_rate(self) -> float:
        """Refresh rate of the monitor that most of the window is on [Hz]."""
        monitor = self._monitor()
        return (monitor.refresh_rate if monitor else 0.0) or DEFAULT_REFRESH_RATE

    def move(self, place: Rect) -> None:
        """Be a window of that size, there."""
        self._covers = None
        self._place(place)

    def _fit_to_screen(self) -> None:
        """Shrink to what the desktop leaves of the monitor."""
        monitor = self._monitor()
        if monitor is None:
            return
        room = monitor.work_area[2:]
        width, height = (min(size) for size in zip(self._size(), room, strict=True))
        if (width, height) != self._size():
            glfw.set_window_size(self._handle, width, height)

    def take_problems(self) -> list[str]:
        """Return which monitors went away from under the window since the last call."""
        taken, self._problems = self._problems, []
        return taken

    def follow_monitors(self) -> None:
        """Cover the wanted monitor once it is there; be seen on another while it is not."""
        if not self.monitors.take_change():
            return
        if self._covers is None:
            here = self.place
            if (there := self.monitors.brought_back(here)) != here:
                self._place(there)
                self._problems.append("The screen of this window is gone: it is on another one.")
            return
        monitor = self.monitors.find(self._covers)
        if monitor is not None and self._is_lit_on(monitor):
            self._is_waiting = False
            return
        if monitor is not None:
            self._cover(monitor, is_return=True)
        else:
            if not self._is_waiting:
                then = "the picture fills it again once it is back"
                self._problems.append(f"The screen {self._covers.name} is gone: {then}.")
            self._is_waiting = True
            here = self.monitors.brought_back(self._windowed)
            self._set_monitor(None, here, glfw.DONT_CARE)

    def _note_position(self, _handle: Any, x: int, y: int) -> None:
        if self._is_placed():
            self._last_position = x, y

    def _note_size(self, _handle: Any, width: int, height: int) -> None:
        if self._is_placed() and width and height:
            self._last_size = width, height

    def _is_placed(self) -> bool:
        """Whether it has a place of its own now: neither covers a monitor nor is an icon."""
        is_icon = glfw.get_window_attrib(self._handle, glfw.ICONIFIED)
        return self._covers is None and not is_icon

    def _is_lit_on(self, monitor: Monitor) -> bool:
        """Whether the window covers `monitor` where it now is."""
        is_there = (*self._position(), *self._size()) == monitor.bounds
        return is_there and glfw.get_window_monitor(self._handle) == monitor.handle

    def _cover(self, monitor: Monitor | None, *, is_return: bool = False) -> None:
        """Fill a monitor in the mode that it has."""
        if monitor is None:
            return
        if not is_return:
            self._windowed = self.place
        self._covers, self._is_waiting = monitor, False
        rate = round(monitor.refresh_rate) or glfw.DONT_CARE
        self._set_monitor(monitor.handle, (0, 0, *monitor.bounds[2:]), rate)

    def _place(self, rect: Rect) -> None:
        """Be a window there."""
        self._windowed = rect
        self._set_monitor(None, rect, glfw.DONT_CARE)

    def _set_monitor(self, handle: Any, rect: Rect, rate: int) -> None:
        with collected_errors():  # a monitor may go at any moment: the next event says so
            glfw.set_window_monitor(self._handle, handle, *rect, rate)
        self._on_mode()

    def _size(self) -> tuple[int, int]:
        return glfw.get_window_size(self._handle)

    def _position(self) -> tuple[int, int]:
        if is_wayland():  # windows there do not know where they are
            return 0, 0
        return glfw.get_window_pos(self._handle)

    def _monitor(self) -> Monitor | None:
        """The monitor that most of the window is on; None while there is none."""
        return self.monitors.below((*self._position(), *self._size()))

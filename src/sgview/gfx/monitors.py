"""The monitors, as GLFW told of them last.

A monitor may be unplugged at any moment, and GLFW knows nothing of one that is gone. So monitors
are asked about on GLFW's event, not in each frame, and whatever is asked may be nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sgview.gfx.context import collected_errors
from sgview.gfx.glfw_library import glfw

Rect = tuple[int, int, int, int]  # x, y, width, height [screen units]
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Monitor:
    """One monitor."""

    handle: Any  # GLFW's; valid until the next event
    name: str  # "HDMI-1" or a model, which two monitors may share
    bounds: Rect
    work_area: Rect  # without the desktop's bars
    refresh_rate: float  # [Hz]; 0: it does not tell


class Monitors:
    """Those that are plugged in and lit; asked again after each change."""

    def __init__(self) -> None:
        self._known: tuple[Monitor, ...] | None = None
        self._is_changed = False
        self.listen()

    def listen(self) -> None:
        """Hear of changes; again after another library took GLFW's callback away."""
        glfw.set_monitor_callback(self._note)

    def ignore(self) -> None:
        """Hear of nothing any more."""
        glfw.set_monitor_callback(None)

    def take_change(self) -> bool:
        """Return whether a monitor came or went since the last call."""
        was_changed, self._is_changed = self._is_changed, False
        return was_changed

    @property
    def all(self) -> tuple[Monitor, ...]:
        """The monitors, the system's primary one first."""
        if self._known is None:
            handles = _ask(glfw.get_monitors) or ()
            described = (_describe(handle) for handle in handles)
            self._known = tuple(monitor for monitor in described if monitor is not None)
        return self._known

    @property
    def names(self) -> tuple[str, ...]:
        """A name for each of `all`; those that share one are numbered: "Generic", "Generic 2"."""
        names: list[str] = []
        for monitor in self.all:
            name, number = monitor.name or "Monitor", 1
            while name in names:
                number += 1
                name = f"{monitor.name or 'Monitor'} {number}"
            names.append(name)
        return tuple(names)

    def name_of(self, monitor: Monitor) -> str:
        """Return its name among `names`; its own while it is away."""
        known = zip(self.all, self.names, strict=True)
        return next((name for one, name in known if one is monitor), monitor.name)

    def below(self, rect: Rect) -> Monitor | None:
        """Return the monitor that most of `rect` is on, else the primary one."""
        return max(self.all, key=lambda monitor: overlap(rect, monitor.bounds), default=None)

    def find(self, known: Monitor) -> Monitor | None:
        """Return a monitor known from before: that of its name, of several the one in its place."""
        named = [monitor for monitor in self.all if monitor.name == known.name]
        return max(named, key=lambda monitor: monitor.bounds[:2] == known.bounds[:2], default=None)

    def brought_back(self, rect: Rect) -> Rect:
        """Return `rect` moved and shrunk onto its monitor if too little of it would be seen."""
        monitor = self.below(rect)
        if monitor is None or _is_reachable(rect, monitor.bounds):
            return rect
        left, top, room_across, room_down = monitor.work_area
        width, height = min(rect[2], room_across), min(rect[3], room_down)
        return left + (room_across - width) // 2, top + (room_down - height) // 2, width, height

    def _note(self, *_event: Any) -> None:
        self._known, self._is_changed = None, True


def overlap(a: Rect, b: Rect) -> int:
    """Return the area that two rectangles share."""
    across = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    down = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    return max(0, across) * max(0, down)


def _is_reachable(rect: Rect, bounds: Rect) -> bool:
    """Whether a third of a window is on a monitor, its upper edge included."""
    is_top_seen = bounds[1] <= rect[1] < bounds[1] + bounds[3]
    return is_top_seen and 3 * overlap(rect, bounds) >= rect[2] * rect[3]


def _describe(handle: Any) -> Monitor | None:
    """Return what a monitor says of itself, None if it is gone."""
    mode = _ask(glfw.get_video_mode, handle)
    corner = _ask(glfw.get_monitor_pos, handle) if mode is not None else None
    if mode is None or corner is None or 0 in mode.size:
        return None
    bounds = (*corner, *mode.size)
    work_area = _ask(glfw.get_monitor_workarea, handle) or bounds
    name = _ask(glfw.get_monitor_name, handle) or b""
    text = name.decode(errors="replace") if isinstance(name, bytes) else str(name)
    rate = float(mode.refresh_rate or 0)
    return Monitor(handle, text, bounds, work_area if all(work_area[2:]) else bounds, rate)


def _ask(function: Callable[..., Answer], *arguments: Any) -> Answer | None:
    """Return GLFW's answer, None if it has none: its binding reads the NULL that it then gets."""
    with collected_errors():
        try:
            return function(*arguments)
        except ValueError:
            return None

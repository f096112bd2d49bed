"""A second window with the picture and nothing else, on a monitor of the user's choice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from OpenGL import GL

from sgview.closing import Closing
from sgview.gfx.context import WindowError, collected_errors, context_advice, set_hints
from sgview.gfx.framebuffer import clear
from sgview.gfx.glfw_library import glfw
from sgview.gfx.icon import set_icon
from sgview.gfx.monitors import Monitor, Rect
from sgview.gfx.painter import Edges, Filter, Painter
from sgview.gfx.placement import Fit
from sgview.gfx.texture import Texture
from sgview.gfx.window import Window

WINDOWED = (960, 540)  # while there is no monitor for it [screen units]
BLACK = (0.0, 0.0, 0.0)
_NO_LIMIT = 0xFFFFFFFFFFFFFFFF  # GL_TIMEOUT_IGNORED


class CleanWindow(Closing):
    """A window that shares textures with the main one, and draws them in a context of its own.

    It covers the monitor whose name is `screen`, without border and cursor, and is a plain window
    while that one is away. The main window's context is current before and after each method.

    Args:
        main: whose textures are drawn.
        title: for the desktop's list of windows.
        screen: name of the monitor as `Monitors.names` has it; "": another than the main window's.
        vsync: wait for that monitor's refresh, in place of the main window.
        on_key: told of keys while this window has them: key, scancode, action and modifiers as
            GLFW has them.
        on_character: told of the characters that they type, as Unicode numbers.

    Raises:
        WindowError: if no second context can be made.
    """

    def __init__(
        self,
        main: Window,
        title: str,
        screen: str = "",
        *,
        vsync: bool = True,
        on_key: Callable[[int, int, int, int], None] = lambda *_: None,
        on_character: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._main, self._vsync = main, vsync
        self._handle: Any = None
        self._covers: Monitor | None = None
        self._followed: tuple[Monitor, ...] = ()  # the monitors that it took its place among
        self._is_damaged = True  # what was drawn may be gone
        self.screen = screen
        set_hints(visible=False)
        for hint in (glfw.FOCUSED, glfw.FOCUS_ON_SHOW):  # keys go on to the main window
            glfw.window_hint(hint, False)
        with collected_errors() as errors:
            self._handle = glfw.create_window(*WINDOWED, title, None, main.handle)
        if not self._handle:
            raise WindowError(context_advice(errors))
        set_icon(self._handle)
        glfw.set_window_refresh_callback(self._handle, self._note_damage)
        glfw.set_framebuffer_size_callback(self._handle, self._note_damage)
        glfw.set_key_callback(self._handle, lambda _, *key: on_key(*key))
        glfw.set_char_callback(self._handle, lambda _, character: on_character(character))
        with self._current():
            self._painter = Painter()
        self.take_place(is_asked=True)
        glfw.show_window(self._handle)

    @property
    def covered(self) -> str:
        """Name of the monitor that it covers; "" while it is a plain window."""
        monitors = self._main.placement.monitors
        return monitors.name_of(self._covers) if self._covers is not None else ""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of what is drawn into [px]."""
        return glfw.get_framebuffer_size(self._handle)

    @property
    def refresh_rate(self) -> float:
        """Of its monitor [Hz]; 0: not known."""
        return self._covers.refresh_rate if self._covers is not None else 0.0

    @property
    def should_close(self) -> bool:
        """Whether the user closed it."""
        return bool(glfw.window_should_close(self._handle))

    @property
    def is_damaged(self) -> bool:
        """Whether what was drawn last may not be on the screen any more."""
        return self._is_damaged

    def choose(self, screen: str) -> None:
        """Go to another monitor; "": any but the main window's."""
        self.screen = screen
        self.take_place(is_asked=True)

    def follow_monitors(self) -> None:
        """Go to the monitor once it is there, and be a window once it is not."""
        if self._main.placement.monitors.all is not self._followed:
            self.take_place()

    def take_place(self, *, is_asked: bool = False) -> None:
        """Cover the monitor that is asked for, or be a window.

        The main window keeps the keys, unless this one was asked for and would lie below it.
        """
        self._followed = self._main.placement.monitors.all
        monitor = self._chosen()
        if monitor is None and self._covers is None and not is_asked:
            return  # a window stays where the user put it
        self._is_damaged = True
        had_focus = self._main.has_focus
        with collected_errors():  # a monitor may go at any moment: the next event says so
            if monitor is not None:
                width, height = monitor.bounds[2:]
                rate = round(monitor.refresh_rate) or glfw.DONT_CARE
                glfw.set_window_monitor(self._handle, monitor.handle, 0, 0, width, height, rate)
            else:
                glfw.set_window_monitor(self._handle, None, *self._windowed(), glfw.DONT_CARE)
            shape = glfw.CURSOR_NORMAL if monitor is None else glfw.CURSOR_HIDDEN
            glfw.set_input_mode(self._handle, glfw.CURSOR, shape)
        self._covers = monitor
        with self._current():
            glfw.swap_interval(int(self._vsync and monitor is not None))
        self._main.yield_vsync(monitor is not None)
        if had_focus and (monitor is not None or not is_asked):
            self._main.focus()

    def draw(
        self,
        texture: Texture | None,
        fit: Fit = "fit",
        filter: Filter = "cubic",
        *,
        rotation: int = 0,
        edges: Edges = "black",
        level: float = 1.0,
    ) -> None:
        """Show `texture`, see `Painter.paint`; None: black."""
        width, height = self.size
        if not (width and height):
            return
        ready = GL.glFenceSync(GL.GL_SYNC_GPU_COMMANDS_COMPLETE, 0)
        GL.glFlush()
        with self._current():
            GL.glWaitSync(ready, 0, _NO_LIMIT)  # the card waits, not this thread
            GL.glDeleteSync(ready)
            clear((width, height), BLACK)
            if texture is not None:
                self._painter.paint(
                    texture,
                    (0, 0, width, height),
                    height,
                    fit,
                    filter,
                    rotation=rotation,
                    edges=edges,
                    level=level,
                )
            drawn = GL.glFenceSync(GL.GL_SYNC_GPU_COMMANDS_COMPLETE, 0)
            glfw.swap_buffers(self._handle)
        GL.glWaitSync(drawn, 0, _NO_LIMIT)  # before the texture takes the next picture
        GL.glDeleteSync(drawn)
        self._is_damaged = False

    def close(self) -> None:
        """Free everything and close the window; again does nothing."""
        if not self._handle:
            return
        with self._current():
            self._painter.close()
        self._main.yield_vsync(False)
        glfw.destroy_window(self._handle)
        self._handle = None

    def _chosen(self) -> Monitor | None:
        """The monitor to cover now, None if there is none."""
        monitors = self._main.placement.monitors
        if self.screen:
            named = (one for one in monitors.all if monitors.name_of(one) == self.screen)
            return next(named, None)
        below_main = monitors.below(self._main.placement.place)
        return next((one for one in monitors.all if one is not below_main), None)

    def _windowed(self) -> Rect:
        """Where it is while it is a plain window: over the middle of the main one."""
        left, top, across, down = self._main.placement.place
        width, height = WINDOWED
        middle = (left + (across - width) // 2, top + (down - height) // 2)
        return self._main.placement.monitors.brought_back((*middle, width, height))

    def _note_damage(self, *_: Any) -> None:
        self._is_damaged = True

    @contextmanager
    def _current(self) -> Iterator[None]:
        glfw.make_context_current(self._handle)
        try:
            yield
        finally:
            self._main.make_current()

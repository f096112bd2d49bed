"""The window: GLFW with an OpenGL 4.1 core context."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any


def _share_glfw_on_macos() -> None:
    """Make `glfw` load the library that imgui-bundle links to.

    The panel's backend must see the GLFW that made the window. Linux and Windows share a library
    by its name; macOS would load two.
    """
    bundle = importlib.util.find_spec("imgui_bundle") if sys.platform == "darwin" else None
    if bundle and bundle.origin and "PYGLFW_LIBRARY" not in os.environ:
        library = Path(bundle.origin).parent / "libglfw.3.dylib"
        if library.is_file():
            os.environ["PYGLFW_LIBRARY"] = str(library)


_share_glfw_on_macos()

import glfw as _glfw  # noqa: E402
from OpenGL import GL  # noqa: E402

glfw: Any = _glfw  # its stubs leave out None where it is allowed

GL_VERSION = (4, 1)
DEFAULT_REFRESH_RATE = 60.0  # for screens that do not tell [Hz]


class WindowError(RuntimeError):
    """No window can be opened here; the message says why and what to do."""


@dataclass(frozen=True)
class GraphicsInfo:
    """What OpenGL says of itself."""

    renderer: str  # "NVIDIA H200/PCIe/SSE2", "llvmpipe (LLVM 15.0.6, 256 bits)"
    version: str  # "4.5 (Core Profile) Mesa 22.3.6"
    vendor: str

    @property
    def is_software(self) -> bool:
        """Whether the CPU draws."""
        name = self.renderer.lower()
        return any(word in name for word in ("llvmpipe", "softpipe", "swrast", "swiftshader"))


class Window:
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
        _initialise()
        _set_hints(visible)
        with _collected_errors() as errors:
            self._handle = glfw.create_window(width, height, title, None, None)
        if not self._handle:
            raise WindowError(_context_advice(errors))
        glfw.make_context_current(self._handle)
        self.graphics = GraphicsInfo(
            *(_gl_string(name) for name in (GL.GL_RENDERER, GL.GL_VERSION, GL.GL_VENDOR))
        )
        glfw.swap_interval(int(vsync))
        glfw.set_drop_callback(self._handle, self._drop)
        if fullscreen:
            self.set_fullscreen(True)

    @property
    def address(self) -> int:
        """The GLFWwindow pointer, for native code such as the panel's backend."""
        import ctypes

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
        """Change the text of the title bar."""
        glfw.set_window_title(self._handle, title)

    def set_icon(self, pixels: Any) -> None:
        """Set the icon, uint8 [H, W, 4]; systems that take none ignore it."""
        height, width = pixels.shape[:2]
        glfw.set_window_icon(self._handle, 1, [(width, height, pixels.tolist())])

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
            glfw.destroy_window(self._handle)
            self._handle = None

    def __enter__(self) -> Window:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _drop(self, _handle: Any, paths: Sequence[str]) -> None:
        if self.on_drop is not None:
            self.on_drop([Path(path) for path in paths])

    def _position(self) -> tuple[int, int]:
        if _is_wayland():  # windows there do not know where they are
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


class _collected_errors:  # noqa: N801  (reads as a function at its one use)
    """Collect GLFW's messages instead of having them warned about."""

    def __enter__(self) -> list[str]:
        self._messages: list[str] = []
        self._before = glfw.set_error_callback(
            lambda _code, text: self._messages.append(
                text.decode(errors="replace") if isinstance(text, bytes) else str(text)
            )
        )
        return self._messages

    def __exit__(self, *_error: object) -> None:
        glfw.set_error_callback(self._before)


def _initialise() -> None:
    with _collected_errors() as errors:
        if glfw.init():
            return
    raise WindowError(_display_advice(errors))


def _set_hints(visible: bool) -> None:
    glfw.default_window_hints()
    glfw.window_hint(glfw.CLIENT_API, glfw.OPENGL_API)
    glfw.window_hint(glfw.CONTEXT_VERSION_MAJOR, GL_VERSION[0])
    glfw.window_hint(glfw.CONTEXT_VERSION_MINOR, GL_VERSION[1])
    glfw.window_hint(glfw.OPENGL_PROFILE, glfw.OPENGL_CORE_PROFILE)
    glfw.window_hint(glfw.OPENGL_FORWARD_COMPAT, True)  # macOS gives core contexts only with it
    glfw.window_hint(glfw.SCALE_TO_MONITOR, True)
    glfw.window_hint(glfw.AUTO_ICONIFY, False)  # a show's second screen stays up without focus
    glfw.window_hint(glfw.VISIBLE, visible)
    glfw.window_hint_string(glfw.X11_CLASS_NAME, "sgview")
    glfw.window_hint_string(glfw.X11_INSTANCE_NAME, "sgview")


def _is_wayland() -> bool:
    return glfw.get_platform() == glfw.PLATFORM_WAYLAND


def _gl_string(name: int) -> str:
    text = GL.glGetString(name)
    return text.decode(errors="replace") if isinstance(text, bytes) else str(text or "")


def _display_advice(errors: list[str]) -> str:
    cause = f" ({errors[-1]})" if errors else ""
    if sys.platform == "linux" and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        return (
            f"there is no display{cause}: start sgview on a desktop, or with a virtual screen, "
            "`xvfb-run sgview`, or without any, `sgview render`"
        )
    return f"no window can be opened on this display{cause}: `sgview doctor` says more"


def _context_advice(errors: list[str]) -> str:
    cause = f" ({errors[-1]})" if errors else ""
    return (
        f"OpenGL {GL_VERSION[0]}.{GL_VERSION[1]} is not available here{cause}: install the "
        "graphics driver, or on Linux Mesa (`apt install libgl1-mesa-dri`)"
    )

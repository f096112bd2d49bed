"""GLFW and the OpenGL context: setting up, and saying in words why it fails."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from functools import cached_property

from OpenGL import GL

from sgview.gfx.glfw_library import glfw

GL_VERSION = (4, 1)


class WindowError(RuntimeError):
    """No window can be opened here; the message says why and what to do."""


class GraphicsLostError(RuntimeError):
    """OpenGL draws nothing more in this process; the message says why."""


@dataclass(frozen=True)
class GraphicsInfo:
    """What OpenGL says of itself."""

    renderer: str  # "NVIDIA H200/PCIe/SSE2", "llvmpipe (LLVM 15.0.6, 256 bits)"
    version: str  # "4.5 (Core Profile) Mesa 22.3.6"
    vendor: str

    @cached_property
    def is_software(self) -> bool:
        """Whether the CPU draws."""
        name = self.renderer.lower()
        return any(word in name for word in ("llvmpipe", "softpipe", "swrast", "swiftshader"))


class collected_errors:  # noqa: N801  (reads as a function at its one use)
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


def initialise() -> None:
    """Start GLFW; again does nothing.

    Raises:
        WindowError: if there is no display.
    """
    with collected_errors() as errors:
        if glfw.init():
            return
    raise WindowError(_display_advice(errors))


def set_hints(visible: bool) -> None:
    """Ask for an OpenGL 4.1 core context in the next window.

    A context that tells of a reset of the card is asked for, which is a wish: without it, some
    drivers end the program instead.
    """
    glfw.default_window_hints()
    glfw.window_hint(glfw.CLIENT_API, glfw.OPENGL_API)
    glfw.window_hint(glfw.CONTEXT_VERSION_MAJOR, GL_VERSION[0])
    glfw.window_hint(glfw.CONTEXT_VERSION_MINOR, GL_VERSION[1])
    glfw.window_hint(glfw.OPENGL_PROFILE, glfw.OPENGL_CORE_PROFILE)
    glfw.window_hint(glfw.CONTEXT_ROBUSTNESS, glfw.LOSE_CONTEXT_ON_RESET)
    glfw.window_hint(glfw.OPENGL_FORWARD_COMPAT, True)  # macOS gives core contexts only with it
    glfw.window_hint(glfw.SCALE_TO_MONITOR, True)
    glfw.window_hint(glfw.AUTO_ICONIFY, False)  # a show's second screen stays up without focus
    glfw.window_hint(glfw.VISIBLE, visible)
    glfw.window_hint_string(glfw.X11_CLASS_NAME, "sgview")
    glfw.window_hint_string(glfw.X11_INSTANCE_NAME, "sgview")


def is_wayland() -> bool:
    """Return whether windows are Wayland's, which hides their place from them."""
    return glfw.get_platform() == glfw.PLATFORM_WAYLAND


def describe_graphics() -> GraphicsInfo:
    """Ask the current context what it is."""
    return GraphicsInfo(
        *(_gl_string(name) for name in (GL.GL_RENDERER, GL.GL_VERSION, GL.GL_VENDOR))
    )


def _gl_string(name: int) -> str:
    text = GL.glGetString(name)
    return text.decode(errors="replace") if isinstance(text, bytes) else str(text or "")


def _display_advice(errors: list[str]) -> str:
    cause = f" ({errors[-1]})" if errors else ""
    if sys.platform == "linux" and os.environ.get("WAYLAND_DISPLAY"):
        return (
            f"this Wayland session has no XWayland, through which sgview shows its window{cause}: "
            "install it (Debian and Ubuntu: `apt install xwayland`, Fedora: `dnf install "
            "xorg-x11-server-Xwayland`) and log in again; `sgview render` needs no window"
        )
    if sys.platform == "linux" and not os.environ.get("DISPLAY"):
        return (
            f"there is no display{cause}: start sgview on a desktop, or with a virtual screen, "
            "`xvfb-run sgview`, or without any, `sgview render`"
        )
    return f"no window can be opened on this display{cause}: `sgview doctor` says more"


def context_advice(errors: list[str]) -> str:
    """Return what to do when no context was made; `errors` are GLFW's words."""
    cause = f" ({errors[-1]})" if errors else ""
    return (
        f"OpenGL {GL_VERSION[0]}.{GL_VERSION[1]} is not available here{cause}: install the "
        "graphics driver, or on Linux Mesa (`apt install libgl1-mesa-dri`)"
    )

"""Errors of X, for which Xlib ends the program by itself, told and survived instead.

A request may come too late: for a window that another program destroyed, a monitor that was just
unplugged, the focus of a window that is not shown yet. None of that is a reason to end.
"""

from __future__ import annotations

import ctypes
import logging
import sys
from typing import Any

from sgview.gfx.glfw_library import glfw

_LIBRARY = "libX11.so.6"
_BAD_WINDOW, _BAD_DRAWABLE = 3, 9  # X11/X.h
_MOST_TOLD = 5  # of one program
log = logging.getLogger(__name__)


class _Event(ctypes.Structure):
    """`XErrorEvent` of X11/Xlib.h."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("display", ctypes.c_void_p),
        ("resource", ctypes.c_ulong),
        ("serial", ctypes.c_ulong),
        ("code", ctypes.c_ubyte),
        ("request", ctypes.c_ubyte),
        ("minor", ctypes.c_ubyte),
    )


_HANDLER = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(_Event))


class XErrors:
    """Hears of errors of X from now on; one for the whole program, which outlives its windows.

    Attributes:
        gone: windows and drawables that X says there are none of.
    """

    def __init__(self) -> None:
        self.gone: set[int] = set()
        self._count = 0
        self._handler = _HANDLER(self._hear)  # kept: Xlib has its address

    def attach(self) -> None:
        """Take the place of Xlib's own handler; there must be a window of GLFW's."""
        if sys.platform != "linux" or glfw.get_platform() != glfw.PLATFORM_X11:
            return
        try:
            library: Any = ctypes.CDLL(_LIBRARY)
        except OSError:
            return
        library.XSetErrorHandler.restype = ctypes.c_void_p
        library.XSetErrorHandler(self._handler)

    def _hear(self, _display: int | None, event: Any) -> int:
        """Note an error; called by Xlib, on any thread, which must not call X."""
        error = event.contents
        if error.code in (_BAD_WINDOW, _BAD_DRAWABLE) and len(self.gone) < 1000:
            self.gone.add(int(error.resource))
        self._count += 1
        if self._count <= _MOST_TOLD:
            log.warning(
                "X reports error %d of request %d.%d for 0x%x",
                *(error.code, error.request, error.minor, error.resource),
            )
        return 0


X_ERRORS = XErrors()
"""Of this program: Xlib has one handler for all displays."""

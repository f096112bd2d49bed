"""Being told that the display is gone, for which Xlib ends the program by itself.

Where the X server ends, or a connection to another machine breaks, Xlib calls a handler that must
not return; its own prints a line and calls `exit`. On other systems windows do not go like this.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from typing import Any

from sgview.closing import Closing
from sgview.gfx.glfw_library import glfw

_LIBRARY = "libX11.so.6"
_HANDLER = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)


class DisplayLoss(Closing):
    """Calls `on_lost` when the X server is gone, on the thread that noticed.

    There must be a window of GLFW's; further windows may have one each. `on_lost` ends the process;
    nothing of OpenGL, GLFW or X may be called in it. If it returns, Xlib ends the process with exit
    code 1.

    Attributes:
        on_lost: called once; None: nothing is.
    """

    def __init__(self) -> None:
        self.on_lost: Callable[[], object] | None = None
        self._library: Any = None
        self._before: int | None = None
        if sys.platform != "linux" or glfw.get_platform() != glfw.PLATFORM_X11:
            return
        try:
            self._library = ctypes.CDLL(_LIBRARY)
        except OSError:
            return
        self._library.XSetIOErrorHandler.restype = ctypes.c_void_p
        self._library.XSetIOErrorHandler.argtypes = [ctypes.c_void_p]
        self._handler = _HANDLER(self._lose)  # kept: Xlib has its address
        address = ctypes.cast(self._handler, ctypes.c_void_p)
        self._before = self._library.XSetIOErrorHandler(address)

    def close(self) -> None:
        """Leave it to Xlib again; idempotent."""
        self.on_lost = None
        if self._library is not None:
            self._library.XSetIOErrorHandler(self._before)
            self._library = None

    def _lose(self, display: int | None) -> int:
        on_lost, self.on_lost = self.on_lost, None
        if on_lost is not None:
            on_lost()
        elif self._before:  # of another window of this program
            _HANDLER(self._before)(display)
        return 0

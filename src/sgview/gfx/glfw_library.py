"""The `glfw` package, on the one GLFW library of this process. Import it from here only.

`glfw` and `imgui_bundle` each ship a library, and the panel's backend must see the one that made
the window. imgui-bundle is linked to its own, so `glfw` takes that too: the one it would choose
depends on the session (`XDG_SESSION_TYPE`, `PYGLFW_LIBRARY_VARIANT`), and may lack X11 or be a
second copy.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

LIBRARIES = {"darwin": "libglfw.3.dylib", "win32": "glfw3.dll"}
OTHER_LIBRARY = "libglfw.so.3"  # Linux and the like


def library_path(system: str = sys.platform) -> str:
    """Return the library that imgui-bundle links to, on `system` (as `sys.platform`).

    It lies beside the package in the published wheels. One that a distribution built is linked to
    the system's library, which the loader finds by its bare name.
    """
    name = LIBRARIES.get(system, OTHER_LIBRARY)
    bundle = importlib.util.find_spec("imgui_bundle")
    for folder in (bundle.submodule_search_locations or ()) if bundle else ():
        library = Path(folder) / name
        if library.is_file():
            return str(library)
    return name


# Both packages read this when they are imported. A value of the user's would be a second library.
os.environ["PYGLFW_LIBRARY"] = library_path()

import glfw as _glfw  # noqa: E402

glfw: Any = _glfw  # its stubs leave out None where it is allowed

_DropCallback = ctypes.CFUNCTYPE(
    None, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(ctypes.c_char_p)
)


def hear_drops(address: int, heard: Callable[[list[str]], object]) -> object:
    """Let `heard` be called with the names of files that are dropped on a window.

    The package's own callback takes each name for UTF-8, and fails where a disk has others.

    Args:
        address: of the GLFWwindow.
        heard: must not raise.

    Returns:
        What must live as long as the window.
    """

    def call(_window: int, count: int, names: Any) -> None:
        heard([os.fsdecode(names[n]) for n in range(count)])

    callback = _DropCallback(call)
    listen = ctypes.CDLL(library_path()).glfwSetDropCallback
    listen.argtypes, listen.restype = [ctypes.c_void_p, _DropCallback], ctypes.c_void_p
    listen(address, callback)
    return callback

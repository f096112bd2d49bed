"""What a film needs and takes long to start, begun while something else is done."""

from __future__ import annotations

import ctypes
import sys
import threading
from importlib import import_module

_DRIVERS = {"linux": "libcuda.so.1", "win32": "nvcuda.dll"}


def warm_up(device: str, *, is_film: bool) -> None:
    """Begin to start the device and to import torch and the engine, in threads.

    Whoever imports them meanwhile waits for the same work. What goes wrong is said by those who
    need it, not here. The threads are waited for at the end of the program, since a library that
    is being loaded does not stand that.

    Args:
        device: as options name it.
        is_film: whether FFmpeg is needed, which files of pictures do without.
    """
    start_driver(device)
    threading.Thread(target=_import_all, args=(is_film,), name="sgview imports").start()


def start_driver(device: str) -> None:
    """Begin to make the context of CUDA that torch will use, which takes as long as its import."""
    if device in ("auto", "cuda") and sys.platform in _DRIVERS:
        threading.Thread(target=_retain_context, name="sgview CUDA").start()


def _retain_context() -> None:
    """Make the primary context of the first card; it ends with the process."""
    try:
        driver = ctypes.CDLL(_DRIVERS[sys.platform])
        device, context = ctypes.c_int(), ctypes.c_void_p()
        if not driver.cuInit(0) and not driver.cuDeviceGet(ctypes.byref(device), 0):
            driver.cuDevicePrimaryCtxRetain(ctypes.byref(context), device)
    except (OSError, AttributeError):  # there is no such driver
        return


def _import_all(is_film: bool) -> None:
    modules = ["sgview.engine.engine", "sgview.engine.networks"]
    modules += ["sgview.outputs.film_chunks"] if is_film else []
    for module in modules:
        try:
            import_module(module)
        except ImportError:
            return

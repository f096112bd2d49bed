"""What a film needs and takes long to start, begun while something else is done."""

from __future__ import annotations

import ctypes
import gc
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from importlib.util import find_spec

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


def load_libraries() -> None:
    """Begin to load torch's libraries, while Python's own part of the program is imported."""
    if sys.platform == "linux":
        threading.Thread(target=_load_libraries, name="sgview libraries").start()


def _load_libraries() -> None:
    spec = find_spec("torch")  # imports nothing
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        with suppress(OSError):  # torch itself finds them elsewhere, or says what is wrong
            ctypes.CDLL(f"{folder}/lib/libtorch_global_deps.so", ctypes.RTLD_GLOBAL)
            ctypes.CDLL(f"{folder}/lib/libtorch.so")


@contextmanager
def without_collecting() -> Iterator[None]:
    """Look for no cycles of garbage meanwhile: imports make many objects, and they all stay."""
    was_collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_collecting:
            gc.enable()


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
    modules += ["sgview.outputs.film_chunks", "sgview.outputs.film_joiner"] if is_film else []
    with without_collecting(), suppress(ImportError):
        for module in modules:
            import_module(module)

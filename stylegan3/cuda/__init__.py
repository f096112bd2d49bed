"""Compiling CUDA C++ on the user's machine and launching it. Knows no operation of the networks.

A `KernelSpec` says what to compile, `load` gives it ready to launch. Names are imported on first
use, so that this costs no torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stylegan3.cuda.kernel import Kernel, KernelError, PreparedLaunch, current_stream
    from stylegan3.cuda.memory import is_out_of_memory, let_go
    from stylegan3.cuda.nvrtc import (
        KernelSpec,
        compile_all,
        kernel_folder,
        load,
        unavailable_reason,
    )
    from stylegan3.cuda.sources import resolve, storage_class

__all__ = [
    "Kernel",
    "KernelError",
    "KernelSpec",
    "PreparedLaunch",
    "compile_all",
    "current_stream",
    "is_out_of_memory",
    "kernel_folder",
    "let_go",
    "load",
    "resolve",
    "storage_class",
    "unavailable_reason",
]

_HOMES = {
    "Kernel": "stylegan3.cuda.kernel",
    "KernelError": "stylegan3.cuda.kernel",
    "KernelSpec": "stylegan3.cuda.nvrtc",
    "PreparedLaunch": "stylegan3.cuda.kernel",
    "compile_all": "stylegan3.cuda.nvrtc",
    "current_stream": "stylegan3.cuda.kernel",
    "is_out_of_memory": "stylegan3.cuda.memory",
    "kernel_folder": "stylegan3.cuda.nvrtc",
    "let_go": "stylegan3.cuda.memory",
    "load": "stylegan3.cuda.nvrtc",
    "resolve": "stylegan3.cuda.sources",
    "storage_class": "stylegan3.cuda.sources",
    "unavailable_reason": "stylegan3.cuda.nvrtc",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)

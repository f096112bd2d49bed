"""CUDA C++ sources as single texts: `#include "name"` of our own headers is resolved here.

One self-contained text per kernel makes the cache key honest (a changed header is a changed
kernel) and needs no include path at run time.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import torch

INCLUDE = Path(__file__).parent / "include"
"""Headers that several kernels share; a kernel's own lie beside it."""

_INCLUDE = re.compile(r'^[ \t]*#include "([\w.]+)"[ \t]*$', re.MULTILINE)


@cache
def cuda_source(
    module: str,  # `__file__` of the launcher
    name: str,  # of the source beside it
) -> str:
    """Return the text of a kernel's source with our own headers in place.

    Raises:
        FileNotFoundError: if there is no such file, or it includes one that does not exist.
    """
    folder = Path(module).parent
    return resolve((folder / name).read_text(encoding="utf-8"), folder)


def resolve(text: str, *folders: Path) -> str:
    """Replace every `#include "name"` in `text`, the first time, by that header.

    It is looked for in `folders`, then among the shared ones.
    """
    seen: set[str] = set()

    def include(match: re.Match[str]) -> str:
        name = match[1]
        if name in seen:
            return ""
        seen.add(name)
        paths = [folder / name for folder in folders]
        path = next((path for path in paths if path.is_file()), INCLUDE / name)
        header = path.read_text(encoding="utf-8").replace("#pragma once", "")
        return _INCLUDE.sub(include, header)

    return _INCLUDE.sub(include, text)


def storage_class(dtype: torch.dtype) -> str:
    """Return the storage class of `element.cuh` for a dtype.

    Raises:
        ValueError: if it is neither float16 nor float32.
    """
    names = {torch.float16: "Half", torch.float32: "Float"}
    if dtype not in names:
        raise ValueError(f"activations must be float16 or float32, not {dtype}")
    return names[dtype]

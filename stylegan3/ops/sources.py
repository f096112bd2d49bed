"""CUDA C++ sources as single texts: `#include "name"` of our own headers is resolved here.

One self-contained text per kernel makes the cache key honest (a changed header is a changed
kernel) and needs no include path at run time.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

_INCLUDE = re.compile(r'^[ \t]*#include "([\w.]+)"[ \t]*$', re.MULTILINE)


@cache
def cuda_source(name: str) -> str:
    """Return the text of `ops/cuda/name` with its own headers in place.

    Raises:
        FileNotFoundError: if there is no such file, or it includes one that does not exist.
    """
    return resolve(_read(name))


def resolve(text: str) -> str:
    """Replace every `#include "name"` in `text`, the first time, by the header of `ops/cuda`."""
    seen: set[str] = set()

    def include(match: re.Match[str]) -> str:
        name = match[1]
        if name in seen:
            return ""
        seen.add(name)
        return _INCLUDE.sub(include, _read(name).replace("#pragma once", ""))

    return _INCLUDE.sub(include, text)


def _read(name: str) -> str:
    return files("stylegan3.ops").joinpath("cuda", name).read_text(encoding="utf-8")

"""CUDA C++ sources as single texts: `#include "name"` of our own headers is resolved here.

One self-contained text per kernel makes the cache key honest (a changed header is a changed
kernel), needs no include path at run time, and lets the CPU emulator of the tests put its own
`primitives.cuh` in place of the real one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

_INCLUDE = re.compile(r'^[ \t]*#include "([\w.]+)"[ \t]*$', re.MULTILINE)


@cache
def cuda_source(name: str) -> str:
    """Return the text of `ops/cuda/name` with its own headers in place.

    Raises:
        FileNotFoundError: if there is no such file, or it includes one that does not exist.
    """
    return resolve(_read(name), {})


def resolve(text: str, replacements: Mapping[str, str]) -> str:
    """Replace every `#include "name"` in `text`, once each, by the header's text.

    Args:
        text: CUDA C++ source.
        replacements: header name to the text to use instead of the file of `ops/cuda`.
    """
    seen: set[str] = set()

    def include(match: re.Match[str]) -> str:
        name = match[1]
        if name in seen:
            return ""
        seen.add(name)
        header = replacements[name] if name in replacements else _read(name)
        return _INCLUDE.sub(include, header.replace("#pragma once", ""))

    return _INCLUDE.sub(include, text)


def _read(name: str) -> str:
    return files("stylegan3.ops").joinpath("cuda", name).read_text(encoding="utf-8")

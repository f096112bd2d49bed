"""Waiting for what a thread, another program or the screen does, on a machine however busy."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")

LIMIT = 120.0
"""Nothing that a test waits for takes as long [s], also where all is ten times slower."""


def until(
    is_so: Callable[[], Result],
    meanwhile: Callable[[], object] = lambda: time.sleep(0.002),
    limit: float = LIMIT,  # [s]
) -> Result:
    """Wait until something is so, and return it: the first true value of `is_so()`.

    Args:
        is_so: looked at again and again.
        meanwhile: what goes on between two looks, e.g. `app.frame`; by default a short sleep.
        limit: after which waiting is given up.

    Raises:
        AssertionError: if it did not happen in time.
    """
    end = time.monotonic() + limit
    while not (result := is_so()):
        assert time.monotonic() < end, f"it did not happen within {limit:g} s"
        meanwhile()
    return result

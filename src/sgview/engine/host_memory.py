"""How the C library gives out memory where pictures are computed on the processor."""

from __future__ import annotations

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # options of glibc's `mallopt`
_LARGEST_KEPT = 32 * 2**20  # [bytes] larger blocks are the system's business
_KEPT = 256 * 2**20  # [bytes] freed memory that is not given back


def keep_freed_memory() -> bool:
    """Let this process keep freed memory for the next picture; return whether that can be asked.

    glibc gives large blocks back to the system at once and asks for them again, whose pages are
    cleared and mapped one by one when they are written: for a picture of 256 px 2,000 to 6,000 of
    them, 4 to 20 ms of two cores. Other C libraries keep such blocks, or are not to be asked.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    # the second first: setting either of them ends what glibc would choose by itself
    return bool(mallopt(_MMAP_THRESHOLD, _LARGEST_KEPT)) and bool(mallopt(_TRIM_THRESHOLD, _KEPT))

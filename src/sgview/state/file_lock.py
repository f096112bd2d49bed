"""A lock that one program holds and the system lifts, whenever and however that program ends."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path


def hold(path: Path) -> int:
    """Return a handle that holds the lock while it is open.

    Raises:
        BlockingIOError: if another program holds it.
        OSError: if there can be none.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if sys.platform == "win32":
            import msvcrt

            try:
                msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
            except OSError as error:
                raise BlockingIOError from error
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException:
        with suppress(OSError):
            os.close(handle)
        raise
    return handle

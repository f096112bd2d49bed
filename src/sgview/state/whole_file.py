"""The one way to write a file: whoever opens it finds the old content or the new one, whole.

The new content goes into a file beside it and waits until the disk has it, then takes its name. A
full disk, a loss of power or a kill in between costs the new content, never the old.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
import time
from contextlib import suppress
from pathlib import Path

from sgview.state.text import encodable

DRAFT = ".sgview-"
"""How names of unfinished files begin: hidden, and short whatever the file itself is called."""
OLD_DRAFT = 86_400.0  # nobody writes one file for so long [s]


def write_whole(path: Path, content: str | bytes | memoryview, *, waits: bool = True) -> None:
    """Replace the file by `content`, or make it; a link to a file stays one.

    Args:
        path: the file; its folder is made if need be.
        content: all that it will hold; text becomes UTF-8.
        waits: until the disk has it. Without, as for one of many pictures, loss of power may cost
            it, but no kill of the program.

    Raises:
        OSError: if it cannot be written; the old file stays as it was.
    """
    data = encodable(content).encode("utf-8") if isinstance(content, str) else content
    path.parent.mkdir(parents=True, exist_ok=True)
    target = path.resolve() if path.is_symlink() else path
    draft = target.with_name(f"{DRAFT}{secrets.token_hex(8)}")
    try:
        _write(draft, data, _mode_of(target), waits=waits)
        draft.replace(target)
    except BaseException:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise
    if waits:
        sync_folder(target.parent)


def remove_old_drafts(folder: Path) -> None:
    """Remove what programs that were killed while they wrote have left in a folder, a day later."""
    with suppress(OSError):
        for path in folder.glob(f"{DRAFT}*"):
            if time.time() - path.stat().st_mtime > OLD_DRAFT:
                path.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Wait until the disk knows the names in a folder, where the system can say so."""
    with suppress(OSError):  # Windows opens no folders, and some file systems do not sync them
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _mode_of(path: Path) -> int | None:
    """Return the permissions of the file to replace, None if there is none.

    Raises:
        OSError: if what stands there is no file, such as a folder or a device.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "it is a folder", str(path))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "it is no ordinary file", str(path))
    return stat.S_IMODE(mode)


def _write(draft: Path, data: bytes | memoryview, mode: int | None, *, waits: bool) -> None:
    """Write a new file, wait for the disk, and compare what it says of the size."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    handle = os.open(draft, flags, 0o666)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        if waits:
            os.fsync(file.fileno())
        size = os.fstat(file.fileno()).st_size
    if size != len(data):
        raise OSError(errno.EIO, f"the disk has {size} of {len(data)} bytes", str(draft))
    if mode is not None:
        draft.chmod(mode)

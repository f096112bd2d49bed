"""Questions about files and folders that have an answer whatever the path is.

Python's own raise where a folder may not be entered, a name is too long, holds a NUL, or where the
working folder was deleted.
"""

from __future__ import annotations

from pathlib import Path


def is_file(path: str | Path) -> bool:
    """Return whether there is a file of that name, as far as one can see."""
    try:
        return Path(path).is_file()
    except (OSError, ValueError):
        return False


def is_folder(path: str | Path) -> bool:
    """Return whether there is a folder of that name, as far as one can see."""
    try:
        return Path(path).is_dir()
    except (OSError, ValueError):
        return False


def is_there(path: str | Path) -> bool:
    """Return whether there is anything of that name, as far as one can see."""
    try:
        return Path(path).exists()
    except (OSError, ValueError):
        return False


def working_folder() -> Path:
    """Return the folder the program was started in; the user's own where that is gone."""
    try:
        return Path.cwd()
    except OSError:
        return Path.home()


def absolute(path: Path) -> Path:
    """Return `path` from the root on, or as it is where the working folder is gone."""
    try:
        return path.absolute()
    except OSError:
        return path

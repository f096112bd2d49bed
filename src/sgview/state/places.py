"""What is at a place, asked so that no answer of the system ends the show.

`Path.is_file`, `is_dir` and `cwd` raise where a folder may not be entered, a name is too long or
holds a NUL, or the working folder was deleted.
"""

from __future__ import annotations

from pathlib import Path


def is_file(path: str | Path) -> bool:
    """Return whether there is a file of that name, which may be anything."""
    try:
        return Path(path).is_file()
    except (OSError, ValueError):
        return False


def is_folder(path: str | Path) -> bool:
    """Return whether there is a folder of that name, which may be anything."""
    try:
        return Path(path).is_dir()
    except (OSError, ValueError):
        return False


def working_folder() -> Path:
    """Return the working folder, or the user's own where that is gone."""
    try:
        return Path.cwd()
    except OSError:
        return Path.home()

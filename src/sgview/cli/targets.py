"""Where `sgview render` writes: nothing is replaced unasked, and no old picture stays among new."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from sgview.outputs.video import OutputError

_NUMBERED = re.compile(r"[0-9]{6,}\.png", re.ASCII)


def refuse_to_replace(out: Path, *, is_unfinished: bool = False) -> None:
    """Ask whether to replace what is there, or refuse to where there is nobody to ask.

    Args:
        out: the film or folder.
        is_unfinished: whether what is there could go on.

    Raises:
        OutputError: if there is a film or pictures of an earlier run, and they shall stay.
    """
    there = held(out)
    if not there:
        return
    if sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty():
        print(f"{there}. Replace? [y/N] ", end="", file=sys.stderr, flush=True)
        if sys.stdin.readline().strip().lower() in ("y", "yes"):
            return
    advice = "add --resume to go on, or" if is_unfinished else "choose another name, or add"
    raise OutputError(f"{there}: {advice} --force to replace")


def make_room(out: Path) -> None:
    """Remove numbered pictures of an earlier run; a film is replaced when it is opened.

    Raises:
        OutputError: if one cannot be removed.
    """
    try:
        for path in _pictures(out):
            path.unlink()
    except OSError as error:
        raise OutputError(f"{out} cannot be written: {error.strerror or error}") from error


def held(out: Path) -> str:
    """Return what is there that would be lost, "" if nothing is."""
    try:
        if out.is_file():
            return f"{out} exists already"
        if pictures := _pictures(out):
            return f"{out} holds {len(pictures)} pictures of an earlier run"
    except (OSError, ValueError):  # whoever opens it says what is wrong with it
        pass
    return ""


def _pictures(out: Path) -> list[Path]:
    if not out.is_dir():
        return []
    return [path for path in out.iterdir() if _NUMBERED.fullmatch(path.name)]

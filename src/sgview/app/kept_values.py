"""Small files of the program's own state: values kept from one start to the next."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import TypeVar

import msgspec

from sgview.state.whole_file import write_whole

log = logging.getLogger(__name__)

Kept = TypeVar("Kept")


def read_kept(path: Path, kind: type[Kept], most_bytes: int, what: str) -> Kept:
    """Return what a file keeps; a `kind` as it comes if there is none, or none that can be used.

    Args:
        path: of the file.
        kind: what it holds.
        most_bytes: of it that are read.
        what: it should say, for the log.
    """
    try:
        with path.open("rb") as file:
            return msgspec.json.decode(file.read(most_bytes), type=kind)
    except FileNotFoundError:
        return kind()
    except (OSError, msgspec.MsgspecError, RecursionError) as error:
        log.warning("%s does not say %s: %s", path, what, error)
        return kind()


def write_kept(path: Path, value: object, what: str, *, waits: bool = True) -> None:
    """Keep a value; a folder that cannot be written costs a log line.

    Args:
        path: of the file, which is replaced.
        value: that `read_kept` returns again.
        what: it says, for the log.
        waits: for the disk, as `write_whole` does.
    """
    try:
        write_whole(path, json.dumps(msgspec.to_builtins(value), indent=1), waits=waits)
    except OSError as error:
        log.warning("%s cannot be kept: %s", what, error)

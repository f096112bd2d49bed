"""Where a session lies: each program that runs at the same time has a file of its own.

Whoever starts first has "session.json", the next "session-2.json". A lock says which of them are
taken; the system lifts it whenever and however its program ends.
"""

from __future__ import annotations

import os
from pathlib import Path

from sgview.closing import Closing
from sgview.state.file_lock import hold

NAME = "session.json"
MOST = 9  # programs at a time with sessions of their own


class SessionPlace(Closing):
    """Takes the first session file of a folder that no other program has, until `close`.

    Where the folder takes no locks, such as a read-only one, it is the first file.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self.is_first = True
        self._handle: int | None = None
        for number in range(1, MOST + 1):
            path = folder / (NAME if number == 1 else f"session-{number}.json")
            try:
                self._handle = hold(path.with_suffix(".lock"))
            except BlockingIOError:
                continue
            except OSError:
                return
            self.path, self.is_first = path, number == 1
            return

    def close(self) -> None:
        """Let another program have it; idempotent."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def free_session(folder: Path) -> Path:
    """Return the file that a program that starts now would have."""
    with SessionPlace(folder) as place:
        return place.path

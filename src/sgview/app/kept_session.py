"""The session of this program: where it lies, writing it, and saying what goes wrong with that."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sgview.app.session_file import SessionFile
from sgview.app.session_place import SessionPlace
from sgview.closing import Closing
from sgview.state.notices import Notices
from sgview.state.session import Session
from sgview.state.whole_file import remove_old_drafts


class KeptSession(Closing):
    """Owns the session's file, and writes it every few seconds and at the end.

    Args:
        folder: where sessions lie.
        make: returns what `--resume` restores.
        notices: told what the user should know.
        now: the source of real time [s].
    """

    def __init__(
        self,
        folder: Path,
        make: Callable[[], Session],
        notices: Notices,
        now: Callable[[], float],
    ) -> None:
        self._make, self._notices, self._now = make, notices, now
        self._place = SessionPlace(folder)
        remove_old_drafts(folder)
        self._file = SessionFile(self._place.path, now)
        self._problem = ""  # told last
        self._told = 0  # the notice that tells it
        if not self._place.is_first:
            name = self._place.path.name
            text = f"Another sgview is running: this one keeps its session in {name}."
            hint = "--resume goes on with it while the other one runs."
            self._notices.add("warning", text, hint, now=now())

    def poll(self) -> None:
        """Write the session if it is time; say why it could not be written, until it is."""
        self._file.poll(self._make)
        if (problem := self._file.problem) != self._problem:
            self._problem = problem
            self._notices.dismiss(self._told)
            if problem:
                hint = "It is tried again every two seconds. Make room, or save a look elsewhere."
                self._told = self._notices.add("error", problem, hint, now=self._now())
            else:
                self._notices.add("info", "The session is written again.", now=self._now())

    def close(self) -> None:
        """Write what is left, and let another program have the place; idempotent."""
        self._file.close(self._make())
        self._place.close()

"""The notices on show: counted when they repeat, gone when dismissed or old."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from msgspec.structs import replace

from sgview.state.status import Notice

Level = Literal["info", "warning", "error"]
LIFETIME = {"info": 6.0, "warning": 30.0}  # after the last repeat [s]; errors stay
MOST = 12


@dataclass
class _Entry:
    notice: Notice
    time: float


class Notices:
    """Gives notices their ids and keeps the shown ones, oldest first."""

    def __init__(self) -> None:
        self._entries: list[_Entry] = []
        self._next_id = 1

    def add(self, level: Level, text: str, hint: str = "", *, now: float, repeats: int = 1) -> None:
        """Show a notice, or count one more of the same text.

        Args:
            level: "info" and "warning" go by themselves, "error" waits to be dismissed.
            text: what happened, and where.
            hint: what to do.
            now: real time [s].
            repeats: how often it happened.
        """
        for entry in self._entries:
            if (entry.notice.level, entry.notice.text) == (level, text):
                entry.notice = replace(entry.notice, repeats=entry.notice.repeats + repeats)
                entry.time = now
                return
        self._entries.append(_Entry(Notice(self._next_id, level, text, hint, repeats), now))
        self._next_id += 1
        del self._entries[:-MOST]

    def dismiss(self, notice_id: int) -> None:
        """Remove one; an id that is gone already does nothing."""
        self._entries = [entry for entry in self._entries if entry.notice.id != notice_id]

    def shown(self, now: float) -> tuple[Notice, ...]:
        """Return the notices to show at real time `now` [s], dropping those too old."""
        self._entries = [
            entry
            for entry in self._entries
            if now - entry.time < LIFETIME.get(entry.notice.level, float("inf"))
        ]
        return tuple(entry.notice for entry in self._entries)

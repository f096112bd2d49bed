"""The notices on show: counted when they repeat, gone when dismissed or old."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from msgspec.structs import replace

from sgview.state.status import Notice, Offer
from sgview.state.text import drawable

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
        self.note: Callable[[str], object] | None = None  # told each text, for reports

    def add(
        self,
        level: Level,
        text: str,
        hint: str = "",
        *,
        now: float,
        repeats: int = 1,
        resting: str = "",
        offer: Offer | None = None,
    ) -> int:
        """Show a notice, or count one more of the same text; return its id.

        Args:
            level: "info" and "warning" go by themselves, "error" waits to be dismissed.
            text: what happened, and where.
            hint: what to do.
            now: real time [s].
            repeats: how often it happened.
            resting: the part of the program that rests until the user wakes it.
            offer: what else a button of it does.
        """
        text, hint = drawable(text), drawable(hint)
        if self.note is not None:
            self.note(f"{level}: {text}")
        for entry in self._entries:
            known = (entry.notice.level, entry.notice.text, entry.notice.resting)
            if known == (level, text, resting):
                count = entry.notice.repeats + repeats
                entry.notice = replace(entry.notice, hint=hint, repeats=count, offer=offer)
                entry.time = now
                return entry.notice.id
        notice = Notice(self._next_id, level, text, hint, repeats, resting, offer)
        self._entries.append(_Entry(notice, now))
        self._next_id += 1
        while len(self._entries) > MOST:  # those with a button that is needed go last
            self._entries.remove(
                next((e for e in self._entries[:-1] if not _has_button(e)), self._entries[0])
            )
        return notice.id

    def take(self, notices: Iterable[Notice], now: float) -> None:
        """Add what another part has noted, with texts of its own; `now` is real time [s]."""
        for each in notices:
            self.add(
                *(each.level, each.text, each.hint),
                now=now,
                repeats=each.repeats,
                offer=each.offer,
            )

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


def _has_button(entry: _Entry) -> bool:
    return bool(entry.notice.resting) or entry.notice.offer is not None

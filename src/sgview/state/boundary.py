"""The boundary between a frame and its parts: what fails there fails alone.

A frame has many parts: what is heard, the script, the looks, a panel, a command, an output. Each is
called through `Boundary.call`. An exception becomes a notice and a report, and that part rests for
a moment; after three failures in a row it rests until the user wakes it. The others go on.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sgview.state.notices import Notices
from sgview.state.text import drawable, sentence_of

T = TypeVar("T")

Report = Callable[[str, Exception], str]
"""Writes down what failed in a part; returns where it lies, "" if nowhere."""

STRICT = "SGVIEW_STRICT"
"""With this environment variable at 1, exceptions are raised: for tests and for development."""

REST = 1.0  # after a failure [s]
LONG_REST = 10.0  # after three, for parts without which nobody could wake anything [s]
RECOVERY = 10.0  # a part that went well for so long has no failures behind it [s]
MOST_FAILURES = 3  # in a row

ALWAYS_TRIED = frozenset(
    {"window", "panel", "keys", "transport bar", "notices", "status", "picture"}
)


@dataclass
class _Trouble:
    """A part that failed lately."""

    failures: int
    until: float  # it rests until this real time [s]
    failed_at: float  # [s]
    notice: int = 0


def is_strict() -> bool:
    """Return whether exceptions are to be raised instead of told."""
    return os.environ.get(STRICT) == "1"


class Boundary:
    """Calls the parts of a frame, each under a name that the user knows it by.

    Args:
        notices: told what failed, where, and what to do.
        report: writes it down for whoever mends it; None: nobody does.
        now: the source of real time [s].
        strict: raise exceptions; None: as the environment says.
    """

    def __init__(
        self,
        notices: Notices,
        report: Report | None,
        now: Callable[[], float],
        *,
        strict: bool | None = None,
    ) -> None:
        self._notices = notices
        self._report = report
        self._now = now
        self._is_strict = is_strict() if strict is None else strict
        self._troubles: dict[str, _Trouble] = {}

    def call(self, part: str, do: Callable[..., T], *args: Any, otherwise: T) -> T:
        """Return ``do(*args)``, or `otherwise` where that fails or the part rests.

        Args:
            part: a name for the user: "looks", "script", "panel Edits".
            do: the part's share of this frame.
            otherwise: what the frame goes on with.
        """
        trouble = self._troubles.get(part)
        if trouble is not None and self._now() < trouble.until:
            return otherwise
        try:
            result = do(*args)
        except Exception as error:
            if self._is_strict:
                raise
            self._fail(part, error)
            return otherwise
        if trouble is not None and self._now() - trouble.failed_at > RECOVERY:
            self._troubles.pop(part, None)
        return result

    def attempt(self, part: str, do: Callable[..., object], *args: Any) -> None:
        """Do what the user asked for just now: it is tried whenever it is asked for."""
        self._troubles.pop(part, None)
        self.call(part, do, *args, otherwise=None)

    def fail(self, part: str, error: Exception) -> None:
        """Tell of what failed in a part and was noticed later.

        Raises:
            Exception: `error`, where exceptions are to be raised.
        """
        if self._is_strict:
            raise error
        if not self.is_resting(part):
            self._fail(part, error)

    def is_resting(self, part: str) -> bool:
        """Return whether a part failed, and is not called for the time being."""
        trouble = self._troubles.get(part)
        return trouble is not None and self._now() < trouble.until

    def wake(self, part: str) -> None:
        """Try a part again that rests."""
        trouble = self._troubles.pop(part, None)
        if trouble is not None:
            self._notices.dismiss(trouble.notice)

    def _fail(self, part: str, error: Exception) -> None:
        now = self._now()
        before = self._troubles.get(part)
        failures = 1 if before is None else before.failures + 1
        sleeps = failures >= MOST_FAILURES
        is_always_tried = part in ALWAYS_TRIED
        rest = LONG_REST if sleeps else REST
        until = float("inf") if sleeps and not is_always_tried else now + rest
        place = place_of(error)
        text = f"{part[:1].upper()}{part[1:]} failed{place and f' ({place})'}: {sentence_of(error)}"
        report = self._report(part, error) if self._report is not None else ""
        told = f" Please report it: {report}" if report else ""
        if sleeps and not is_always_tried:
            hint = f"It failed {failures} times and rests; everything else plays on.{told}"
        else:
            hint = f"It is tried again by itself; everything else plays on.{told}"
        if before is not None:
            self._notices.dismiss(before.notice)
        resting = part if until == float("inf") else ""
        level = "error" if sleeps else "warning"
        notice = self._notices.add(level, text, hint, now=now, resting=resting)
        self._troubles[part] = _Trouble(failures, until, now, notice)


def place_of(error: BaseException) -> str:
    """Return where an exception arose, "looks.py, line 12"; "" where that is not known."""
    trace = error.__traceback__
    if trace is None:
        return ""
    while trace.tb_next is not None:
        trace = trace.tb_next
    name = trace.tb_frame.f_code.co_filename.replace("\\", "/").rpartition("/")[2]
    return drawable(f"{name}, line {trace.tb_lineno}")


def open_boundary() -> Boundary:
    """Return one that raises everything: where nothing plays live, an error ends the work."""
    return Boundary(Notices(), None, lambda: 0.0, strict=True)

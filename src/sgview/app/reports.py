"""Report files: what a developer wants to know of a failure, and nothing of the user's work."""

from __future__ import annotations

import logging
import platform
import sys
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from datetime import datetime
from importlib import metadata
from pathlib import Path

from sgview.state.text import drawable, sentence_of

log = logging.getLogger(__name__)

MOST_KEPT = 20  # files in the folder, of all starts
MOST_WRITTEN = 10  # of one start: the first failures tell most
EVENTS = 100
LONGEST_EVENT = 300  # [characters]
MOST_FRAMES = 60  # of a traceback
LIBRARIES = (
    "sgview",
    "torch",
    "numpy",
    "imgui-bundle",
    "PyOpenGL",
    "glfw",
    "cuda-core",
    "av",
    "msgspec",
)


class Reports:
    """Writes a file for each new kind of failure.

    Args:
        folder: where they go; made when the first is written.
        describe_machine: says which GPU and driver there are, a line each.
        now: the source of real time [s], for the events.
    """

    def __init__(
        self, folder: Path, describe_machine: Callable[[], list[str]], now: Callable[[], float]
    ) -> None:
        self._folder = folder
        self._describe_machine = describe_machine
        self._now = now
        self._begin = now()
        self._events: deque[str] = deque(maxlen=EVENTS)
        self._written: dict[tuple[str, ...], str] = {}

    def note(self, event: str) -> None:
        """Remember what happened; the newest events stand in a report."""
        self._events.append(f"{self._now() - self._begin:9.3f} {event[:LONGEST_EVENT]}")

    def write(self, part: str, error: Exception) -> str:
        """Write down a failure of a part of the program; return the path, "" if there is none.

        A failure at the same place as an earlier one of this start has that one's report.
        """
        kind = (part, type(error).__name__, *_places(error)[-1:])
        if kind in self._written or len(self._written) >= MOST_WRITTEN:
            return self._written.get(kind, "")
        log.error("%s failed: %s", part, sentence_of(error))
        path = self._folder / f"{datetime.now():%Y%m%d-%H%M%S-%f}.txt"
        self._written[kind] = str(path)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            for old in sorted(self._folder.glob("*.txt"))[: -MOST_KEPT + 1]:
                old.unlink()
            text = drawable("\n".join(self._lines(part, error)))
            path.write_text(text + "\n", encoding="utf-8")
        except OSError as failure:
            log.error("the report cannot be written: %s", failure)
            self._written[kind] = ""
        return self._written[kind]

    def _lines(self, part: str, error: Exception) -> Iterator[str]:
        yield f"{part} failed, {datetime.now():%Y-%m-%d %H:%M:%S}"
        yield ""
        yield from _places(error)
        yield sentence_of(error)
        yield ""
        yield f"Python {sys.version.split()[0]}, {platform.platform()}"
        yield ", ".join(_versions())
        try:
            yield from self._describe_machine()
        except Exception as failure:  # a report of less is better than none
            yield f"the machine does not tell: {sentence_of(failure)}"
        yield ""
        yield f"The last {len(self._events)} events [s]:"
        yield from self._events


def _places(error: BaseException) -> list[str]:
    """Return where it arose and through which calls, causes first; no line of any file."""
    lines: list[str] = []
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        frames = [
            f"  {frame.f_code.co_filename}, line {line}, in {frame.f_code.co_name}"
            for frame, line in traceback.walk_tb(cause.__traceback__)
        ]
        said = [] if cause is error else [sentence_of(cause), "which led to:"]
        lines = [*frames[-MOST_FRAMES:], *said, *lines]
        cause = cause.__cause__ or cause.__context__
    return lines


def _versions() -> Iterator[str]:
    for name in LIBRARIES:
        try:
            yield f"{name} {metadata.version(name)}"
        except metadata.PackageNotFoundError:
            yield f"no {name}"

"""What every output is to the program, and the table of those there are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from sgview.outputs.picture import OutputPicture
from sgview.outputs.png_series import open_png_series
from sgview.settings import Settings
from sgview.state.status import OutputStatus


class Output(Protocol):
    """A place where pictures go, open from when it is made until `close`.

    All methods are called on the thread that draws the window, so none may wait. Any may raise: the
    output is then closed and its status says why, in the words of the error. One that works on a
    thread raises at the next call what went wrong there.
    """

    def offer(self, picture: OutputPicture) -> None:
        """Take a new picture, or drop and count it; each is offered once."""
        ...

    def status(self) -> OutputStatus:
        """Return how it goes; name and help are filled in from its row."""
        ...

    def close(self) -> None:
        """Take no more pictures; those that wait are still written. Idempotent."""
        ...


@dataclass(frozen=True)
class OutputKind:
    """One row of the table."""

    name: str  # as people read it, and `ToggleOutput` takes it
    help: str
    open: Callable[[Settings], Output]  # raises OutputError, or ImportError without its `extra`
    extra: str = ""  # of the package sgview, which brings the libraries it needs; "": none


OUTPUTS: tuple[OutputKind, ...] = (
    OutputKind(
        "PNG series",
        "Every new picture as a numbered PNG, in a new folder beside the snapshots.",
        open_png_series,
    ),
)

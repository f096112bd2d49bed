"""What goes wrong with a checkpoint file, said in one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LONGEST_CAUSE = 500  # characters
WHERE = "docs/formats.md lists what opens"


class CheckpointError(Exception):
    """A checkpoint file that cannot be used: `str(error)` is one sentence with file and cause."""

    def __init__(self, path: Path | str, cause: str) -> None:
        """Remember which file (`path`) and why (`cause`, a clause without the file's name)."""
        super().__init__(str(path), cause)
        self.path = Path(path)
        self.cause = printable(cause)

    def __str__(self) -> str:
        return f"{_on_one_line(self.args[0])}: {self.cause}"


def printable(text: str) -> str:
    """Text that may quote a file, on one line and without control characters."""
    return _on_one_line(text[:LONGEST_CAUSE])


def _on_one_line(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text)


def brief(value: object) -> str:
    """What an error calls a value of a file: numbers and texts shortly, others by their kind.

    A few hundred bytes of lists within lists are gigabytes of text, so no other value is formatted.
    """
    if value is None or type(value) in (bool, int, float, str):
        return str(value)[:20]
    return f"({type(value).__name__})"


class UnusableError(ValueError):
    """The cause alone, raised inside the readers; `read` turns it into a CheckpointError."""


@contextmanager
def naming(family: str) -> Iterator[None]:
    """Let causes that are raised within say which family the network is of, and where to read on.

    Raises:
        UnusableError: what was raised within, completed.
    """
    try:
        yield
    except UnusableError as error:
        raise UnusableError(of_family(family, str(error))) from error


def of_family(family: str, cause: str) -> str:
    """Return the cause with the family, where it names none, and with where to read on."""
    named = cause if cause.startswith("it is ") else f"it is {family}, but {cause}"
    return named if "docs/" in named else f"{named}; {WHERE}"

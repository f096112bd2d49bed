"""What goes wrong with a checkpoint file, said in one sentence."""

from __future__ import annotations

from pathlib import Path

LONGEST_CAUSE = 500  # characters


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

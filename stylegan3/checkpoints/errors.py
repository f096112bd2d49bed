"""What goes wrong with a checkpoint file, said in one sentence."""

from __future__ import annotations

from pathlib import Path


class CheckpointError(Exception):
    """A checkpoint file that cannot be used: `str(error)` is one sentence with file and cause."""

    def __init__(self, path: Path | str, cause: str) -> None:
        """Remember which file (`path`) and why (`cause`, a clause without the file's name)."""
        super().__init__(str(path), cause)
        self.path = Path(path)
        self.cause = cause

    def __str__(self) -> str:
        return f"{self.path}: {self.cause}"


class UnusableError(ValueError):
    """The cause alone, raised inside the readers; `read` turns it into a CheckpointError."""

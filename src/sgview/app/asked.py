"""What is asked for: commands that wait for their turn in the frame, and where they come from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sgview.app.dialogs import FileDialog, has_system_dialogs
from sgview.closing import Closing
from sgview.state import commands as c
from sgview.state.boundary import Boundary
from sgview.state.descriptions import name_of_command


class Asked(Closing):
    """Owns the commands that wait, and the file dialog, whose answer is one.

    Args:
        boundary: each command is run through it, and fails alone.
        note: told each command, for reports.
    """

    def __init__(self, boundary: Boundary, note: Callable[[str], object]) -> None:
        self._boundary, self._note = boundary, note
        self._waiting: list[c.Command] = []
        self.dialog = FileDialog(has_system_dialogs())

    def add(self, *commands: c.Command | None) -> None:
        """Let commands be run in this frame, or in the next one; None is nothing."""
        self._waiting += [command for command in commands if command is not None]

    def ask(self, command: c.DialogCommand, presets: Path, networks: Path) -> None:
        """Open a dialog in the folder of its kind, or answer the one that is open."""
        self.add(self.dialog.execute(command, presets, networks))

    def run(self, execute: Callable[[c.Command], object]) -> None:
        """Give each command that waits to `execute`, and those that come up meanwhile."""
        self.add(self._boundary.call("file dialog", self.dialog.poll, otherwise=None))
        while self._waiting:
            command = self._waiting.pop(0)
            self._note(repr(command))
            self._boundary.attempt(name_of_command(command), execute, command)

    def close(self) -> None:
        """Take down a dialog that is open; idempotent."""
        self.dialog.close()

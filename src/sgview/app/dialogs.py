"""File dialogs: the system's own, or a text field in the panel where it has none."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sgview.state.commands import Command
from sgview.state.status import PathPrompt

Then = Callable[[Path], Command]
"""Makes the command that acts on the chosen file."""

LINUX_HELPERS = ("zenity", "kdialog", "matedialog", "qarma")  # what the library calls on Linux


def has_system_dialogs() -> bool:
    """Return whether this system can show its own file dialog."""
    if sys.platform in ("win32", "darwin"):
        return True
    return any(shutil.which(name) for name in LINUX_HELPERS)


class FileDialog:
    """At most one open question for a file; asking again while it is open does nothing.

    Args:
        use_system: show the system's dialog; False asks through `prompt`.
    """

    def __init__(self, use_system: bool) -> None:
        self._use_system = use_system
        self._system: Any = None  # a dialog of portable_file_dialogs
        self._then: Then | None = None
        self._suffix = ""
        self.prompt: PathPrompt | None = None

    def ask_open(self, title: str, folder: Path, filters: Sequence[str], then: Then) -> None:
        """Ask for a file that exists.

        Args:
            title: of the dialog.
            folder: where it starts.
            filters: alternating name and patterns, e.g. ``["Presets", "*.toml *.json"]``.
            then: what to do with the answer.
        """
        if self._then is not None:
            return
        self._then, self._suffix = then, ""
        if self._use_system:
            from imgui_bundle import portable_file_dialogs as dialogs

            self._system = dialogs.open_file(title, str(folder), [*filters, "All files", "*"])
        else:
            self.prompt = PathPrompt(title, "")

    def ask_save(self, title: str, suggestion: Path, filters: Sequence[str], then: Then) -> None:
        """Ask for a file to write; a name without a suffix gets that of `suggestion`."""
        if self._then is not None:
            return
        self._then, self._suffix = then, suggestion.suffix
        if self._use_system:
            from imgui_bundle import portable_file_dialogs as dialogs

            self._system = dialogs.save_file(title, str(suggestion), list(filters))
        else:
            self.prompt = PathPrompt(title, str(suggestion))

    def poll(self) -> Command | None:
        """Return the command of a system dialog that was answered since; never blocks."""
        if self._system is None or not self._system.ready(0):
            return None
        result = self._system.result()
        chosen = result if isinstance(result, str) else next(iter(result), "")
        return self.answer(Path(chosen) if chosen else None)

    def answer(self, path: Path | None) -> Command | None:
        """Close the question with `path`, None cancels; return what to do."""
        then, suffix = self._then, self._suffix
        self._then = self._system = self.prompt = None
        if then is None or path is None:
            return None
        path = path.expanduser()
        return then(path if path.suffix or not suffix else path.with_suffix(suffix))

    def close(self) -> None:
        """Take down a system dialog that is still open."""
        if self._system is not None:
            self._system.kill()
        self._then = self._system = self.prompt = None

"""File dialogs: the system's own, or a text field in the panel where it has none."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, assert_never

from sgview.state import commands as c
from sgview.state.places import working_folder
from sgview.state.status import PathPrompt

Then = Callable[[Path], c.Command]
"""Makes the command that acts on the chosen file."""

NETWORK_FILTER = ("Networks", "*.pkl *.pt *.pth *.model *.safetensors")
SCRIPT_FILTER = ("Scripts", "*.py")
SOUND_SUFFIXES = (
    *(".wav", ".flac", ".mp3", ".m4a", ".aac", ".ogg", ".opus", ".aif", ".aiff"),
    *(".mp4", ".mov"),
)
SOUND_FILTER = ("Sound", " ".join(f"*{suffix}" for suffix in SOUND_SUFFIXES))
MASK_FILTER = ("Masks", "*.png")
PRESET_FILTER = ("Presets", "*.toml *.json *.png")

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

    def execute(
        self,
        command: c.DialogCommand,
        preset_folder: Path,
        network_folder: Path,
    ) -> c.Command | None:
        """Open the dialog that `command` asks for, or answer it; return what is to be run then."""
        match command:
            case c.ChooseNetwork(slot):
                title = f"Open network {slot.upper()}"
                then = partial(c.LoadNetwork, slot)
                self.ask_open(title, network_folder, NETWORK_FILTER, then)
            case c.ChoosePreset():
                self.ask_open("Open preset", preset_folder, PRESET_FILTER, c.LoadPreset)
            case c.NamePreset():
                suggestion = preset_folder / "preset.toml"
                self.ask_save("Save preset", suggestion, PRESET_FILTER, c.SavePreset)
            case c.ChooseScript():
                self.ask_open("Open script", working_folder(), SCRIPT_FILTER, c.OpenScript)
            case c.ChooseSound():
                self.ask_open("Open sound", working_folder(), SOUND_FILTER, c.OpenSound)
            case c.ChooseMask(region):
                then = partial(c.OpenMask, region)
                self.ask_open("Open mask", working_folder(), MASK_FILTER, then)
            case c.AnswerPathPrompt(path):
                return self.answer(path)
            case _:
                assert_never(command)
        return None

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

    def poll(self) -> c.Command | None:
        """Return the command of a system dialog that was answered since; never blocks."""
        if self._system is None or not self._system.ready(0):
            return None
        result = self._system.result()
        chosen = result if isinstance(result, str) else next(iter(result), "")
        return self.answer(Path(chosen) if chosen else None)

    def answer(self, path: Path | None) -> c.Command | None:
        """Close the question with `path`, None cancels; return what to do."""
        then, suffix = self._then, self._suffix
        self._then = self._system = self.prompt = None
        if then is None or path is None:
            return None
        path = path.expanduser()
        return then(path if path.suffix or not suffix else path.with_suffix(suffix))

    def close(self) -> None:
        """Close a system dialog that is still open."""
        if self._system is not None:
            self._system.kill()
        self._then = self._system = self.prompt = None

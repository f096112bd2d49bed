"""What the user can ask for beyond changing `Params`.

A closed union, run by one `match` in `app.py`.
Panels and hotkeys emit these; nobody else acts on them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from msgspec import Struct

Slot = Literal["a", "b"]


class LoadNetwork(Struct, frozen=True):
    """Read a checkpoint in the background and play it in `slot` when it is ready."""

    slot: Slot
    path: Path


class UnloadNetwork(Struct, frozen=True):
    """Drop the network of `slot` and free its memory; remember its path for `ReloadNetwork`."""

    slot: Slot


class ReloadNetwork(Struct, frozen=True):
    """Load again what was last unloaded from `slot`."""

    slot: Slot


class SwapNetworks(Struct, frozen=True):
    """Exchange A and B."""


class ChooseNetwork(Struct, frozen=True):
    """Open the file dialog for `slot`."""

    slot: Slot


class SaveSnapshot(Struct, frozen=True):
    """Write the shown picture to a PNG with the parameters in its metadata; None: a dated name."""

    path: Path | None = None


class SavePreset(Struct, frozen=True):
    """Write `Params` to a preset file; None: open the file dialog."""

    path: Path | None = None


class LoadPreset(Struct, frozen=True):
    """Read `Params` from a preset file; None: open the file dialog."""

    path: Path | None = None


class AnswerPathPrompt(Struct, frozen=True):
    """Answer `Status.path_prompt`; None cancels."""

    path: Path | None


class Undo(Struct, frozen=True):
    """Go back one change of `Params`."""


class Redo(Struct, frozen=True):
    """Go forward one change of `Params`."""


class TogglePause(Struct, frozen=True):
    """Stop or restart time."""


class Step(Struct, frozen=True):
    """Advance time by `frames` frames of 1/60 s (negative: back) and pause."""

    frames: int = 1


class Rewind(Struct, frozen=True):
    """Set time to zero."""


class ToggleFullscreen(Struct, frozen=True):
    """Enter or leave fullscreen."""


class ToggleGui(Struct, frozen=True):
    """Hide or show all panels."""


class SetVsync(Struct, frozen=True):
    """Wait for the screen's refresh, or not."""

    enabled: bool


class EditBinding(Struct, frozen=True):
    """Open the editor of what drives one value."""

    path: str  # leaf of `Params`
    low: float = 0.0  # usual range of the value
    high: float = 1.0


class Learn(Struct, frozen=True):
    """Bind a value to the next controller or message that moves, mapped to its usual range."""

    path: str  # leaf of `Params`
    source: Literal["osc", "midi"]
    low: float = 0.0
    high: float = 1.0


class CancelLearn(Struct, frozen=True):
    """Stop waiting for a controller or message."""


class SetPickUp(Struct, frozen=True):
    """Let learned controllers take over only once they pass the present value, or at once."""

    enabled: bool


class DismissNotice(Struct, frozen=True):
    """Remove one notice from the window."""

    id: int


class Quit(Struct, frozen=True):
    """Leave the program."""


Command = (
    LoadNetwork
    | UnloadNetwork
    | ReloadNetwork
    | SwapNetworks
    | ChooseNetwork
    | SaveSnapshot
    | SavePreset
    | LoadPreset
    | AnswerPathPrompt
    | Undo
    | Redo
    | TogglePause
    | Step
    | Rewind
    | ToggleFullscreen
    | ToggleGui
    | SetVsync
    | EditBinding
    | Learn
    | CancelLearn
    | SetPickUp
    | DismissNotice
    | Quit
)

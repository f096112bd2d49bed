"""What the user can ask for beyond changing `Params`.

A closed union of groups, one for each owner: `App.execute` hands them out. Panels and hotkeys emit
these; nobody else acts on them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from msgspec import Struct

from sgview.state.morph import Easing
from sgview.state.networks import Slot
from sgview.state.output_frame import OutputFrame
from sgview.state.recording import Recording
from sgview.state.sound import Sound


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


class AskDownload(Struct, frozen=True):
    """Ask a server what lies at an address, and the user whether to fetch it for `slot`.

    What was fetched before plays without a question.
    """

    slot: Slot
    address: str
    is_agreed: bool = False  # the user has agreed already, on the command line


class AgreeDownload(Struct, frozen=True):
    """Fetch what `Status.download` asks about, and play it."""


class CancelDownload(Struct, frozen=True):
    """Answer that question with no, or stop fetching; what has come is kept to go on with."""


DownloadCommand = AskDownload | AgreeDownload | CancelDownload
"""Networks from addresses."""


NetworkCommand = LoadNetwork | UnloadNetwork | ReloadNetwork | SwapNetworks
"""What plays in the slots."""

Precision = Literal["fast", "published", "fp32"]


class SetPrecision(Struct, frozen=True):
    """Compute on the graphics card in other number formats, until the program ends."""

    precision: Precision


class FindDirections(Struct, frozen=True):
    """Begin to find directions of the network that plays, in the background."""

    names: tuple[str, ...]


class GlanceDirection(Struct, frozen=True):
    """Make two small pictures of what plays, moved along a direction both ways."""

    name: str


class MakeDirection(Struct, frozen=True):
    """Write the way from one group of latents of the library to another as a direction."""

    start: tuple[str, ...]
    end: tuple[str, ...]
    name: str


class ExportDirection(Struct, frozen=True):
    """Write a direction to the folder of directions, as a file that other programs read."""

    name: str
    file: str  # its name, without a suffix


DirectionCommand = FindDirections | GlanceDirection | MakeDirection | ExportDirection
"""What is found out about w."""

EngineCommand = NetworkCommand | SetPrecision | DirectionCommand
"""What the engine's thread does."""


class SaveSnapshot(Struct, frozen=True):
    """Write the shown picture to a PNG with the parameters in its metadata; None: a dated name."""

    path: Path | None = None


class SavePreset(Struct, frozen=True):
    """Write `Params` to a preset file."""

    path: Path


FileCommand = SaveSnapshot | SavePreset | DownloadCommand
"""What writes and reads files of the user's."""


class ChooseNetwork(Struct, frozen=True):
    """Open the file dialog for `slot`."""

    slot: Slot


class ChoosePreset(Struct, frozen=True):
    """Open the file dialog for a preset to load."""


class NamePreset(Struct, frozen=True):
    """Open the file dialog for a preset to save."""


class ChooseScript(Struct, frozen=True):
    """Open the file dialog for a script."""


class ChooseSound(Struct, frozen=True):
    """Open the file dialog for a file to listen to."""


class ChooseMask(Struct, frozen=True):
    """Open the file dialog for the picture that is the mask of a region."""

    region: str  # "second", "third" or "fourth"


class AnswerPathPrompt(Struct, frozen=True):
    """Answer `Status.path_prompt`; None cancels."""

    path: Path | None


DialogCommand = (
    ChooseNetwork
    | ChoosePreset
    | NamePreset
    | ChooseScript
    | ChooseSound
    | ChooseMask
    | AnswerPathPrompt
)
"""What asks for a file."""


class RenameLook(Struct, frozen=True):
    """Give a look another name; its key stays."""

    name: str
    new_name: str


class DeleteLook(Struct, frozen=True):
    """Move a look to the folder "removed" beside it."""

    name: str


class SetLookKey(Struct, frozen=True):
    """Let `key` 1..9 recall a look, 0 no key; another look of that key loses it."""

    name: str
    key: int


class KeepPlace(Struct, frozen=True):
    """Keep a place that has played in the strip, or let it go."""

    place: str
    is_kept: bool


class NameDirection(Struct, frozen=True):
    """Call a direction of a network by a name of the user's; "": by its own."""

    network: str  # as in `Status.directions`
    direction: str
    name: str


class SetFade(Struct, frozen=True):
    """How looks are recalled from now on."""

    seconds: float
    easing: Easing


ShowCommand = RenameLook | DeleteLook | SetLookKey | SetFade | KeepPlace | NameDirection
"""Looks, places in latent space, and names of directions."""


class OpenScript(Struct, frozen=True):
    """Let a Python file play along."""

    path: Path


class RemoveScript(Struct, frozen=True):
    """Play without a script."""


class TapTempo(Struct, frozen=True):
    """A beat falls now; from the second tap on their distance is the tempo."""


class SetTempo(Struct, frozen=True):
    """Set the tempo by hand, or let it follow the sound."""

    bpm: float
    is_following: bool = False


class SetSound(Struct, frozen=True):
    """Listen to an input or a file as `sound` says."""

    sound: Sound


class OpenSound(Struct, frozen=True):
    """Listen to a file, as it is listened now."""

    path: Path


class TogglePause(Struct, frozen=True):
    """Stop or restart time."""


class Step(Struct, frozen=True):
    """Advance time by `frames` frames of 1/60 s (negative: back) and pause."""

    frames: int = 1


class Rewind(Struct, frozen=True):
    """Set time to zero."""


class Restart(Struct, frozen=True):
    """Let the position of this name in `Motion` begin anew, with this frame."""

    name: str
    position: float = 0.0


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


PlayerCommand = (
    OpenScript
    | RemoveScript
    | TapTempo
    | SetTempo
    | SetSound
    | OpenSound
    | TogglePause
    | Step
    | Rewind
    | Restart
    | Learn
    | CancelLearn
    | SetPickUp
)
"""What plays along, and time."""


class ToggleFullscreen(Struct, frozen=True):
    """Enter or leave fullscreen."""


class SetVsync(Struct, frozen=True):
    """Wait for the screen's refresh, or not."""

    enabled: bool


class SetFpsLimit(Struct, frozen=True):
    """Draw at most so many frames a second where the screen does not set the pace; 0: no limit."""

    limit: float


ScreenCommand = ToggleFullscreen | SetVsync | SetFpsLimit
"""The window."""


class ToggleOutput(Struct, frozen=True):
    """Begin to hand every new picture to an output, or end it."""

    name: str  # as in `Status.outputs`


class SetOutputFrame(Struct, frozen=True):
    """Give an output its pictures in another frame from now on."""

    name: str
    frame: OutputFrame


class SetRecording(Struct, frozen=True):
    """Record in another way from the next recording on."""

    recording: Recording


class SaveReplay(Struct, frozen=True):
    """Save what the replay buffer keeps: the last half minute."""


class MarkControl(Struct, frozen=True):
    """Show a value on the web page, or no more."""

    path: str  # leaf of `Params`
    enabled: bool


OutputCommand = ToggleOutput | SetOutputFrame | SetRecording | SaveReplay | MarkControl
"""Where pictures go besides the window."""


class ChooseScreen(Struct, frozen=True):
    """Show the clean window on another screen; "": any but the one that this window is on."""

    name: str  # as in `CleanWindowStatus.screens`


class ShowTestPicture(Struct, frozen=True):
    """Show a test picture in the clean window, or the picture again."""

    enabled: bool


CleanWindowCommand = ChooseScreen | ShowTestPicture
"""The window with the picture alone."""


class ToggleGui(Struct, frozen=True):
    """Hide or show all panels."""


class PutWindowsBack(Struct, frozen=True):
    """Show all panels, each where it was on the first run."""


class EditBinding(Struct, frozen=True):
    """Open the editor of what drives one value."""

    path: str  # leaf of `Params`
    low: float = 0.0  # usual range of the value
    high: float = 1.0


GuiCommand = ToggleGui | PutWindowsBack | EditBinding
"""The panels."""


class LoadPreset(Struct, frozen=True):
    """Read `Params` from a preset file, or from the metadata of a snapshot."""

    path: Path


class RecallLook(Struct, frozen=True):
    """Fade to a look; by name, or by its key 1..9 where `name` is "".

    None: in as many seconds as `SetFade` says; 0 cuts.
    """

    name: str = ""
    key: int = 0
    seconds: float | None = None


class OpenLatent(Struct, frozen=True):
    """Play the latent in a file."""

    path: Path


class OpenMask(Struct, frozen=True):
    """Let a picture be the mask of a region."""

    region: str
    path: Path


class RemoveEdits(Struct, frozen=True):
    """Remove all edits, and say which and how to get them back."""


class Undo(Struct, frozen=True):
    """Go back `count` changes of `Params`."""

    count: int = 1


class Redo(Struct, frozen=True):
    """Go forward `count` changes of `Params`."""

    count: int = 1


ParamsCommand = LoadPreset | RecallLook | OpenLatent | OpenMask | RemoveEdits | Undo | Redo
"""What sets parameters from files, and all of them at once."""


class SaveLook(Struct, frozen=True):
    """Write `Params` and a thumbnail to the presets folder; "": the next free "look N".

    A look of that name is replaced.
    """

    name: str = ""


class ToggleTake(Struct, frozen=True):
    """Begin to record a take, or end the one that is being recorded."""


class SaveLatent(Struct, frozen=True):
    """Write the latent that plays to the library; "": a name by where it is."""

    name: str = ""
    is_key: bool = False  # add it to the path as a key too


class TimeLayers(Struct, frozen=True):
    """Time every step of the picture on the screen once; `Status.machine` then has the result."""


class DismissNotice(Struct, frozen=True):
    """Remove one notice from the window."""

    id: int


class WakePart(Struct, frozen=True):
    """Try a part of the program again that failed three times in a row and rests."""

    part: str


class Quit(Struct, frozen=True):
    """Leave the program."""


AppCommand = SaveLook | ToggleTake | SaveLatent | TimeLayers | DismissNotice | WakePart | Quit
"""What concerns several owners, or the program as a whole."""


Command = (
    EngineCommand
    | FileCommand
    | DialogCommand
    | ShowCommand
    | PlayerCommand
    | ScreenCommand
    | OutputCommand
    | CleanWindowCommand
    | GuiCommand
    | ParamsCommand
    | AppCommand
)

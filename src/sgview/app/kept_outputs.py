"""How outputs were set last, kept from one start to the next."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct
from msgspec.structs import asdict, replace

from sgview.app.kept_values import read_kept, write_kept
from sgview.settings import Settings
from sgview.state.output_frame import OutputFrame
from sgview.state.recording import Recording

NAME = "outputs.json"
MOST_BYTES = 65536  # of the file
_WHAT = "how outputs are set"


class KeptOutputs(Struct, frozen=True):
    """What the user chose."""

    frames: dict[str, OutputFrame] = {}  # by the name of the output
    screen: str = ""  # of the clean window
    recording: Recording = Recording()


def read_outputs(folder: Path) -> KeptOutputs:
    """Return how outputs were set; as they come if that is not known.

    Args:
        folder: of the program's state.
    """
    return read_kept(folder / NAME, KeptOutputs, MOST_BYTES, _WHAT)


def write_outputs(folder: Path, kept: KeptOutputs) -> None:
    """Keep how outputs are set; a folder that cannot be written costs a log line."""
    write_kept(folder / NAME, kept, _WHAT, waits=False)


def with_kept(settings: Settings, kept: KeptOutputs) -> Settings:
    """Return `settings` with what was kept, where they do not say otherwise."""
    screen = settings.clean_window.screen or kept.screen
    usual = Recording()
    said = {
        name: value
        for name, value in asdict(settings.recording).items()
        if value != getattr(usual, name)
    }
    return replace(
        settings,
        outputs={**kept.frames, **settings.outputs},
        clean_window=replace(settings.clean_window, screen=screen),
        recording=replace(kept.recording, **said),
    )

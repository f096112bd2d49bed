"""How outputs were set last, kept from one start to the next."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import asdict, replace

from sgview.settings import Settings
from sgview.state.output_frame import OutputFrame
from sgview.state.recording import Recording
from sgview.state.whole_file import write_whole

log = logging.getLogger(__name__)

NAME = "outputs.json"
MOST_BYTES = 65536  # of the file


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
    path = folder / NAME
    try:
        with path.open("rb") as file:
            return msgspec.json.decode(file.read(MOST_BYTES), type=KeptOutputs)
    except FileNotFoundError:
        return KeptOutputs()
    except (OSError, msgspec.MsgspecError, RecursionError) as error:
        log.warning("%s does not say how outputs were set: %s", path, error)
        return KeptOutputs()


def write_outputs(folder: Path, kept: KeptOutputs) -> None:
    """Keep how outputs are set; a folder that cannot be written costs a log line."""
    try:
        write_whole(folder / NAME, json.dumps(msgspec.to_builtins(kept), indent=1), waits=False)
    except OSError as error:
        log.warning("how outputs are set cannot be kept: %s", error)


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

"""What becomes of files that are dropped on the window."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from sgview.app.dialogs import SOUND_SUFFIXES
from sgview.state import commands as c
from sgview.state.networks import SLOTS, Slot
from sgview.state.places import is_folder

PRESET_SUFFIXES = (".toml", ".json", ".png")
TAKE_SUFFIXES = (".jsonl", ".jsonl.zst")
SMALLEST_NETWORK = 100_000  # [bytes]
_MOST_NAMES = 3  # of files that a remark lists


class Remark(NamedTuple):
    """What to say of files."""

    level: Literal["info", "warning"]
    text: str
    hint: str  # what to do


class Dropped(NamedTuple):
    """What to do with files, and what to say of those that show nowhere at once."""

    commands: list[c.Command]
    remarks: list[Remark]


def sort(paths: Sequence[Path], slot: Slot | None) -> Dropped:
    """Tell files apart by their names.

    A preset or snapshot sets the parameters; a latent, a script and a sound play. A network goes to
    `slot`; where none was meant, the first goes to A and the second of a pair to B. What is of no
    known kind is taken for a network, whose reader says best what it is.
    """
    kinds: dict[str, list[Path]] = {}
    for path in paths:
        kinds.setdefault(_kind_of(path), []).append(path)
    networks = kinds.get("network", [])
    slots: tuple[Slot, ...] = SLOTS if slot is None or len(networks) > 1 else (slot,)
    commands: list[c.Command] = [
        c.LoadNetwork(slot, path) for slot, path in zip(slots, networks, strict=False)
    ]
    left = networks[len(slots) :]
    openers = (
        ("script", c.OpenScript),
        ("sound", c.OpenSound),
        ("latent", c.OpenLatent),
        ("preset", c.LoadPreset),
    )
    for kind, open_it in openers:
        found = kinds.get(kind, [])
        commands += [open_it(path) for path in found[:1]]
        left += found[1:]
    return Dropped(commands, [*_remarks_on(kinds), *_remarks_on_more(left)])


def is_latent(path: Path) -> bool:
    """Return whether a file holds latents, by its name and size: networks are never so small."""
    suffix = path.suffix.lower()
    if suffix in (".npy", ".npz"):
        return True
    try:
        is_small = path.stat().st_size < SMALLEST_NETWORK
    except (OSError, ValueError):
        return False
    return suffix in (".pt", ".pth", ".safetensors") and is_small


def _kind_of(path: Path) -> str:
    suffix = path.suffix.lower()
    if is_folder(path):
        return "folder"
    if path.name.lower().endswith(TAKE_SUFFIXES):
        return "take"
    if suffix in PRESET_SUFFIXES:
        return "preset"
    if suffix in SOUND_SUFFIXES:
        return "sound"
    if suffix == ".py":
        return "script"
    return "latent" if is_latent(path) else "network"


def _remarks_on(kinds: dict[str, list[Path]]) -> list[Remark]:
    remarks = [
        Remark("info", f"Opened the {kind} {kinds[kind][0].name}.", "It is shown in Signals.")
        for kind in ("script", "sound")
        if kind in kinds
    ]
    if folders := kinds.get("folder"):
        hint = "Drop the files themselves: networks, presets, pictures, latents, a script, a sound."
        remarks.append(
            Remark("warning", f"{_names(folders)}: a folder cannot be opened here.", hint)
        )
    if takes := kinds.get("take"):
        hint = f"sgview render --take {takes[0].name} --out film.mp4"
        remarks.append(Remark("warning", f"{_names(takes)}: a take becomes a film.", hint))
    return remarks


def _remarks_on_more(left: Sequence[Path]) -> list[Remark]:
    hint = "Two networks play, and one of each other kind of file."
    return [Remark("warning", f"Not opened: {_names(left)}.", hint)] if left else []


def _names(paths: Sequence[Path]) -> str:
    more = len(paths) - _MOST_NAMES
    names = ", ".join(path.name or str(path) for path in paths[:_MOST_NAMES])
    return f"{names} and {more} more" if more > 0 else names

"""The files of looks: a preset and, beside it under the same name, a PNG thumbnail."""

from __future__ import annotations

import re
import shutil
import warnings
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import msgspec
import numpy as np
from PIL import Image

from sgview.outputs.snapshot import UNREADABLE, save_snapshot
from sgview.state.params import Params
from sgview.state.places import is_file, is_there
from sgview.state.presets import Look as LookTable
from sgview.state.presets import read_preset, save_key, save_preset
from sgview.state.text import drawable
from sgview.state.validation import ConfigError
from sgview.state.whole_file import write_whole

SUFFIXES = (".toml", ".json")
THUMBNAIL = 160  # side of one [px]
LARGEST_THUMBNAIL = 1024  # a larger picture beside a preset is not read [px]
MOST_KEY_BYTES = 65536
MOST = 500  # files of a folder that are read
GIVEN_KEYS = ".shipped-keys.json"  # beside the looks: a name that `scan` does not read
REMOVED = "removed"
"""Folder beside the looks that keeps what was deleted or replaced."""

_UNUSABLE = re.compile(r"[^\w \-.,()+&!#']+")
_Stamp = tuple[int, ...]  # times [ns] and sizes of the preset and its thumbnail


@dataclass(frozen=True, eq=False)
class Look:
    """One preset of a folder."""

    name: str
    path: Path
    stamp: _Stamp = ()
    params: Params | None = None  # None: the file cannot be used
    key: int = 0  # 1..9 recalls it; 0: none
    problem: str = ""
    thumbnail: np.ndarray | None = None  # uint8 [H, W, 4]
    is_shipped: bool = False


def file_name(name: str) -> str:
    """Return `name` as every system takes it for a file, "" if nothing of it is left."""
    name = _UNUSABLE.sub("-", name).strip(" .-")[:60].strip(" .-")
    is_reserved = re.fullmatch(r"con|prn|aux|nul|com\d|lpt\d", name, re.IGNORECASE)
    return f"{name} look" if is_reserved else name


def shrink(pixels: np.ndarray) -> np.ndarray:
    """Return the middle square of a picture as a thumbnail, uint8 [THUMBNAIL, THUMBNAIL, 4]."""
    image = Image.fromarray(np.ascontiguousarray(pixels[..., :3]))
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    box = (left, top, left + side, top + side)
    small = image.resize((THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS, box=box)
    return np.asarray(small.convert("RGBA"))


def scan(folder: Path, known: dict[Path, Look]) -> dict[Path, Look]:
    """Return the looks of a folder by path, reading only what changed since `known`."""
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    except OSError:  # the folder comes with the first look
        return {}
    found: dict[Path, Look] = {}
    for path in paths[:MOST]:
        if path.name.startswith(".") or not is_file(path):
            continue
        stamp = _stamp(path)
        old = known.get(path)
        found[path] = old if old is not None and old.stamp == stamp else read(path, stamp)
    return found


def read(path: Path, stamp: _Stamp = ()) -> Look:
    """Read one look; what is wrong with its file is its `problem`."""
    try:
        preset = read_preset(path)
    except ConfigError as error:
        return Look(drawable(path.stem), path, stamp, problem=str(error))
    thumbnail = _read_thumbnail(path.with_suffix(".png"))
    return Look(drawable(path.stem), path, stamp, preset.params, preset.look.key, "", thumbnail)


def write(look: Look) -> None:
    """Write a look; one of that name lies in `REMOVED` too from then on.

    Raises:
        ConfigError, OutputError: if it cannot be written; the old one stays where it is.
    """
    assert look.params is not None
    picture = look.path.with_suffix(".png")
    if not look.path.exists() and _count(look.path.parent) >= MOST:
        raise ConfigError(
            f"{look.path} is not written: {look.path.parent} has {MOST} looks, no more are shown"
        )
    kept = _keep(look.path)
    try:
        save_preset(look.params, look.path, LookTable(key=look.key))
    except BaseException:
        for file in kept:
            file.unlink(missing_ok=True)
        raise
    if look.thumbnail is not None:
        write_thumbnail(look)
    elif kept:
        picture.unlink(missing_ok=True)  # it shows what was there before


def write_thumbnail(look: Look) -> None:
    """Write the small picture of a look beside it.

    Raises:
        OutputError: if it cannot be written.
    """
    assert look.params is not None and look.thumbnail is not None
    save_snapshot(look.path.with_suffix(".png"), look.thumbnail, look.params)


def put_away(path: Path) -> None:
    """Move a look to `REMOVED`, under a name that is new there.

    Raises:
        OSError: if it cannot be moved.
    """
    if is_there(path):
        move(path, _place_removed(path))


def _keep(path: Path) -> list[Path]:
    """Let a look lie in `REMOVED` as well, for the next one to take its name.

    Returns:
        what was made there.

    Raises:
        ConfigError: if it cannot be kept.
    """
    if not is_there(path):
        return []
    made: list[Path] = []
    try:
        kept = _place_removed(path)
        for old in (path, path.with_suffix(".png")):
            if is_file(old):
                made.append(kept.with_suffix(old.suffix))
                shutil.copy2(old, made[-1])
    except OSError as error:
        for file in made:
            file.unlink(missing_ok=True)
        raise ConfigError(f"{path} cannot be replaced: {error.strerror or error}") from error
    return made


def _place_removed(path: Path) -> Path:
    folder = path.parent / REMOVED
    folder.mkdir(parents=True, exist_ok=True)
    date = f"{datetime.now():%Y%m%d-%H%M%S-%f}"
    return folder / f"{path.stem} {date}{path.suffix}"


def _count(folder: Path) -> int:
    return sum(path.suffix.lower() in SUFFIXES for path in folder.glob("*"))


def move(old: Path, new: Path) -> None:
    """Move a preset and its thumbnail; never over another file.

    Raises:
        OSError: if it cannot be moved.
    """
    if is_there(new):
        raise FileExistsError(f"{new} exists already")
    old.rename(new)
    if is_file(thumbnail := old.with_suffix(".png")):
        thumbnail.replace(new.with_suffix(".png"))


def set_key(path: Path, key: int, others: list[Path]) -> None:
    """Write `key` into one look, and take it from the others.

    Raises:
        ConfigError: if a file cannot be written.
    """
    for other in others:
        save_key(other, 0)
    save_key(path, key)


def read_given_keys(folder: Path) -> dict[str, int]:
    """Return the keys that the user gave to looks that came with the program; {}: none."""
    try:
        with (folder / GIVEN_KEYS).open("rb") as file:
            keys = msgspec.json.decode(file.read(MOST_KEY_BYTES), type=dict[str, int])
    except (OSError, msgspec.MsgspecError, RecursionError):
        return {}
    return {name: key for name, key in keys.items() if 0 <= key <= 9}


def write_given_keys(folder: Path, keys: dict[str, int], others: list[Path]) -> None:
    """Keep the keys of looks that came with the program, and take them from `others`.

    Raises:
        ConfigError: if a file cannot be written.
    """
    for other in others:
        save_key(other, 0)
    try:
        write_whole(folder / GIVEN_KEYS, msgspec.json.encode(keys).decode())
    except OSError as error:
        text = f"{folder / GIVEN_KEYS} cannot be written: {error.strerror or error}"
        raise ConfigError(text) from error


def as_shipped(look: Look, name: str) -> Look:
    """Return a look that came with the program: to recall, not to change."""
    return replace(look, name=name, key=0, is_shipped=True)


def natural(name: str) -> list[tuple[int, str]]:
    """Return a key that sorts "look 2" before "look 10"."""
    parts = re.findall(r"(\d+)|(\D+)", name.casefold())
    return [(int(number[:18] or 0), text) for number, text in parts]


def _stamp(path: Path) -> _Stamp:
    stamp: list[int] = []
    for file in (path, path.with_suffix(".png")):
        try:
            status = file.stat()
        except OSError:
            stamp += [0, 0]
        else:
            stamp += [status.st_mtime_ns, status.st_size]
    return tuple(stamp)


def _read_thumbnail(path: Path) -> np.ndarray | None:
    """Return the picture, None where there is none that can be shown."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path, formats=["PNG"]) as image:
                if max(image.size) > LARGEST_THUMBNAIL:
                    return None
                return shrink(np.asarray(image.convert("RGB")))
    except UNREADABLE:
        return None

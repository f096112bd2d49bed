"""Presets, also called looks: `Params` as a file that people can read and edit.

TOML unless the name ends in ".json". A preset carries a `version`; keys it leaves out have their
defaults, so a preset written by hand may name only what it changes. A table `[look]` says which
key recalls it; that is no part of `Params`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import tomlkit
from msgspec import Meta

from sgview.state.params import Node, Params
from sgview.state.text import writable
from sgview.state.validation import (
    LARGEST_JSON,
    LARGEST_TOML,
    ConfigError,
    build,
    plain,
    read_data,
    read_text,
)
from sgview.state.whole_file import write_whole

VERSION = 2

Key = Annotated[int, Meta(ge=0, le=9)]


class Look(Node, frozen=True):
    """What a preset file says besides the parameters."""

    key: Key = 0  # 1..9 recalls it; 0: no key


class Preset(Node, frozen=True):
    """The content of a preset file."""

    params: Params = Params()
    look: Look = Look()


def _from_1(data: dict[str, Any]) -> dict[str, Any]:
    """Bindings, sliders and the table `look` came with version 2; nothing was renamed."""
    return data


MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {1: _from_1}
"""From that version to the next one; each takes and returns the whole table."""


def load_preset(path: Path) -> Params:
    """Read the parameters of a preset.

    Raises:
        ConfigError: if the file cannot be read, a key is unknown or a value has the wrong type.
    """
    return read_preset(path).params


def read_preset(path: Path) -> Preset:
    """Read all of a preset.

    Raises:
        ConfigError: as for `load_preset`.
    """
    return decode(read_data(path), str(path))


def decode(data: dict[str, Any], where: str) -> Preset:
    """Make a preset of the table in a file, whatever version wrote it.

    Raises:
        ConfigError: naming `where`, key and cause.
    """
    data = writable(data)
    version = data.pop("version", VERSION)
    if isinstance(version, bool) or not isinstance(version, int) or not 1 <= version <= VERSION:
        raise ConfigError(
            f"{where}: version {version!r} is not one this program reads (1 to {VERSION}); "
            "it may be from a newer sgview"
        )
    for step in range(version, VERSION):
        data = MIGRATIONS[step](data)
    look = build({"look": data.pop("look", {})}, _LookTable, where).look
    params = build(data, Params, where)
    return Preset(params=params, look=look)


def save_preset(params: Params, path: Path, look: Look | None = None) -> None:
    """Write a preset, whole or not at all.

    Raises:
        ConfigError: if the file cannot be written.
    """
    is_json = path.suffix.lower() == ".json"
    text = encode(params, as_json=is_json, look=look)
    largest = LARGEST_JSON if is_json else LARGEST_TOML
    if len(text.encode("utf-8", "replace")) > largest:
        hint = "" if is_json else ": let its name end in .json"
        raise ConfigError(f"{path} would have more than {largest // 1000} kB{hint}")
    try:
        write_whole(path, text)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror or error}") from error


def save_key(path: Path, key: int) -> None:
    """Let `key` recall the preset, 0 none; the rest of the file, comments too, stays as it is.

    Raises:
        ConfigError: if the file is not a preset or cannot be written.
    """
    read_preset(path)
    text = read_text(path)
    try:
        if path.suffix.lower() == ".json":
            data = json.loads(text)
            data["look"] = {"key": key}
            text = json.dumps(data, indent=2) + "\n"
        else:
            document = tomlkit.parse(text)
            document["look"] = {"key": key}
            text = tomlkit.dumps(document)
        write_whole(path, text)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror or error}") from error


def encode(params: Params, *, as_json: bool = False, look: Look | None = None) -> str:
    """Return a preset's text: what `save_preset` writes and a snapshot carries."""
    data: dict[str, Any] = {"version": VERSION}
    if look is not None:
        data["look"] = plain(look)
    data |= plain(params)
    if as_json:
        return json.dumps(data, indent=2, allow_nan=False) + "\n"
    return tomlkit.dumps(data)


class _LookTable(Node, frozen=True):
    look: Look = Look()

"""Presets: `Params` as a file that people can read and edit.

TOML unless the name ends in ".json". A preset carries a `version`; keys it leaves out have their
defaults, so a preset written by hand may name only what it changes.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

import tomlkit

from sgview.state.params import Params
from sgview.state.validation import ConfigError, build, plain, read_data

VERSION = 1


def load_preset(path: Path) -> Params:
    """Read a preset.

    Raises:
        ConfigError: if the file cannot be read, a key is unknown or a value has the wrong type.
    """
    data = read_data(path)
    version = data.pop("version", VERSION)
    if version != VERSION:
        raise ConfigError(
            f"{path}: version {version!r} is not one this program reads ({VERSION}); "
            "it may be from a newer sgview"
        )
    return build(data, Params, str(path))


def save_preset(params: Params, path: Path) -> None:
    """Write a preset, whole or not at all.

    Raises:
        ConfigError: if the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_atomically(path, encode(params, as_json=path.suffix.lower() == ".json"))
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror or error}") from error


def encode(params: Params, *, as_json: bool = False) -> str:
    """Return a preset's text: what `save_preset` writes and a snapshot carries."""
    data = {"version": VERSION, **plain(params)}
    if as_json:
        return json.dumps(data, indent=2, allow_nan=False) + "\n"
    return tomlkit.dumps(data)


def _write_atomically(path: Path, text: str) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise

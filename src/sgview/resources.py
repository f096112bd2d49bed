"""The files that travel with the package: shaders, configurations and the built-in networks.

In a wheel they lie inside `sgview`; in a checkout shaders and configurations lie at its top, where
people edit them.
"""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path


def shader(name: str) -> str:
    """Return the source of `shaders/name`."""
    return _folder("shaders").joinpath(name).read_text(encoding="utf-8")


def config(name: str) -> Traversable:
    """Return the file `configs/name`, e.g. "default.toml" or "looks/petals.toml"."""
    return _folder("configs").joinpath(name)


def looks() -> dict[str, Path]:
    """Return the presets of `configs/looks` by their bare names, in alphabetical order."""
    folder = Path(str(_folder("configs"))) / "looks"
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def asset(name: str) -> Path:
    """Return the path of `assets/name`, e.g. "sg2-blooms.safetensors"."""
    return Path(str(files("sgview").joinpath("assets", name)))


def _folder(name: str) -> Traversable:
    package = files("sgview")
    installed = package.joinpath(name)
    if installed.is_dir():
        return installed
    return Path(str(package)).parents[1] / name

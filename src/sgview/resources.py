"""The files that travel with the package: shaders, configurations, pages, the built-in networks.

In a wheel they lie inside `sgview`; in a checkout all but the networks lie at its top, where people
edit them.
"""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

_FOR_EVERY_PAIR = ("first", "planets")  # looks that name no layer


def shader(name: str) -> str:
    """Return the source of `shaders/name`."""
    return _folder("shaders").joinpath(name).read_text(encoding="utf-8")


def config(name: str) -> Traversable:
    """Return the file `configs/name`, e.g. "default.toml" or "looks/petals.toml"."""
    return _folder("configs").joinpath(name)


def looks(pair: str = "sg2") -> dict[str, Path]:
    """Return the looks for a built-in pair by their bare names, in alphabetical order.

    Those of "sg2" lie in `configs/looks`. Those of "sg3" are in a folder of their own there, beside
    the ones that name no layer.
    """
    folder = Path(str(_folder("configs"))) / "looks"
    files = list(folder.glob("*.toml"))
    if pair != "sg2":
        files = [file for file in files if file.stem in _FOR_EVERY_PAIR]
        files += (folder / pair).glob("*.toml")
    return {file.stem: file for file in sorted(files, key=lambda file: file.stem)}


def documentation() -> Path:
    """Return the folder of the pages for users."""
    return Path(str(_folder("docs")))


def asset(name: str) -> Path:
    """Return the path of `assets/name`, e.g. "sg2-blooms.safetensors"."""
    return Path(str(files("sgview").joinpath("assets", name)))


def _folder(name: str) -> Traversable:
    package = files("sgview")
    installed = package.joinpath(name)
    if installed.is_dir():
        return installed
    return Path(str(package)).parents[1] / name

"""Networks from files, and the built-in pair."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from sgview import resources
from sgview.engine.network import Network
from sgview.state.class_names import read_class_names
from sgview.state.commands import Slot
from sgview.state.networks import BUILT_IN, is_built_in
from sgview.state.text import drawable
from stylegan3 import load

_log = logging.getLogger(__name__)

FAMILIES = ("blooms", "planets")  # of each built-in pair


def load_network(
    path: str | Path,
    progress: Callable[[float], None] | None = None,  # told 0..1 as reading goes on
) -> Network:
    """Read a checkpoint of any supported format into a network on the CPU.

    A path such as "built-in:planets" is that of a network that came with the program. Nothing in
    the file is executed.

    Raises:
        CheckpointError: if the file cannot be read; one sentence with the file and the cause.
    """
    if is_built_in(str(path)):
        name = str(path).removeprefix(BUILT_IN)
        return _read(_asset(name), name, str(path), progress)
    path = Path(path)
    return _read(path, drawable(path.stem), str(path), progress)


def builtin_networks(pair: Literal["sg2", "sg3"] = "sg2") -> tuple[Network, Network]:
    """Return blooms and planets, which play when no file is given; the first one is A.

    Both pairs are at 256 px and trained by this project, planets from blooms: "sg2" StyleGAN2,
    "sg3" StyleGAN3-T.

    Raises:
        CheckpointError: if the installation lacks a network.
    """
    prefix = "" if pair == "sg2" else f"{pair}-"  # of names; a take finds networks by them
    a, b = (_read(_asset(f"{prefix}{family}"), f"{prefix}{family}") for family in FAMILIES)
    return a, b


def open_networks(
    a: str | Path = "",  # a path; "": built in
    b: str | Path = "",  # a path; "": built in beside a built-in A, otherwise none
    demo: Literal["sg2", "sg3"] = "sg2",  # which built-in pair
) -> dict[Slot, Network]:
    """Return the networks that are to play, by slot.

    Raises:
        CheckpointError: if a file cannot be read, or the installation lacks a network.
    """
    paths: dict[Slot, str | Path] = {"a": a, "b": b}
    networks: dict[Slot, Network] = {}
    if not a:
        networks["a"], networks["b"] = builtin_networks(demo)
    networks.update((slot, load_network(path)) for slot, path in paths.items() if path)
    return networks


def _asset(name: str) -> Path:
    """Return the file of a built-in network."""
    return resources.asset(f"{name if name.startswith('sg3-') else f'sg2-{name}'}.safetensors")


def _read(
    file: Path,
    name: str,  # for people
    path: str = "",  # for people, and to read the file again
    progress: Callable[[float], None] | None = None,
) -> Network:
    generator = load(file, progress=progress)
    class_names, problem = read_class_names(file, generator.c_dim)
    if problem:
        _log.warning("%s", problem)
    return Network.of(generator, name, path, class_names)

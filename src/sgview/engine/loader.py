"""Networks from files, and the built-in pair."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import torch

from sgview import resources
from sgview.engine.network import Network
from sgview.engine.untrained import build_pair
from stylegan3 import Generator
from stylegan3.checkpoints import read


def load_network(
    path: str | Path,
    progress: Callable[[float], None] | None = None,  # told 0..1 as reading goes on
) -> Network:
    """Read a checkpoint of any supported format into a network on the CPU.

    Nothing in the file is executed.

    Raises:
        CheckpointError: if the file cannot be read; one sentence with the file and the cause.
    """
    path = Path(path)
    return _read(path, path.stem, str(path), progress)


def builtin_networks(pair: Literal["sg2", "sg3"] = "sg2") -> tuple[Network, Network]:
    """Return two networks that play when no file is given; the first one is A.

    "sg2": blooms and planets, StyleGAN2 at 256 px, trained by this project, the second from the
    first. "sg3": the same two as StyleGAN3-T where the installation has them; else embers and
    tides at 128 px, without training.

    Raises:
        CheckpointError: if the installation lacks a network.
    """
    prefix = "" if pair == "sg2" else f"{pair}-"  # of names; a take finds networks by them
    blooms, planets = (
        resources.asset(f"{pair}-{family}.safetensors") for family in ("blooms", "planets")
    )
    if pair == "sg3" and not (blooms.exists() and planets.exists()):
        return build_pair()
    return _read(blooms, f"{prefix}blooms"), _read(planets, f"{prefix}planets")


def _read(
    file: Path,
    name: str,  # for people
    path: str = "",  # for people, and to read the file again
    progress: Callable[[float], None] | None = None,
) -> Network:
    checkpoint = read(file, progress)
    with torch.device("meta"):
        generator = Generator(checkpoint.config)
    generator.load_state_dict(checkpoint.state_dict, assign=True)
    return Network.of(generator, name=name, path=path)

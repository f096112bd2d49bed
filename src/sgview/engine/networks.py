"""Networks from files, and the built-in pair."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import torch

from sgview import resources
from sgview.engine.network import Network
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
    """Return blooms and planets, which play when no file is given; the first one is A.

    Both pairs are at 256 px and trained by this project, planets from blooms: "sg2" StyleGAN2,
    "sg3" StyleGAN3-T.

    Raises:
        CheckpointError: if the installation lacks a network.
    """
    prefix = "" if pair == "sg2" else f"{pair}-"  # of names; a take finds networks by them
    a, b = (
        _read(resources.asset(f"{pair}-{family}.safetensors"), f"{prefix}{family}")
        for family in ("blooms", "planets")
    )
    return a, b


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

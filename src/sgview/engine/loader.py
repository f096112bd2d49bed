"""Networks from files, and the built-in pair."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch

from sgview.engine.builtin import build_pair
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
    checkpoint = read(path, progress)
    with torch.device("meta"):
        generator = Generator(checkpoint.config)
    generator.load_state_dict(checkpoint.state_dict, assign=True)
    return Network.of(generator, name=path.stem, path=str(path))


def builtin_networks() -> tuple[Network, Network]:
    """Return the two small networks that play when no file is given, always the same."""
    return build_pair()

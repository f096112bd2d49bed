"""`load`: a checkpoint file to a generator that plays.

On top of everything else here: the generator knows nothing of files. The module is not called
`load`, because importing it would then put it in the place of the function `stylegan3.load`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch

from stylegan3.checkpoints.reading import read
from stylegan3.generator import Generator


def load(
    path: str | Path,
    device: str | torch.device = "cpu",
    *,
    progress: Callable[[float], None] | None = None,  # told 0..1 as reading goes on
) -> Generator:
    """Read a checkpoint of any supported format, without executing anything that is in it.

    Raises:
        CheckpointError: if the file cannot be read; one sentence with the file and the cause.
    """
    checkpoint = read(Path(path), progress)
    generator = Generator.of(checkpoint.config, checkpoint.state_dict)
    return generator.requires_grad_(False).eval().to(device)

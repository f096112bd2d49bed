"""`load`: a checkpoint file to a generator that plays.

On top of everything else here: the generator knows nothing of files. The module is not called
`load`, because importing it would then put it in the place of the function `stylegan3.load`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import torch

from stylegan3.checkpoints.errors import CheckpointError
from stylegan3.checkpoints.reading import read
from stylegan3.generator import Generator


def load(
    path: str | Path | BinaryIO,  # "~" is the home folder; or a file opened in binary mode
    device: str | torch.device = "cpu",
    *,
    progress: Callable[[float], None] | None = None,  # told 0..1 as reading goes on
) -> Generator:
    """Read a checkpoint of any supported format, without executing anything that is in it.

    Raises:
        CheckpointError: if the file cannot be read; one sentence with the file and the cause.
    """
    if isinstance(path, str) and re.match(r"\w{2,}://", path):
        raise CheckpointError(path, "it is an address: download the file first")
    if isinstance(path, str | Path):
        path = _expanded(Path(path))
    checkpoint = read(path, progress)
    generator = Generator.of(checkpoint.config, checkpoint.state_dict)
    return generator.requires_grad_(False).eval().to(device)


def _expanded(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError:  # nobody's home folder
        return path

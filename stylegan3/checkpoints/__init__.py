"""Checkpoint files: one reader a format, all of which execute nothing.

`read(path)` gives a `Checkpoint` (configuration and tensors); `save_safetensors` writes one;
`read_tensors(path)` gives the tensors of any file by name, `read_shapes` only how large they are.
`source` reads bytes, `container` and `pickle` make inert values of them, `readers` find a generator
among these, `completeness` compares it with its configuration, and `reading` is the whole way.
Names are imported on first use, so that `CheckpointError` costs no torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stylegan3.checkpoints.checkpoint import Checkpoint
    from stylegan3.checkpoints.errors import CheckpointError
    from stylegan3.checkpoints.loose import read_shapes, read_tensors
    from stylegan3.checkpoints.readers.safetensors import save_safetensors
    from stylegan3.checkpoints.reading import read

__all__ = [
    "Checkpoint",
    "CheckpointError",
    "read",
    "read_shapes",
    "read_tensors",
    "save_safetensors",
]

_HOMES = {
    "Checkpoint": "checkpoint",
    "CheckpointError": "errors",
    "read": "reading",
    "read_shapes": "loose",
    "read_tensors": "loose",
    "save_safetensors": "readers.safetensors",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)

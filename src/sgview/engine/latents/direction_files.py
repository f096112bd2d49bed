"""Directions in files: .npy, .npz, .pt, .safetensors of GANSpace, InterFaceGAN and editors."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from sgview.engine.latents.latent_files import (
    LARGEST,
    MOST_ENTRIES,
    LatentFileError,
    read_named,
)

_MOST_FILES = 64  # held in memory

KEYS = (
    "direction", "directions", "boundary", "lat_comp", "eigenvectors", "components", "w", "ws",
    "latent", "latents", "arr_0", "",
)  # fmt: skip


def read_directions(path: Path) -> Tensor:  # [N, rows, w_dim] float32; one row acts in all
    """Read the directions of a file without executing anything in it.

    A direction is [w_dim], or [num_ws, w_dim]: one vector for each row. Several are [N, w_dim] or
    [N, rows, w_dim]; which of both two axes mean is found when the network is known.

    Raises:
        LatentFileError: if there is none in it, or the file cannot be read.
    """
    if path.stat().st_size > LARGEST:
        raise LatentFileError(f"{path} is larger than any file of directions")
    named = read_named(path, KEYS)
    by_key = {name.rpartition(".")[2].lower(): tensor for name, tensor in named.items()}
    key = next((key for key in KEYS if key in by_key), None)
    if key is None:
        held = ", ".join(sorted(name or "a tensor" for name in named)[:4]) or "no tensors"
        raise LatentFileError(f"{path} holds no direction: direction is looked for, it has {held}")
    found = by_key[key].float()
    if not 1 <= found.ndim <= 3:
        raise LatentFileError(f"{path}: a direction has one to three axes, not {list(found.shape)}")
    if not torch.isfinite(found).all():
        raise LatentFileError(f"{path} holds numbers that are not finite")
    return found.reshape(*(1,) * (2 - found.ndim), *found.shape)[:MOST_ENTRIES]


def vector_in(
    found: Tensor,  # of `read_directions`: [n, w_dim], or [N, rows, w_dim]
    index: int,  # from 0
    num_ws: int,
    w_dim: int,
    name: str,
) -> Tensor:  # [num_ws, w_dim]
    """Return one direction as a network takes it; missing rows are the last one.

    Raises:
        LatentFileError: if it has another width, or there are not so many.
    """
    if found.shape[-1] != w_dim:
        raise LatentFileError(
            f"{name}: a direction of {found.shape[-1]} numbers, the network's w has {w_dim}"
        )
    if found.ndim == 2:
        found = found[None] if len(found) == num_ws else found[:, None]
    if not 0 <= index < len(found):
        raise LatentFileError(f"{name} holds {len(found)} directions, there is no #{index + 1}")
    kept = torch.arange(num_ws).clamp_max(found.shape[1] - 1)
    return found[index][kept]

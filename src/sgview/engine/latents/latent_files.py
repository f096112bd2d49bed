"""Latents in files, as projectors and editors save them: .npy, .npz, .pt, .pkl, .safetensors.

Snapshots (.png) carry theirs in the metadata.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from sgview.engine.latents.png_latent import read_png_latent
from sgview.state.library_files import W_KEYS, Z_KEYS, is_z_key
from stylegan3.checkpoints import CheckpointError, read_shapes, read_tensors

LARGEST = 1 << 28  # of a file [bytes]
MOST_ENTRIES = 4096


class LatentFileError(Exception):
    """A file holds no latent that can be played; its text says so to the user."""


@dataclass(frozen=True, eq=False)
class LatentFile:
    """The latents of one file."""

    kind: Literal["z", "w"]
    values: Tensor  # [N, rows, width] float32 on the CPU; z has one row

    def entry(
        self,
        index: int,  # from 0
        width: int,  # of the network: z_dim or w_dim
        rows: int,  # of the network: num_ws, 1 for z
        name: str = "",
    ) -> Tensor:  # [rows, width]
        """Return one latent as a network takes it; missing rows are the last one.

        Raises:
            LatentFileError: if it has another width, or there are not so many.
        """
        count, given, held = self.values.shape
        if held != width:
            raise LatentFileError(
                f"{name}: its {self.kind} has {held} numbers, the network's has {width}"
            )
        if not 0 <= index < count:
            raise LatentFileError(f"{name} holds {count} latents, there is no #{index + 1}")
        kept = torch.arange(rows).clamp_max(given - 1)
        return self.values[index][kept]


def read_named(path: Path, keys: tuple[str, ...]) -> dict[str, Tensor]:
    """Return the tensors of numbers in a file by name, without executing anything in it.

    Args:
        path: .npy (its one array is called ""), .npz, or what checkpoints are.
        keys: which arrays of an .npz are read.

    Raises:
        LatentFileError: if the file cannot be read.
    """
    try:
        return _read_named(path, keys)
    except CheckpointError as error:
        raise LatentFileError(str(error)) from error
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, KeyError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        if "pickle" in str(error):  # NumPy advises to load it all the same
            reason = "it holds no plain arrays of numbers"
        raise LatentFileError(f"{path} cannot be read: {reason}") from error


def read_latent_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the tensors in a .pt or .pth file by name; {} if it cannot be read."""
    try:
        return read_shapes(path) if path.stat().st_size <= LARGEST else {}
    except (CheckpointError, OSError, ValueError):
        return {}


def read_latents(path: Path) -> LatentFile:
    """Read the latents of a file without executing anything in it.

    The name in the file says what it is: `z`; or `ws`, `w`, `dlatents`, `projected_w`, `latent`.
    A w is [w_dim], [1, w_dim], [num_ws, w_dim], [1, num_ws, w_dim], or [N, num_ws, w_dim]; a z is
    [z_dim] or [N, z_dim].

    Raises:
        LatentFileError: if there is none in it, or the file cannot be read.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise LatentFileError(f"{path} is larger than any file of latents")
        if path.suffix.lower() == ".png":
            return _read_png(path)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise LatentFileError(f"{path} cannot be read: {reason}") from error
    return _find(path, read_named(path, W_KEYS + Z_KEYS))


def _read_png(path: Path) -> LatentFile:
    found = read_png_latent(path)
    if found is None:
        raise LatentFileError(f"{path} carries no latent")
    latent, values = found
    if not torch.isfinite(values).all():
        raise LatentFileError(f"{path} holds numbers that are not finite")
    return LatentFile(latent.kind, (values[:1] if latent.kind == "z" else values).unsqueeze(0))


def _read_named(path: Path, keys: tuple[str, ...]) -> dict[str, Tensor]:
    if path.suffix.lower() not in (".npy", ".npz"):
        return read_tensors(path)
    with path.open("rb") as file:
        held = np.load(file, allow_pickle=False)
        if isinstance(held, np.ndarray):
            arrays = {"": held}
        else:
            names = [name for name in held.files if name.rpartition("/")[2] in keys]
            arrays = {name: held[name] for name in names[:MOST_ENTRIES]}
    return {
        name: torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32))
        for name, array in arrays.items()
        if array.dtype.kind == "f" and array.size
    }


def _find(path: Path, named: dict[str, Tensor]) -> LatentFile:
    """Return the latents among the tensors of a file: the best name, all that have it."""
    by_key: dict[str, list[Tensor]] = {}
    for name, tensor in named.items():
        by_key.setdefault(name.rpartition(".")[2].lower(), []).append(tensor)
    for key in (*W_KEYS, *Z_KEYS):
        tensors = by_key.get(key)
        if not tensors:
            continue
        is_z = is_z_key(path, key)
        shaped = [_shaped(path, tensor, is_z=is_z) for tensor in tensors]
        alike = [tensor for tensor in shaped if tensor.shape[1:] == shaped[0].shape[1:]]
        values = torch.cat(alike)[:MOST_ENTRIES]
        if not torch.isfinite(values).all():
            raise LatentFileError(f"{path} holds numbers that are not finite")
        return LatentFile("z" if is_z else "w", values)
    held = ", ".join(sorted(name or "a tensor" for name in named)[:4]) or "no tensors"
    raise LatentFileError(f"{path} holds no latent: z, w, ws, ... are looked for, it has {held}")


def _shaped(path: Path, tensor: Tensor, *, is_z: bool) -> Tensor:  # [N, rows, width]
    if tensor.ndim == 1:
        return tensor.view(1, 1, -1)
    if tensor.ndim == 2:
        return tensor.unsqueeze(1) if is_z else tensor.unsqueeze(0)
    if tensor.ndim == 3:
        return tensor[:, :1] if is_z else tensor
    raise LatentFileError(f"{path}: a latent has one to three axes, not {list(tensor.shape)}")

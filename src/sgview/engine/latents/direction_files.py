"""Directions in files: .npy, .npz, .pt, .safetensors of GANSpace, InterFaceGAN and editors."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from sgview.engine.latents.latent_files import (
    LARGEST,
    MOST_ENTRIES,
    LatentFileError,
    read_named,
)
from sgview.state.library_files import find_file
from sgview.state.status import Notice

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


class VectorFiles:
    """Files of directions or of averages, each read once; what cannot be read is told once.

    Args:
        folder: where they are looked for.
        find: gives the file of a name; None: it is in the folder, or a path.
    """

    def __init__(self, folder: Path, find: Callable[[str], Path | None] | None = None) -> None:
        self.folder = folder
        self._find = find or partial(find_file, folder)
        self.count = 0
        """Rises with each file that is read anew: what was made of others is outdated."""
        self._files: dict[str, Tensor | None] = {}  # None: it cannot be read
        self._told: set[str] = set()
        self._notices: list[Notice] = []

    def read(self, name: str) -> Tensor | None:
        """Return what `read_directions` does; None, and a notice, if it cannot be read."""
        if name not in self._files:
            while len(self._files) >= _MOST_FILES:
                self._files.pop(next(iter(self._files)))
            self._files[name] = None
            path = self._find(name)
            try:
                if path is None:
                    raise LatentFileError(f"There is no file {name} in {self.folder}.")
                self._files[name] = read_directions(path)
            except (LatentFileError, OSError) as error:
                self.tell(str(error))
        return self._files[name]

    def direction(self, name: str, num_ws: int, w_dim: int) -> Tensor | None:  # [num_ws, w_dim]
        """Return a direction by the name of its file; "#2" after it: the second of several."""
        stem, mark, number = name.rpartition("#")
        has_number = bool(mark and stem and number.isascii() and number.isdigit())
        index = int(number[:6]) - 1 if has_number else 0
        found = self.read(stem if has_number else name)
        if found is None:
            return None
        try:
            return vector_in(found, index, num_ws, w_dim, name)
        except LatentFileError as error:
            self.tell(str(error))
            return None

    def averages(self, name: str, w_dim: int) -> Tensor | None:  # [K, w_dim]
        """Return the averages in a file, such as centroids.npy."""
        found = self.read(name)
        if found is None:
            return None
        if found.shape[-1] != w_dim:
            self.tell(f"{name}: averages of {found.shape[-1]} numbers, the network's w has {w_dim}")
            return None
        return found.reshape(-1, w_dim) if found.ndim == 2 else found[:, 0]

    def forget(self) -> None:
        """Read files anew when they are asked for: they may have changed."""
        self._files.clear()
        self._told.clear()
        self.count += 1

    def tell(self, text: str) -> None:
        """Note what the user should know, once."""
        if text not in self._told:
            self._told.add(text)
            self._notices.append(Notice(0, "warning", text, "It moves nothing."))

    def take_notices(self) -> list[Notice]:
        """Return what the user should know since the last call."""
        notices, self._notices = self._notices, []
        return notices

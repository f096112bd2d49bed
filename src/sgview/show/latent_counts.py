"""How many latents a file holds, by what its head says of shapes: nothing else is read."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

import numpy as np

from sgview.state.library_files import W_KEYS, Z_KEYS, is_z_key

MOST = 64  # of a file, each a cell of the library; the others are there by number
_LARGEST_HEAD = 1 << 20  # [bytes]
_MOST_MEMBERS = 64

Shape = tuple[int, ...]


def count_latents(path: Path) -> int:
    """Return how many latents there are, 1..MOST; 1 where that cannot be told quickly.

    Arrays have one to three axes: z is [N, width], w [rows, width] or [N, rows, width].
    """
    readers = {".npy": _of_npy, ".npz": _of_npz, ".safetensors": _of_safetensors}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        return 1
    try:
        with path.open("rb") as file:
            shapes = {name.rpartition(".")[2].lower(): shape for name, shape in reader(file)}
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, RecursionError):
        return 1  # whoever opens it says what is wrong
    except (NotImplementedError, RuntimeError, MemoryError):  # of a zip file that is locked or odd
        return 1
    key = next((key for key in (*W_KEYS, *Z_KEYS) if key in shapes), "")
    is_z = is_z_key(path, key)
    shape = shapes.get(key, ())
    is_many = len(shape) == 3 or (len(shape) == 2 and is_z)
    return min(max(shape[0], 1), MOST) if is_many else 1


def _of_npy(file: IO[bytes]) -> Iterator[tuple[str, Shape]]:
    major, _ = np.lib.format.read_magic(file)
    read = (
        np.lib.format.read_array_header_1_0 if major == 1 else np.lib.format.read_array_header_2_0
    )
    yield "", read(file)[0]


def _of_npz(file: IO[bytes]) -> Iterator[tuple[str, Shape]]:
    with zipfile.ZipFile(file) as archive:
        for member in archive.infolist()[:_MOST_MEMBERS]:
            if member.filename.endswith(".npy"):
                with archive.open(member) as array:
                    ((_, shape),) = _of_npy(array)
                yield PurePosixPath(member.filename).stem, shape


def _of_safetensors(file: IO[bytes]) -> Iterator[tuple[str, Shape]]:
    size = int.from_bytes(file.read(8), "little")
    if size <= _LARGEST_HEAD:
        for name, facts in json.loads(file.read(size)).items():
            if name != "__metadata__":
                yield name, tuple(int(side) for side in facts["shape"])

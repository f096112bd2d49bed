"""How many latents a file holds, by what its head says of shapes: nothing else is read."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import IO

import numpy as np

from sgview.state.library_files import W_KEYS, Z_KEYS, is_z_key

MOST = 64  # of a file, each a cell of the library; the others are there by number
_LARGEST_HEAD = 1 << 20  # [bytes]
_MOST_MEMBERS = 64

Shape = tuple[int, ...]
ReadShapes = Callable[[Path], Mapping[str, Shape]]
"""Returns the shapes of the tensors in a file by dotted name; none if it cannot be read."""


def count_latents(path: Path, read_shapes: ReadShapes | None = None) -> int:
    """Return how many latents there are, 1..MOST; 1 where that cannot be told quickly.

    Arrays have one to three axes: z is [N, width], w [rows, width] or [N, rows, width]. Those of
    the best name count that are as large as the first.

    Args:
        path: of the file.
        read_shapes: for .pt and .pth, which are not read here.
    """
    shapes: dict[str, list[Shape]] = {}
    for name, shape in _shapes_of(path, read_shapes):
        shapes.setdefault(name.rpartition(".")[2].lower(), []).append(shape)
    key = next((key for key in (*W_KEYS, *Z_KEYS) if key in shapes), None)
    if key is None:
        return 1
    split = [_split(shape, is_z=is_z_key(path, key)) for shape in shapes[key]]
    count = sum(count for count, each in split if each == split[0][1])
    return min(max(count, 1), MOST)


def _shapes_of(path: Path, read_shapes: ReadShapes | None) -> list[tuple[str, Shape]]:
    suffix = path.suffix.lower()
    if suffix in (".pt", ".pth"):
        return list(read_shapes(path).items()) if read_shapes is not None else []
    readers = {".npy": _of_npy, ".npz": _of_npz, ".safetensors": _of_safetensors}
    reader = readers.get(suffix)
    if reader is None:
        return []
    try:
        with path.open("rb") as file:
            return list(reader(file))
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, RecursionError):
        return []  # whoever opens it says what is wrong
    except (NotImplementedError, RuntimeError, MemoryError):  # of a zip file that is locked or odd
        return []


def _split(shape: Shape, *, is_z: bool) -> tuple[int, Shape]:
    """Return how many latents an array of that shape is, and how large each is."""
    if len(shape) == 3:
        return shape[0], (1 if is_z else shape[1], shape[2])
    if len(shape) == 2:
        return (shape[0], (1, shape[1])) if is_z else (1, shape)
    return 1, (1, *shape)


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

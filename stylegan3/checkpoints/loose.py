"""Tensors in a file by name, whatever it is for: what projectors and editors save latents in.

The same inert readers as for networks; nothing in the file is executed.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor

from stylegan3.checkpoints.container.tensors import FLOAT_DTYPES, read_tensor
from stylegan3.checkpoints.detect import detect_format
from stylegan3.checkpoints.errors import CheckpointError, UnusableError
from stylegan3.checkpoints.pickle.values import ArrayRef, Storage, TensorRef
from stylegan3.checkpoints.readers.safetensors import read_header
from stylegan3.checkpoints.reading import load_tree, open_source
from stylegan3.checkpoints.source import Source

T = TypeVar("T")
MOST_TENSORS = 4096
DEEPEST = 6  # dictionaries and lists in each other


def read_tensors(
    path: Path | str,
    *,
    most_numbers: int = 1 << 26,  # of one tensor; larger ones are left out
) -> dict[str, Tensor]:  # float32, on the CPU
    """Return the floating-point tensors of a .pt, .pkl or .safetensors file by dotted name.

    A tensor that is the whole file is called "". What is in lists has its place as its name.

    Raises:
        CheckpointError: if the file cannot be read; one sentence with the file and the cause.
    """

    def read(source: Source) -> dict[str, Tensor]:
        refs = _find(source, most_numbers)
        return {name: read_tensor(source, name, ref, torch.float32) for name, ref in refs.items()}

    return _with_source(Path(path), read)


def read_shapes(path: Path | str, *, most_numbers: int = 1 << 26) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the same tensors, as the file claims them; no number of them is read.

    Raises:
        CheckpointError: as above.
    """

    def read(source: Source) -> dict[str, tuple[int, ...]]:
        return {name: tuple(ref.shape) for name, ref in _find(source, most_numbers).items()}

    return _with_source(Path(path), read)


def _with_source(path: Path, read: Callable[[Source], T]) -> T:
    try:
        with open_source(path) as source:
            return read(source)
    except UnusableError as error:
        raise CheckpointError(path, str(error)) from error
    except FileNotFoundError as error:
        raise CheckpointError(path, "there is no such file") from error
    except OSError as error:
        raise CheckpointError(path, f"it cannot be read: {error.strerror}") from error
    except (RecursionError, MemoryError) as error:
        raise CheckpointError(path, "it is larger than any file of latents") from error


def _find(source: Source, most_numbers: int) -> dict[str, TensorRef]:
    kind = detect_format(source)
    tree = read_header(source)[0] if kind == "safetensors" else load_tree(source, kind)
    found: dict[str, TensorRef] = {}
    _collect(tree, "", 0, found)
    return {
        name: ref for name, ref in found.items() if 0 < ref.numel <= most_numbers and _is_float(ref)
    }


def _is_float(ref: TensorRef) -> bool:
    return not isinstance(ref.storage, Storage) or ref.storage.dtype in FLOAT_DTYPES


def _collect(value: Any, name: str, depth: int, found: dict[str, TensorRef]) -> None:
    ref = value.ref if isinstance(value, ArrayRef) else value
    if isinstance(ref, TensorRef):
        found[name] = ref
        return
    if depth >= DEEPEST or len(found) >= MOST_TENSORS:
        return
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list | tuple):
        items = enumerate(value[:MOST_TENSORS])
    for key, below in items:
        word = str(key)[:100] if isinstance(key, str | int) else ""
        _collect(below, f"{name}.{word}" if name else word, depth + 1, found)
        if len(found) >= MOST_TENSORS:
            return

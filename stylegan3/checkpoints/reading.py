"""`read`: any supported file to a `Checkpoint`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import torch
from torch import Tensor

from stylegan3.checkpoints.checkpoint import Checkpoint
from stylegan3.checkpoints.completeness import complete, expected_shapes, match_parts
from stylegan3.checkpoints.container.tensors import nbytes, read_tensor
from stylegan3.checkpoints.container.torchfile import load_legacy, load_zip
from stylegan3.checkpoints.detect import describe_contents, detect_format
from stylegan3.checkpoints.errors import CheckpointError, UnusableError, printable
from stylegan3.checkpoints.found import FoundGenerator
from stylegan3.checkpoints.pickle.unpickler import Unpickler
from stylegan3.checkpoints.readers.nvlabs import read_nvlabs
from stylegan3.checkpoints.readers.safetensors import read_header, read_own
from stylegan3.checkpoints.readers.statedict import read_state_dict
from stylegan3.checkpoints.readers.stylegan1.state_dicts import read_stylegan1
from stylegan3.checkpoints.readers.tensorflow import read_tensorflow
from stylegan3.checkpoints.source import Cursor, Source, Span
from stylegan3.families import family_of


def read(
    path: Path | str | BinaryIO,
    progress: Callable[[float], None] | None = None,
    *,
    dtype: torch.dtype | None = torch.float32,
) -> Checkpoint:
    """Read the generator in a checkpoint file. Nothing in the file is executed.

    Args:
        path: a .pkl, .pt or .safetensors file of one of the families in `docs/formats.md`, or
            such a file opened in binary mode, or `io.BytesIO`.
        progress: called with the share of the generator's bytes read so far, 0..1.
        dtype: type of the tensors returned; None: as the file has them.

    Raises:
        CheckpointError: if the file cannot be used; one sentence with the file and the cause.
    """
    file = None if isinstance(path, str | Path) else path
    path = Path(path) if isinstance(path, str | Path) else _name_of(path)
    try:
        with open_source(path, progress) if file is None else _source_of(file, progress) as source:
            return _read(source, progress, dtype)
    except UnusableError as error:
        raise CheckpointError(path, str(error)) from error
    except FileNotFoundError as error:
        raise CheckpointError(path, "there is no such file") from error
    except PermissionError as error:
        raise CheckpointError(path, "you have no permission to read it") from error
    except OSError as error:
        raise CheckpointError(path, f"it cannot be read: {error.strerror}") from error
    except RecursionError as error:
        raise CheckpointError(path, "it is nested more deeply than any network") from error
    except MemoryError as error:
        raise CheckpointError(path, "there is not enough memory for it") from error


def _name_of(file: BinaryIO) -> Path:
    name = getattr(file, "name", None)
    return Path(name if isinstance(name, str) else f"a {type(file).__name__}")


def _source_of(file: BinaryIO, progress: Callable[[float], None] | None) -> Source:
    if not hasattr(file, "readinto"):
        raise UnusableError("it is no file opened in binary mode")
    if not file.seekable():
        raise UnusableError("it is a stream: read it into io.BytesIO first")
    return Source(_name_of(file), progress, file)


def open_source(path: Path, progress: Callable[[float], None] | None = None) -> Source:
    """Open a file to read from.

    Raises:
        UnusableError: if it is no regular file.
        OSError: if it cannot be opened.
    """
    if path.is_dir():
        raise UnusableError("it is a folder: name a file in it")
    if path.exists() and not path.is_file():
        raise UnusableError("it is no regular file")
    try:
        return Source(path, progress)
    except ValueError as error:  # such as a NUL in it
        raise UnusableError("no file can have that name") from error


def _read(
    source: Source, progress: Callable[[float], None] | None, dtype: torch.dtype | None
) -> Checkpoint:
    found = _find_generator(source)
    expected = expected_shapes(found.config)
    parts, recomputed = match_parts(found, expected)
    source.expect(sum(nbytes(part.ref) for part in parts.values()))
    state, broken = {}, []
    for name, part in parts.items():
        tensor = read_tensor(source, name, part.ref, dtype)
        state[name] = _owned(part.convert(tensor)) if part.convert else tensor
        if tensor.numel() and not torch.stack(torch.aminmax(tensor)).isfinite().all():
            broken.append(name)
    complete(found, state, recomputed, expected)
    state = {name: state[name].to(dtype or state[name].dtype) for name in expected}
    if broken:
        found.notes.append(f"{len(broken)} tensors hold NaN or infinity, first {broken[0]}")
    if found.assumption:
        found.notes.append(found.assumption)
    if progress:
        progress(1.0)
    return Checkpoint(
        config=found.config,
        state_dict=state,
        family=family_of(found.config),
        source_format=found.source_format,
        notes=tuple(printable(note) for note in found.notes),
        training=found.training,
    )


def _owned(tensor: Tensor) -> Tensor:
    """Contiguous, and not a part of a larger tensor."""
    is_part = tensor.untyped_storage().nbytes() > tensor.nbytes
    return tensor.clone().contiguous() if is_part else tensor.contiguous()


def _find_generator(source: Source) -> FoundGenerator:
    kind = detect_format(source)
    if kind == "safetensors":
        tree, metadata = read_header(source)
        found = read_own(tree, metadata) or read_state_dict(source, tree)
    else:
        tree = load_tree(source, kind)
        found = read_tensorflow(source, tree) or read_nvlabs(tree)
        found = found or read_stylegan1(source, tree) or read_state_dict(source, tree)
    if found is None:
        raise UnusableError(describe_contents(tree))
    return found


def load_tree(source: Source, kind: str) -> Any:
    """Return what a file of torch or a pickle holds, as inert values."""
    whole = Span(0, source.size)
    if kind == "torch zip":
        return load_zip(source)
    if kind == "torch stream":
        return load_legacy(source, whole)
    return Unpickler(Cursor(source, whole)).load()

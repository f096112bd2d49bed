"""This project's own format: safetensors with the configuration in the metadata.

Metadata keys: `stylegan3.config` (JSON: the family and every field of the configuration),
`stylegan3.version` ("1") and `stylegan3.origin` (what the tensors were converted from). Tensors
have the published names. Files without a configuration are read by names and shapes alone.
"""

from __future__ import annotations

import json
import math
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from stylegan3.checkpoints.checkpoint import Checkpoint
from stylegan3.checkpoints.errors import CheckpointError, UnusableError, brief, of_family
from stylegan3.checkpoints.found import FoundGenerator, Part, check_options
from stylegan3.checkpoints.pickle.values import Storage, TensorRef
from stylegan3.checkpoints.source import Source, Span
from stylegan3.config import Config
from stylegan3.families import FAMILIES, config_from_dict, is_buffer

CONFIG_KEY, VERSION_KEY, ORIGIN_KEY = "stylegan3.config", "stylegan3.version", "stylegan3.origin"
VERSION = "1"
LARGEST_HEADER = 1 << 24  # bytes; one of 200 tensors has 20,000
DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}


def read_header(source: Source) -> tuple[dict[str, TensorRef], dict[str, str]]:
    """Tensors by name, and the metadata.

    Raises:
        UnusableError: if the header is damaged or does not fit the file.
    """
    length = int.from_bytes(source.read(0, 8), "little")
    if not 2 <= length <= min(LARGEST_HEADER, source.size - 8):
        raise UnusableError("the file is truncated or damaged: its header does not fit in it")
    try:
        header = json.loads(source.read(8, length).decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise UnusableError("it is damaged: its header is no JSON") from error
    if not isinstance(header, dict):
        raise UnusableError("it is damaged: its header names no tensors")
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise UnusableError("it is damaged: its metadata are no texts")
    start = 8 + length
    return {name: _ref(name, entry, start, source.size) for name, entry in header.items()}, metadata


def read_own(tensors: dict[str, TensorRef], metadata: Mapping[str, str]) -> FoundGenerator | None:
    """The generator of a file of this project, or None if another program wrote it.

    Raises:
        UnusableError: if the configuration in the metadata cannot be used.
    """
    if CONFIG_KEY not in metadata:
        return None
    version = metadata.get(VERSION_KEY, VERSION)
    if version != VERSION:
        raise UnusableError(
            f"it was written by a newer version (format {version[:20]}): update sgview"
        )
    try:
        values = json.loads(metadata[CONFIG_KEY])
    except (ValueError, RecursionError) as error:
        raise UnusableError("it is damaged: its configuration is no JSON") from error
    if not isinstance(values, dict):
        raise UnusableError("it is damaged: its configuration is no table")
    family = values.get("family")
    cls = FAMILIES[family].config if isinstance(family, str) and family in FAMILIES else Config
    check_options(
        cls, {name[:80]: tuple(v) if isinstance(v, list) else v for name, v in values.items()}
    )
    try:
        config = config_from_dict(values)
    except (ValueError, TypeError, ArithmeticError) as error:
        cause = f"its configuration is impossible: {error}"
        known = FAMILIES[cls.family].label if cls.family in FAMILIES else brief(family)
        raise UnusableError(of_family(known, cause)) from error
    parts = {name: Part.of(ref) for name, ref in tensors.items()}
    origin = metadata.get(ORIGIN_KEY, "")[:200]
    return FoundGenerator(
        config, parts, f"safetensors (from: {origin})" if origin else "safetensors"
    )


def save_safetensors(
    checkpoint: Any,  # Checkpoint, or Generator
    path: Path | str,
    *,
    is_half: bool = False,
) -> None:
    """Write a generator or checkpoint; the file appears complete or not at all.

    Args:
        checkpoint: a `Checkpoint`, or a `Generator` (its current tensors are written).
        path: the file, which is replaced if it exists.
        is_half: store matrices and kernels in float16 where their values fit, half the size;
            vectors, filters and other buffers stay as they are.

    Raises:
        CheckpointError: if the file cannot be written.
    """
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    path = Path(path)
    is_checkpoint = isinstance(checkpoint, Checkpoint)
    state = checkpoint.state_dict if is_checkpoint else checkpoint.state_dict()
    tensors = {}
    for name, tensor in state.items():
        kept = tensor.detach().to("cpu", _half_or_own(name, tensor) if is_half else tensor.dtype)
        tensors[name] = kept.contiguous()
    metadata = {
        "format": "pt",
        VERSION_KEY: VERSION,
        CONFIG_KEY: json.dumps(checkpoint.config.to_dict(), allow_nan=False),
        ORIGIN_KEY: checkpoint.source_format if is_checkpoint else "",
    }
    try:
        handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".sgview-", suffix=".part")
        os.close(handle)
    except OSError as error:
        raise CheckpointError(path, f"cannot be written: {error.strerror}") from error
    try:
        save_file(tensors, draft, metadata)
        _wait_for_disk(Path(draft))
        Path(draft).chmod(0o666 & ~_umask())
        Path(draft).replace(path)
    except SafetensorError as error:  # such as a full disk, in the words of the library
        raise CheckpointError(path, f"cannot be written: {error}") from error
    except OSError as error:
        raise CheckpointError(path, f"cannot be written: {error.strerror or error}") from error
    finally:
        Path(draft).unlink(missing_ok=True)


def _ref(name: str, entry: Any, start: int, size: int) -> TensorRef:
    entry = entry if isinstance(entry, dict) else {}
    shape, offsets, code = (entry.get(key) for key in ("shape", "data_offsets", "dtype"))
    if (
        not isinstance(shape, list)
        or not isinstance(offsets, list)
        or not isinstance(code, str)
        or not all(type(n) is int and 0 <= n < 1 << 48 for n in (*shape, *offsets))
        or len(offsets) != 2
        or len(shape) > 16
    ):
        raise UnusableError(f"it is damaged: the header's entry for tensor {name[:120]} is invalid")
    if code not in DTYPES:
        raise UnusableError(f"tensor {name[:120]} has the type {code[:20]}, which is not supported")
    numel, dtype = math.prod(shape), DTYPES[code]
    if offsets[1] - offsets[0] != numel * dtype.itemsize or start + offsets[1] > size:
        raise UnusableError(
            f"the file is truncated or damaged: tensor {name[:120]} does not fit in it"
        )
    strides = [math.prod(shape[i + 1 :]) for i in range(len(shape))] if numel else [0] * len(shape)
    span = Span(start + offsets[0], offsets[1] - offsets[0])
    return TensorRef(Storage(dtype, span, numel), 0, tuple(shape), tuple(strides))


def _half_or_own(name: str, tensor: Tensor) -> torch.dtype:
    is_large = tensor.ndim >= 2 and tensor.dtype == torch.float32 and not is_buffer(name)
    fits = is_large and bool(tensor.abs().max() <= torch.finfo(torch.float16).max)
    return torch.float16 if fits else tensor.dtype


def _wait_for_disk(path: Path) -> None:
    """Return once the disk has the file: what it then lacks raises OSError."""
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask

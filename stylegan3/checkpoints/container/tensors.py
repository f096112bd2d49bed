"""From a reference to a tensor in the file to the tensor, in one read and one allocation."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from stylegan3.checkpoints.container.torchfile import open_storage
from stylegan3.checkpoints.errors import UnusableError
from stylegan3.checkpoints.pickle.values import EncodedText, Storage, TensorRef
from stylegan3.checkpoints.source import Source, Span

FLOAT_DTYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


def read_tensor(
    source: Source,
    name: str,
    ref: TensorRef,
    dtype: torch.dtype | None = torch.float32,  # None: as the file has it
) -> Tensor:  # contiguous, on the CPU, owning its memory
    """Read the numbers of one tensor.

    Raises:
        UnusableError: if the reference leaves its storage, or is no floating-point tensor.
    """
    storage = open_storage(source, ref.storage)
    if storage.dtype not in FLOAT_DTYPES:
        raise UnusableError(f"tensor {name} holds {storage.dtype}, not floating-point numbers")
    if ref.offset + ref.extent > storage.numel:
        raise UnusableError(
            f"tensor {name} claims the shape {list(ref.shape)} but its storage has only"
            f" {storage.numel} numbers"
        )
    source.charge(max(ref.numel, ref.extent) * storage.dtype.itemsize)
    flat = _read_flat(source, name, storage, ref.offset, ref.extent)
    tensor = torch.as_strided(flat, ref.shape, ref.stride if ref.numel else (0,) * len(ref.shape))
    return tensor.to(dtype or storage.dtype).contiguous()


def nbytes(ref: TensorRef) -> int:
    """Upper bound of what `read_tensor` reads [bytes], for progress."""
    itemsize = ref.storage.dtype.itemsize if isinstance(ref.storage, Storage) else 4
    return math.prod(ref.shape) * itemsize


def _read_flat(source: Source, name: str, storage: Storage, offset: int, count: int) -> Tensor:
    itemsize = storage.dtype.itemsize
    data = storage.data
    if isinstance(data, EncodedText):
        data = _decode(source, data)
    if isinstance(data, bytes):
        if (offset + count) * itemsize > len(data):
            raise UnusableError(f"the data of tensor {name} are truncated")
        held = bytearray(data[offset * itemsize : (offset + count) * itemsize])
        return torch.frombuffer(held, dtype=storage.dtype) if count else torch.empty(0)
    if data is None or (offset + count) * itemsize > data.length:
        raise UnusableError(f"the data of tensor {name} are missing or truncated")
    flat = torch.empty(count, dtype=storage.dtype)
    if count:
        target = memoryview(flat.view(torch.uint8).numpy())  # pyright: ignore[reportArgumentType]
        source.read_into(data.start + offset * itemsize, target)
    return flat


def _decode(source: Source, text: EncodedText) -> bytes:
    source.charge(text.span.length)
    span: Span = text.span
    try:
        return source.read(span.start, span.length).decode("utf-8").encode("latin-1")
    except UnicodeError as error:
        raise UnusableError("it is damaged: the text that holds a tensor is no text") from error

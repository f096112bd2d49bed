"""NumPy's arrays, numbers and data types in a pickle, as references to numbers in the file."""

from __future__ import annotations

import struct
from typing import Any

import torch

from stylegan3.checkpoints.errors import UnusableError
from stylegan3.checkpoints.pickle.values import (
    ArrayRef,
    DTypeRef,
    EncodedText,
    Storage,
    TensorRef,
)
from stylegan3.checkpoints.source import Span

NUMPY_DTYPES = {
    "f8": torch.float64,
    "f4": torch.float32,
    "f2": torch.float16,
    "i8": torch.int64,
    "i4": torch.int32,
    "i2": torch.int16,
    "i1": torch.int8,
    "u1": torch.uint8,
    "b1": torch.bool,
}
SCALAR_FORMATS = {
    "f8": "d", "f4": "f", "f2": "e", "i8": "q", "i4": "i", "i2": "h", "i1": "b",
    "u8": "Q", "u4": "I", "u2": "H", "u1": "B", "b1": "?",
}  # fmt: skip


def set_state(target: ArrayRef | DTypeRef, state: Any) -> None:
    """Fill an array or data type from its pickled state.

    Raises:
        UnusableError: if the state makes no sense.
    """
    if isinstance(target, DTypeRef):
        if isinstance(state, tuple) and len(state) > 1:
            target.is_big_endian = state[1] in (">", b">")
        return
    if not isinstance(state, tuple) or len(state) != 5:
        raise UnusableError("it is damaged: a NumPy array in it has no valid state")
    _, shape, kind, is_fortran, data = state
    target.ref = array(data, kind, shape, "F" if is_fortran else "C").ref


def array(data: Any, kind: Any, shape: Any, order: Any = "C") -> ArrayRef:
    """An array of the numbers `data`.

    Raises:
        UnusableError: if it makes no sense.
    """
    if not isinstance(kind, DTypeRef) or not isinstance(shape, tuple):
        raise UnusableError("it is damaged: a NumPy array in it has no valid state")
    if kind.code not in NUMPY_DTYPES or kind.is_big_endian:
        return ArrayRef()  # text, objects: nothing a generator is made of
    torch_dtype = NUMPY_DTYPES[kind.code]
    if isinstance(data, str):
        data = data.encode("latin-1", "replace")
    if not isinstance(data, Span | EncodedText | bytes):
        return ArrayRef()
    if not all(type(n) is int and 0 <= n < 1 << 48 for n in shape) or len(shape) > 16:
        raise UnusableError("a NumPy array in it has an impossible shape")
    stride, step = [], 1
    for size in shape if order == "F" else reversed(shape):
        stride.append(step)
        step = min(step * max(size, 1), 1 << 48)
    strides = tuple(stride if order == "F" else reversed(stride))
    numel = 1
    for size in shape:
        numel *= size
    if isinstance(data, EncodedText):
        available = numel  # known only when decoded, checked then
    else:
        nbytes = data.length if isinstance(data, Span) else len(data)
        available = nbytes // torch_dtype.itemsize
    if numel > available:
        raise UnusableError(f"a NumPy array in it claims the shape {shape} but has fewer numbers")
    storage = Storage(torch_dtype, data, available)
    return ArrayRef(TensorRef(storage, 0, shape, strides if numel else (0,) * len(shape)))


def dtype(code: Any, *_: Any) -> DTypeRef:
    """A data type by its code: "f4", "<f4"."""
    text = code.decode("latin-1") if isinstance(code, bytes) else code
    if not isinstance(text, str):
        return DTypeRef("")
    return DTypeRef(text.lstrip("<>=|"), text.startswith(">"))


def scalar(kind: Any, data: Any = b"") -> Any:
    """A number, or None where it is none that is known."""
    if isinstance(data, str):
        data = data.encode("latin-1", "replace")
    if not isinstance(kind, DTypeRef) or not isinstance(data, bytes):
        return None
    layout = SCALAR_FORMATS.get(kind.code)
    if layout is None or struct.calcsize(layout) != len(data):
        return None
    return struct.unpack((">" if kind.is_big_endian else "<") + layout, data)[0]

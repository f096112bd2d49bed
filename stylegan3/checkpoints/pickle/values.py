"""The values a pickle becomes here: plain data, or objects that remember and do nothing.

A checkpoint is read into dict, list, tuple, str, numbers, and the classes below. None of them
imports, calls or evaluates anything that the file names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from stylegan3.checkpoints.errors import UnusableError
from stylegan3.checkpoints.source import Span

LARGEST_EXTENT = 1 << 48  # sizes and strides beyond this are damage, not data


@dataclass(frozen=True, slots=True)
class Global:
    """The name of a class or function; only ever compared."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(slots=True, eq=False, repr=False)
class Stub:
    """What a call in a pickle leaves behind: whom it would have called, with what.

    It absorbs every construction and state protocol: arguments, keyword arguments, state,
    appended and assigned items.
    """

    cls: Any
    args: Any = ()
    kwargs: Any = None
    state: Any = None
    items: list[Any] | None = None
    pairs: list[tuple[Any, Any]] | None = None

    def __repr__(self) -> str:
        return f"Stub({self.class_name[:80]})"  # never what it holds: see `errors.brief`

    @property
    def class_name(self) -> str:
        """Last part of the class's name, "" where it has none."""
        return self.cls.name if isinstance(self.cls, Global) else ""


@dataclass(slots=True, eq=False)
class EncodedText:
    """Bytes that the pickle holds as text: characters 0..255 written as UTF-8."""

    span: Span


@dataclass(slots=True, eq=False)
class Storage:
    """Where numbers lie: raw little-endian elements in the file, or a few bytes held here."""

    dtype: torch.dtype
    data: Span | EncodedText | bytes | None  # None: not found in the file
    numel: int


@dataclass(slots=True, eq=False)
class NestedStorage:
    """A storage wrapped in its own `torch.save` file inside the pickle; opened when needed."""

    data: Span


@dataclass(slots=True, eq=False)
class TensorRef:
    """A tensor whose numbers are still in the file; `tensors.read_tensor` fetches them."""

    storage: Storage | NestedStorage
    offset: int  # [elements]
    shape: tuple[int, ...]
    stride: tuple[int, ...]  # [elements]

    def __post_init__(self) -> None:
        numbers = (self.offset, *self.shape, *self.stride)
        if not all(type(n) is int and 0 <= n < LARGEST_EXTENT for n in numbers):
            raise UnusableError("a tensor in it has an impossible shape, stride or offset")
        if len(self.shape) != len(self.stride) or len(self.shape) > 16:
            raise UnusableError("a tensor in it has an impossible shape or stride")

    @property
    def numel(self) -> int:
        """Number of elements."""
        count = 1
        for size in self.shape:
            count *= size
        return count

    @property
    def extent(self) -> int:
        """Elements of the storage from the first to the last one used, both included."""
        if self.numel == 0:
            return 0
        return 1 + sum((n - 1) * s for n, s in zip(self.shape, self.stride, strict=True))


@dataclass(slots=True, eq=False)
class DTypeRef:
    """A NumPy data type: kind and item size ("f4"), and whether it is big-endian."""

    code: str
    is_big_endian: bool = False


@dataclass(slots=True, eq=False)
class ArrayRef:
    """A NumPy array; empty until its state has been read."""

    ref: TensorRef | None = None

"""What is said where memory is full, on a graphics card or in the machine."""

from __future__ import annotations

import traceback
from collections.abc import Iterator

import torch

_FULL = ("out of memory", "out_of_memory", "memoryallocation", "can't allocate memory")


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether there was no room, on a graphics card or in the machine, for what was asked.

    Each library says so in its own way: torch's allocators, the CUDA runtime where a graph is
    made, a kernel's launch. What was raised while one of those was handled counts as well.
    """
    return any(_says_so(each) for each in _chain(error))


def let_go(error: BaseException) -> None:
    """Free what the calls that failed held: their tensors live as long as the traceback does."""
    for each in _chain(error):
        traceback.clear_frames(each.__traceback__)


def _says_so(error: BaseException) -> bool:
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    # The bindings of CUDA have an error of their own, which is no RuntimeError.
    is_of_a_library = isinstance(error, RuntimeError) or type(error).__name__ == "CUDAError"
    return is_of_a_library and any(words in str(error).lower() for words in _FULL)


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    each: BaseException | None = error
    while each is not None and id(each) not in seen:
        seen.add(id(each))
        yield each
        each = each.__cause__ or each.__context__

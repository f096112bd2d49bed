"""Descriptors of tensors in global memory for Hopper's copy engine."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import cache
from typing import Any

import torch

from stylegan3.cuda.kernel import KernelError, check_driver, ensure_context

TensorMap = ctypes.c_uint64 * 16  # CUtensorMap: opaque, passed to kernels by value

_FLOAT16, _NO_INTERLEAVE, _SWIZZLE_128, _PROMOTE_128, _ZERO_FILL = 6, 0, 3, 2, 0


def encode(
    tensor: torch.Tensor, sizes: Sequence[int], strides: Sequence[int], box: Sequence[int]
) -> ctypes.Array:
    """Return the map of a float16 tensor, copied in boxes with the 128-byte swizzle.

    Args:
        tensor: whose storage starts the array; it must outlive the map's use.
        sizes: elements of each axis, the contiguous axis first.
        strides: of all axes but the first [bytes], multiples of 16.
        box: elements of each axis of one copy; the first at most 64.

    Raises:
        KernelError: if the driver refuses the layout.
    """
    ensure_context(tensor.device.index or 0)
    # Aligned as the driver wants it; a copy elsewhere is as good.
    room = (ctypes.c_uint8 * 256)()
    start = -(-ctypes.addressof(room) // 128) * 128
    rank = len(sizes)
    status = _encoder()(
        start,
        _FLOAT16,
        rank,
        tensor.data_ptr(),
        (ctypes.c_uint64 * rank)(*sizes),
        (ctypes.c_uint64 * (rank - 1))(*strides),
        (ctypes.c_uint32 * rank)(*box),
        (ctypes.c_uint32 * rank)(*[1] * rank),
        _NO_INTERLEAVE,
        _SWIZZLE_128,
        _PROMOTE_128,
        _ZERO_FILL,
    )
    if status != 0:
        raise KernelError(
            f"no tensor map for sizes {list(sizes)}, strides {list(strides)}, box {list(box)}:"
            f" error {status} of cuTensorMapEncodeTiled"
        )
    return TensorMap.from_buffer_copy(ctypes.string_at(start, ctypes.sizeof(TensorMap)))


@cache
def _encoder() -> Any:
    # Called by address: cuda.bindings keeps its CUtensorMap in memory of Python objects, which is
    # not aligned as the type demands.
    from cuda.bindings import driver

    address, *_ = _values(driver.cuGetProcAddress(b"cuTensorMapEncodeTiled", 12000, 0))
    pointer, word = ctypes.c_void_p, ctypes.c_uint32
    return ctypes.CFUNCTYPE(
        ctypes.c_int, pointer, word, word, pointer, pointer, pointer, pointer, pointer,
        word, word, word, word,
    )(int(address))  # fmt: skip


def _values(answer: tuple[Any, ...]) -> tuple[Any, ...]:
    check_driver(answer[:1], "finding cuTensorMapEncodeTiled")
    return answer[1:]

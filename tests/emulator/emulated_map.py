"""Tensor maps as the emulator's copy engine reads them."""

from __future__ import annotations

import ctypes

import torch


class EmulatedMap(ctypes.Structure):
    """Address, sizes, strides and box: what `hopper.cuh` of the emulator takes for a tensor map."""

    _fields_ = (
        ("base", ctypes.c_uint64),
        ("sizes", ctypes.c_uint64 * 3),
        ("strides", ctypes.c_uint64 * 2),
        ("box", ctypes.c_uint32 * 3),
        ("unused", ctypes.c_uint32 * 17),
    )


def encode(tensor: torch.Tensor, sizes: tuple, strides: tuple, box: tuple) -> EmulatedMap:
    """Take the place of `tensor_map.encode`."""
    three, two = ctypes.c_uint64 * 3, ctypes.c_uint64 * 2
    boxes = (ctypes.c_uint32 * 3)(*box)
    return EmulatedMap(tensor.data_ptr(), three(*sizes), two(*strides), boxes)

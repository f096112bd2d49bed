"""CUDA launcher that derives convolutions' weights from the live tensors: many in one launch."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence

import numpy as np
import torch

from stylegan3.ops import nvrtc
from stylegan3.ops.launch_table import POINTER, pointer, table
from stylegan3.ops.prepared_weight import PackedPicture, PreparedWeight
from stylegan3.ops.sources import cuda_source

SPEC = nvrtc.KernelSpec("weight_preparation", cuda_source("weight_preparation.cu"))

MOST = 64
"""Layers of one launch, at most."""

_THREADS = 128
_PLAIN, _PHASES, _COMPOSED = range(3)
_LAYOUT = [
    ("weight", POINTER),
    ("filter", POINTER),
    ("row_of", POINTER),
    ("out", POINTER),
    ("energy", POINTER),
    ("row_rms", POINTER),
    ("in_channels", np.int32),
    ("taps", np.int32),
    ("out_pitch", np.int32),
    ("energy_pitch", np.int32),
    ("row_stride", np.int32),
    ("tap_stride", np.int32),
    ("kind", np.int32),
    ("is_half", np.int32),
]

Item = PreparedWeight | PackedPicture


class Selection(ctypes.Structure):
    """Which layers a launch takes, by value: no memory has to hold it for one that is captured."""

    _fields_ = [
        ("count", ctypes.c_int32),
        ("layers", ctypes.c_int32 * MOST),
        ("first_blocks", ctypes.c_int32 * MOST),
    ]


class WeightPreparation:
    """Everything of a network that follows from its weights alone.

    Args:
        items: what to fill; the memory of weights is laid out.
        device: of all tensors.
    """

    spec = SPEC

    def __init__(self, items: Sequence[Item], device: torch.device) -> None:
        self._items = tuple(items)  # keeps the tensors alive
        self._device = device
        self._table = table([_row(item) for item in items], _LAYOUT, device)
        self._blocks = [_blocks(item) for item in items]
        self._shared = [_shared_bytes(item) for item in items]

    def __call__(self, which: Sequence[int]) -> None:
        """Launch: derive these again, by their numbers; capturable.

        One launch, whichever and however many they are, up to `MOST`.
        """
        for start in range(0, len(which), MOST):
            self._launch(which[start : start + MOST])

    def _launch(self, which: Sequence[int]) -> None:
        selection = Selection(count=len(which))
        blocks = 0
        for position, item in enumerate(which):
            selection.layers[position] = item
            selection.first_blocks[position] = blocks
            blocks += self._blocks[item]
        nvrtc.load(SPEC, self._device)(
            blocks,
            _THREADS,
            self._table,
            selection,
            shared=max(self._shared[item] for item in which),
        )


def _row(item: Item) -> tuple:
    """Return an item's `struct Layer`."""
    if isinstance(item, PackedPicture):
        return (
            *(pointer(t) for t in (item.source, None, None, item.picture, None, None)),
            len(item.source),
            item.source[0].numel(),
            0,
            0,
            0,
            item.picture.shape[-1],
            _PLAIN,
            item.picture.dtype == torch.float16,
        )
    layout, (height, width) = item.layout, item.kernel
    tensors = (item.source, item.taps, layout.row_of, item.storage, item.energy, item.row_rms)
    return (
        *(pointer(tensor) for tensor in tensors),
        item.in_channels,
        item.source[0, 0].numel(),
        item.out_pitch,
        item.energy.shape[1],
        *layout.strides(height * width),
        _PLAIN if not item.phases else _PHASES if item.taps is None else _COMPOSED,
        item.dtype == torch.float16,
    )


def _blocks(item: Item) -> int:
    return 1 if isinstance(item, PackedPicture) else item.out_channels


def _shared_bytes(item: Item) -> int:
    """Room for a row of an even number of channels, wherever in 16 bytes it begins."""
    if isinstance(item, PackedPicture):
        channels, taps = len(item.source), item.source[0].numel()
    else:
        channels, taps = item.in_channels, item.source[0, 0].numel()
    return 4 * (-(-(3 + (channels + channels % 2) * taps) // 4) * 4)

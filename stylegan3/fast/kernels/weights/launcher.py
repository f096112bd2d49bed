"""CUDA launcher that derives convolutions' weights from the live tensors: many in one launch."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from itertools import accumulate

import numpy as np
import torch

from stylegan3.cuda import nvrtc
from stylegan3.cuda.launch_table import POINTER, pointer, table
from stylegan3.cuda.sources import cuda_source
from stylegan3.fast.kernels.weights.prepared_weight import PreparedWeight

SPEC = nvrtc.KernelSpec("weight_preparation", cuda_source(__file__, "weight_preparation.cu"))

MOST = 64
"""Layers of one launch, at most."""

_THREADS = 128
_PLAIN, _PHASES, _FUSED = range(3)
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

    def __init__(self, items: Sequence[PreparedWeight], device: torch.device) -> None:
        self._items = tuple(items)  # keeps the tensors alive
        self._device = device
        self._table = table([_row(item) for item in items], _LAYOUT, device)
        self._blocks = [item.out_channels for item in items]
        self._shared = [_shared_bytes(item) for item in items]

    def __call__(self, which: Sequence[int]) -> None:
        """Launch: derive these again, by their numbers; capturable.

        One launch, whichever and however many they are, up to `MOST`.
        """
        for start in range(0, len(which), MOST):
            self._launch(which[start : start + MOST])

    def _launch(self, which: Sequence[int]) -> None:
        count, starts = len(which), list(accumulate((self._blocks[i] for i in which), initial=0))
        selection = Selection(count=count)
        selection.layers[:count] = which
        selection.first_blocks[:count] = starts[:-1]
        nvrtc.load(SPEC, self._device)(
            starts[-1],
            _THREADS,
            self._table,
            selection,
            shared=max(self._shared[i] for i in which),
        )


def _row(item: PreparedWeight) -> tuple:
    """Return an item's `struct Layer`."""
    layout, taps = item.layout, item.kernel[0] * item.kernel[1]
    tensors = (item.source, item.taps, layout.row_of, item.storage, item.energy, item.row_rms)
    kind = _PLAIN if not item.phases else _PHASES if item.taps is None else _FUSED
    return (
        *map(pointer, tensors),
        item.in_channels,
        item.source[0, 0].numel(),
        item.out_pitch,
        item.energy.shape[1],
        *layout.strides(taps),
        kind,
        item.dtype == torch.float16,
    )


def _shared_bytes(item: PreparedWeight) -> int:
    """Room for a row of an even number of channels, wherever in 16 bytes it begins."""
    channels, taps = item.in_channels, item.source[0, 0].numel()
    return 16 * -(-(3 + (channels + channels % 2) * taps) // 4)

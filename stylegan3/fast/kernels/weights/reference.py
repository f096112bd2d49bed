"""What is derived from live weights, in plain torch, on any device."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from stylegan3.fast.kernels.weights.prepared_weight import PreparedWeight
from stylegan3.ops.upfirdn2d import upfirdn2d

_PHASES = ((0, 0), (0, 1), (1, 0), (1, 1))


class WeightPreparation:
    """`weight_preparation.cu`; the same call as its launcher."""

    spec = None

    def __init__(self, items: Sequence[PreparedWeight], device: torch.device) -> None:
        self._items = tuple(items)

    def __call__(self, which: Sequence[int]) -> None:
        """Derive these again from their live tensors."""
        for item in (self._items[i] for i in which):
            _prepare(item)


def _prepare(item: PreparedWeight) -> None:
    w = item.source.detach()
    outs, ins = w.shape[:2]
    rms = (w.square().mean((1, 2, 3)) + 1e-8).sqrt()
    w = w / rms[:, None, None, None]
    item.row_rms[:outs] = rms
    item.energy[:outs, :ins] = w.square().sum((2, 3))
    w = w / math.sqrt(item.fan_in)
    if not item.phases:
        parts = w[None]
    else:
        parts = _phases(w) if item.taps is None else _fused(w, item.taps)
    rows = (torch.arange(len(parts))[:, None] * item.out_pitch + torch.arange(outs)).flatten()
    values = parts.flatten(0, 1).to(item.dtype)
    layout, storage = item.layout, item.storage
    if layout.row_of is not None:
        rows = layout.row_of[rows].cpu().long()
    rows = rows.to(storage.device)
    if layout.is_tap_first:
        storage[:, :, rows, :ins] = values.permute(2, 3, 0, 1)
    else:
        storage[rows, ..., :ins] = values.permute(0, 2, 3, 1)


def _phases(w: Tensor) -> Tensor:  # [O, I, 3, 3] -> [4, O, I, 2, 2]
    """Output 2 u + p of the transposed convolution meets inputs u and u - 1, kernel p and p + 2."""
    parts = w.new_zeros(4, *w.shape[:2], 2, 2)
    rows = {0: ((0, 2), (1, 0)), 1: ((1, 1),)}
    for part, (py, px) in zip(parts, _PHASES, strict=True):
        for ty, ky in rows[py]:
            for tx, kx in rows[px]:
                part[..., ty, tx] = w[..., ky, kx]
    return parts


def _fused(w: Tensor, taps: Tensor) -> Tensor:  # [O, I, 3, 3] -> [4, O, I, 3, 3]
    # what a single sample of the input becomes: by 3x3, then by the filter, 6x6 values
    f = (taps[0].outer(taps[1])).flip(0, 1)
    spread = upfirdn2d(w, f, padding=(3, 3, 3, 3))
    # of those, input u + d - 1 adds number 4 + p - 2 d to output 2 u + p
    return torch.stack([spread[:, :, py::2, px::2].flip(2, 3) for py, px in _PHASES])

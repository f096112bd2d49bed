"""CUDA launcher of fully connected layers on single vectors: many in one launch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from stylegan3.cuda import nvrtc
from stylegan3.cuda.launch_table import POINTER, block_table, pointer, table
from stylegan3.cuda.multiprocessors import multiprocessors
from stylegan3.cuda.sources import cuda_source

SPEC = nvrtc.KernelSpec("fully_connected", cuda_source(__file__, "fully_connected.cu"))

_WARPS = 4  # of a block
_ROWS_PER_BLOCK = 4 * _WARPS
_PIECE_BYTES = 4096  # a line of 128 bytes for each lane
_LAYOUT = [
    ("weight", POINTER),
    ("bias", POINTER),
    ("x", POINTER),
    ("y", POINTER),
    ("average", POINTER),
    ("psi", POINTER),
    ("rows", np.int32),
    ("columns", np.int32),
    ("copies", np.int32),
    ("weight_gain", np.float32),
    ("bias_gain", np.float32),
    ("normalise", np.int32),
    ("activate", np.int32),
]


@dataclass(frozen=True)
class Dense:
    """One layer: `y = act(weight @ x * norm(x) * weight_gain + bias * bias_gain)`.

    With an average, every row of `y` is truncated: `average + psi[row] (y - average)`.
    """

    weight: Tensor  # [out, in] float32, read where it lives
    bias: Tensor | None  # [out] float32
    x: Tensor  # [in] float32
    y: Tensor  # [out] float32, written; [copies, out] with an average
    weight_gain: float
    bias_gain: float = 1.0
    normalise: bool = False  # x by its root-mean-square
    activate: bool = False  # leaky ReLU 0.2, gain sqrt(2)
    average: Tensor | None = None  # [out] float32
    psi: Tensor | None = None  # [copies] float32, with average

    @property
    def copies(self) -> int:
        """Rows of `y`."""
        return 1 if self.psi is None else self.psi.numel()


class FullyConnected:
    """Layers that run together; they may not read each other's results.

    Args:
        layers: to compute.
        device: of launches.
        prefetched: to L2, what later launches read and no kernel of a frame writes; the first of it
            if it would fill more than half.

    Raises:
        ValueError: if shapes or types disagree.
    """

    spec = SPEC

    def __init__(
        self, layers: Sequence[Dense], device: torch.device, prefetched: Sequence[Tensor] = ()
    ) -> None:
        self._layers = tuple(layers)  # keeps the tensors alive
        self._device = device
        for layer in layers:
            check_dense(layer)
        rows = [
            (
                pointer(d.weight),
                pointer(d.bias),
                pointer(d.x),
                pointer(d.y),
                pointer(d.average),
                pointer(d.psi),
                *d.weight.shape,
                d.copies,
                d.weight_gain,
                d.bias_gain,
                d.normalise,
                d.activate,
            )
            for d in layers
        ]
        self._table = table(rows, _LAYOUT, device)
        self._blocks = block_table([len(d.weight) for d in layers], _ROWS_PER_BLOCK, device)
        self._prefetched = tuple(prefetched)
        most = multiprocessors(device).l2_bytes // 2 // _PIECE_BYTES
        self._pieces = _pieces(prefetched)[:most].to(device)

    def __call__(self) -> None:
        """Launch."""
        nvrtc.load(SPEC, self._device)(
            len(self._blocks),
            32 * _WARPS,
            self._table,
            self._blocks,
            self._pieces,
            len(self._pieces),
        )


def _pieces(tensors: Sequence[Tensor]) -> Tensor:  # int64
    """Return the addresses of pieces of memory; what is smaller than one is left out."""
    pieces: list[int] = []
    for tensor in tensors:
        start, size = tensor.data_ptr(), tensor.numel() * tensor.element_size()
        offsets = range(0, size - _PIECE_BYTES + 1, _PIECE_BYTES)
        pieces += [start + offset for offset in offsets]
        if offsets and size % _PIECE_BYTES:
            pieces.append(start + size - _PIECE_BYTES)
    return torch.tensor(pieces, dtype=torch.int64)


def check_dense(layer: Dense) -> None:
    """Raise ValueError if shapes or types of a layer disagree."""
    rows, columns = layer.weight.shape
    optional = [t for t in (layer.bias, layer.average, layer.psi) if t is not None]
    tensors = [layer.weight, layer.x, layer.y, *optional]
    if any(t.dtype != torch.float32 or not t.is_contiguous() for t in tensors):
        raise ValueError("fully connected layers take contiguous float32 tensors")
    if layer.x.numel() != columns or layer.y.numel() != layer.copies * rows:
        raise ValueError(
            f"weight {tuple(layer.weight.shape)} does not fit x {tuple(layer.x.shape)}"
            f" and y {tuple(layer.y.shape)}"
        )
    if (layer.average is None) != (layer.psi is None):
        raise ValueError("average and psi go together")
    if layer.average is not None and layer.average.numel() != rows:
        raise ValueError(f"average must have {rows} values, not {layer.average.numel()}")
    if layer.bias is not None and layer.bias.numel() != rows:
        raise ValueError(f"bias must have {rows} values, not {layer.bias.numel()}")

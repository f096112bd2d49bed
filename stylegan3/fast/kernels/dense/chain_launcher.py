"""CUDA launcher of fully connected layers that follow one another, as mapping networks do."""

from __future__ import annotations

import ctypes
import itertools
from collections.abc import Sequence

import torch
from torch import Tensor

from stylegan3.cuda import nvrtc
from stylegan3.cuda.launch_table import pointer
from stylegan3.cuda.multiprocessors import Multiprocessors, multiprocessors
from stylegan3.cuda.sources import cuda_source
from stylegan3.fast.kernels.dense.launcher import Dense, check_dense

_WARPS = 8  # of a block
_BLOCKS_PER_MULTIPROCESSOR = 2  # that fit for sure: the kernel's launch bounds
_MOST_PART = 12  # float4 of a layer's weights in a lane's registers, twice


class _Layer(ctypes.Structure):
    _fields_ = (
        ("weight", ctypes.c_void_p),
        ("bias", ctypes.c_void_p),
        ("rows", ctypes.c_int32),
        ("columns", ctypes.c_int32),
        ("weight_gain", ctypes.c_float),
        ("bias_gain", ctypes.c_float),
    )


class DenseChain:
    """Layers of which each reads what the one before wrote, in one launch.

    All blocks run at once and pass results on to each other (`dense_chain.cu`). Launches of one
    chain must follow one another on one stream; different chains may run side by side.

    Args:
        layers: two or more: all activated, only the first normalised, only the last truncated.
            What lies between them, `y` of one and `x` of the next, is not written.
        device: of launches.

    Raises:
        ValueError: if shapes, types or options disagree, or `can_chain` is False.
    """

    def __init__(self, layers: Sequence[Dense], device: torch.device) -> None:
        division = _divide(layers, multiprocessors(device))
        if division is None:
            raise ValueError("these layers do not suit one launch on this device")
        self._blocks, rows, fours = division
        self._layers = tuple(layers)  # keeps the tensors alive
        self._device = device
        _check(layers)
        entries = [
            _Layer(
                pointer(d.weight),
                pointer(d.bias),
                *d.weight.shape,
                d.weight_gain,
                d.bias_gain,
            )
            for d in layers
        ]
        self._chain = (_Layer * len(layers))(*entries)
        width = 128 * fours
        self._shared = 2 * width * 4 + 4
        self._passed = torch.zeros(len(layers) - 1, width, dtype=torch.int64, device=device)
        self._launches = torch.zeros(1, dtype=torch.int32, device=device)
        self.spec = nvrtc.KernelSpec(
            "dense_chain",
            cuda_source(__file__, "dense_chain.cu"),
            (("FOURS", fours), ("LAYERS", len(layers)), ("ROWS", rows)),
            is_cooperative=True,
        )

    def __call__(self) -> None:
        """Launch."""
        first, last = self._layers[0], self._layers[-1]
        nvrtc.load(self.spec, self._device)(
            self._blocks,
            32 * _WARPS,
            self._chain,
            first.x,
            self._passed,
            self._launches,
            last.average,
            last.psi,
            last.y,
            last.copies,
            shared=self._shared,
        )


def can_chain(layers: Sequence[Dense], device: torch.device) -> bool:
    """Whether layers that follow one another can be one launch on this device."""
    return _divide(layers, multiprocessors(device)) is not None


def chain_of(layers: Sequence[Dense], device: torch.device) -> DenseChain | None:
    """Return layers that follow one another as one launch, None where they must be one each."""
    return DenseChain(layers, device) if can_chain(layers, device) else None


def _divide(
    layers: Sequence[Dense], processors: Multiprocessors
) -> tuple[int, int, int] | None:  # blocks, rows of a warp, float4 of a row that a lane reads
    if len(layers) < 2 or not processors.has_cooperative_launch:
        return None
    columns = [d.weight.shape[1] for d in layers]
    if any(c % 4 for c in columns) or any(_is_odd(t) for d in layers for t in (d.weight, d.x)):
        return None
    fours = -(-max(columns) // 128)
    # every block passes something on in every layer: so that the last to end knows that all began
    most = min(len(d.weight) for d in layers[:-1])
    most = min(most, _BLOCKS_PER_MULTIPROCESSOR * processors.count)
    for rows in range(1, _MOST_PART // fours + 1):
        blocks = -(-max(len(d.weight) for d in layers) // (_WARPS * rows))
        if blocks <= most:
            return blocks, rows, fours
    return None


def _check(layers: Sequence[Dense]) -> None:
    for layer in layers:
        check_dense(layer)
    for before, after in itertools.pairwise(layers):
        if before.y.data_ptr() != after.x.data_ptr() or before.average is not None:
            raise ValueError("each layer of a chain reads what the one before wrote")
    is_normalised = [layer.normalise for layer in layers]
    if is_normalised != [True] + [False] * (len(layers) - 1) or layers[-1].average is None:
        raise ValueError("a chain normalises its input and truncates its output")
    if any(layer.bias is None or not layer.activate for layer in layers):
        raise ValueError("layers of a chain have biases and are activated")


def _is_odd(tensor: Tensor) -> bool:
    """Whether it cannot be read 16 bytes at a time."""
    return tensor.data_ptr() % 16 != 0

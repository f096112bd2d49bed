"""CUDA launcher of the per-channel vectors around modulated convolutions, one launch a network."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from stylegan3.cuda import nvrtc
from stylegan3.cuda.launch_table import POINTER, block_table, check_live, pointer, table
from stylegan3.cuda.sources import cuda_source
from stylegan3.fast.kernels.modulation.first_input import FirstInput, NoFirstInput

_WARPS = 8  # of a block
_AHEAD = 32  # energies that a lane loads ahead
_LEAST_SHARED = 1024  # values
_FIELDS = (
    "energy",
    "row_rms",
    "styles",
    "bias",
    "next_styles",
    "next_power",
    "first",
    "second",
    "third",
)
_LAYOUT = [(name, POINTER) for name in _FIELDS] + [
    ("in_channels", np.int32),
    ("out_channels", np.int32),
    ("energy_pitch", np.int32),
    ("folded", np.int32),
    ("fan_in", np.float32),
    ("clamp", np.float32),
    ("correction", np.float32),
    ("next_gain", np.float32),
]


@dataclass(frozen=True)
class Modulation:
    """One convolution's vectors; `modulation.cu` has the formulas. All tensors are float32."""

    out_channels: int
    first: Tensor  # the three vectors, written up to out_channels
    second: Tensor
    third: Tensor
    energy: Tensor | None = None  # [out_channels, >= in_channels]; None: no demodulation
    row_rms: Tensor | None = None  # [out_channels]; None: weights count as normalised
    styles: Tensor | None = None  # [in_channels], with energy
    fan_in: int = 1
    bias: Tensor | None = None  # [out_channels]
    next_styles: Tensor | None = None  # [out_channels]; None: the output is not scaled for anyone
    next_power: Tensor | None = None  # [] magnitude_ema of the layer that reads the output
    next_gain: float = 0.0  # 0: next styles by their root-mean-square; else times this
    folded: bool = False  # for filtered leaky ReLU: bias / d, clamp / d, d * correction * next
    clamp: float | None = None
    correction: float = 1.0


class ModulationVectors:
    """The vectors of all layers of a network, and what its first convolution reads.

    Args:
        layers: whose vectors are wanted.
        device: of launches.
        first_input: what else waits for styles alone; None for nothing.

    Raises:
        ValueError: if shapes or types disagree.
    """

    def __init__(
        self,
        layers: Sequence[Modulation],
        device: torch.device,
        first_input: FirstInput | None = None,
    ) -> None:
        self._layers = tuple(layers)  # keeps the tensors alive
        self._device = device
        for layer in layers:
            check_modulation(layer)
        rows = [
            (
                *(pointer(getattr(layer, name)) for name in _FIELDS),
                0 if layer.styles is None else layer.styles.numel(),
                layer.out_channels,
                0 if layer.energy is None else layer.energy.shape[1],
                layer.folded,
                layer.fan_in,
                math.inf if layer.clamp is None else layer.clamp,
                layer.correction,
                layer.next_gain,
            )
            for layer in layers
        ]
        self._table = table(rows, _LAYOUT, device)
        self._first_input = first_input
        self._argument = NoFirstInput(0) if first_input is None else first_input.argument()
        widest = max((0 if d.styles is None else d.styles.numel() for d in layers), default=0)
        self._shared = 4 * max(_LEAST_SHARED, widest)
        # as many channels of a warp as leave room for all of their energies
        channels = 2 if widest <= 32 * _AHEAD // 2 else 1
        counts = [layer.out_channels for layer in layers]
        self._blocks = block_table(counts, channels * _WARPS, device)
        defines: dict[str, int | str] = {"FIRST_INPUT": 0, "ROWS": channels}
        if first_input is not None:
            defines |= {"FIRST_INPUT": first_input.number, "OUT_TYPE": first_input.out_type}
        self.spec = nvrtc.KernelSpec(
            "modulation", cuda_source(__file__, "modulation.cu"), tuple(sorted(defines.items()))
        )

    def __call__(self) -> None:
        """Launch."""
        nvrtc.load(self.spec, self._device)(
            self._argument.blocks + len(self._blocks),
            32 * _WARPS,
            self._table,
            self._blocks,
            self._argument,
            shared=self._shared,
        )


def check_modulation(layer: Modulation) -> None:
    """Raise ValueError if shapes or types of a layer's vectors disagree."""
    check_live(**{name: getattr(layer, name) for name in _FIELDS})
    channels = layer.out_channels
    for name in ("row_rms", "bias", "first", "second", "third"):
        tensor = getattr(layer, name)
        if tensor is not None and tensor.numel() < channels:
            raise ValueError(f"{name} must have {channels} values, not {tensor.numel()}")
    if layer.next_styles is not None and layer.next_styles.numel() != channels:
        raise ValueError(f"next_styles must have {channels} values")
    if layer.energy is not None:
        if layer.styles is None:
            raise ValueError("demodulation needs styles")
        if len(layer.energy) < channels or layer.energy.shape[1] < layer.styles.numel():
            raise ValueError(f"energy {tuple(layer.energy.shape)} is too small")

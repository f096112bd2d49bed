"""The operations that plans are made of: on a GPU our kernels and cuDNN, elsewhere plain torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch

from stylegan3.cuda.nvrtc import KernelSpec
from stylegan3.fast.kernels.activation.launcher import ModulatedAct, PhaseUpsample
from stylegan3.fast.kernels.convolution.convolution import (
    Convolution,
    Kernels,
    choose_convolution,
    composes_upsampling,
)
from stylegan3.fast.kernels.dense import chain_launcher as chains
from stylegan3.fast.kernels.dense import launcher as fully_connected_cuda
from stylegan3.fast.kernels.dense.chain_launcher import DenseChain
from stylegan3.fast.kernels.dense.launcher import Dense, FullyConnected
from stylegan3.fast.kernels.filtered_lrelu.geometry import FilterGeometry
from stylegan3.fast.kernels.filtered_lrelu.launcher import TensorCoreFilteredLrelu
from stylegan3.fast.kernels.filtered_lrelu.plain_launcher import PlainFilteredLrelu
from stylegan3.fast.kernels.modulation.launcher import ModulationVectors
from stylegan3.fast.kernels.torgb.alias_free_launcher import AliasFreeToRgb
from stylegan3.fast.kernels.torgb.partial_sums import MAX_COLOURS, AliasFreeRgb
from stylegan3.fast.kernels.torgb.partial_sums_launcher import ColourSums
from stylegan3.fast.kernels.torgb.skip_launcher import SkipSums
from stylegan3.fast.kernels.weights.launcher import WeightPreparation
from stylegan3.fast.plan import Step


@dataclass(frozen=True)
class Operations:
    """Factories with the signatures of the launchers in `stylegan3.ops`."""

    weight_preparation: Callable[..., WeightPreparation]
    fully_connected: Callable[..., FullyConnected]
    dense_chain: Callable[..., DenseChain | None]  # (layers, device); None: launch one by one
    modulation_vectors: Callable[..., ModulationVectors]
    alias_free_torgb: Callable[..., AliasFreeToRgb]
    colour_sums: Callable[..., ColourSums]
    modulated_act: Callable[..., ModulatedAct]
    phase_upsample: Callable[..., PhaseUpsample]
    skip_sums: Callable[..., SkipSums]
    filtered_lrelu: Callable[..., Any]  # see filtered_lrelu_cuda
    reads_blocks: Callable[..., bool]  # (geometry, device, in_dtype, out_dtype): it does
    begins_torgb: Callable[..., bool]  # (geometry, device, in_dtype, out_dtype, colours): it can
    convolution: Callable[..., Convolution]  # (weight, size, padding, channels, may_block)
    composes_upsampling: Callable[..., bool]  # (size, in_channels, out_pitch, dtype, device)


def cuda_operations(kernels: Kernels = "auto") -> Operations:
    """Return the operations of a GPU."""
    return Operations(
        weight_preparation=WeightPreparation,
        fully_connected=FullyConnected,
        dense_chain=dense_chain_cuda,
        modulation_vectors=ModulationVectors,
        alias_free_torgb=AliasFreeToRgb,
        colour_sums=ColourSums,
        modulated_act=ModulatedAct,
        phase_upsample=PhaseUpsample,
        skip_sums=SkipSums,
        filtered_lrelu=filtered_lrelu_cuda,
        reads_blocks=runs_on_tensor_cores,
        begins_torgb=begins_torgb,
        convolution=partial(choose_convolution, kernels=kernels),
        composes_upsampling=partial(composes_upsampling, kernels=kernels),
    )


def dense_chain_cuda(layers: Sequence[Dense], device: torch.device) -> DenseChain | None:
    """Return layers that follow one another as one launch, None where it must be one each."""
    return DenseChain(layers, device) if chains.suits(layers, device) else None


def filtered_lrelu_cuda(
    geometry: FilterGeometry,
    device: torch.device,
    in_dtype: torch.dtype,
    out_dtype: torch.dtype,
    has_clamp: bool,
    is_blocked: bool = False,
    torgb: AliasFreeRgb | None = None,
) -> TensorCoreFilteredLrelu | PlainFilteredLrelu:
    """Return the tensor-core kernel where it applies, else the plain one.

    Args:
        geometry: filters and factors.
        device: of launches.
        in_dtype: of the input.
        out_dtype: of the output.
        has_clamp: False leaves the clamp out.
        is_blocked: whether the input is in blocks of 16 channels, which the tensor-core one reads.
        torgb: whose sums are to be stored instead of the output; only where `begins_torgb`.
    """
    if runs_on_tensor_cores(geometry, device, in_dtype, out_dtype):
        return TensorCoreFilteredLrelu(
            geometry, device, has_clamp=has_clamp, blocked_input=is_blocked, torgb=torgb
        )
    assert torgb is None
    return PlainFilteredLrelu(geometry, device, in_dtype=in_dtype, out_dtype=out_dtype)


def runs_on_tensor_cores(
    geometry: FilterGeometry, device: torch.device, in_dtype: torch.dtype, out_dtype: torch.dtype
) -> bool:
    """Whether the filtered leaky ReLU is the tensor-core kernel."""
    capability = torch.cuda.get_device_capability(device) if device.type == "cuda" else (8, 0)
    return in_dtype == out_dtype and geometry.suits_tensor_cores(in_dtype, capability)


def begins_torgb(
    geometry: FilterGeometry,
    device: torch.device,
    in_dtype: torch.dtype,
    out_dtype: torch.dtype,
    colours: int,
) -> bool:
    """Whether the filtered leaky ReLU can leave ToRGB's sums: fewer bytes than what they are of."""
    is_there = runs_on_tensor_cores(geometry, device, in_dtype, out_dtype)
    return is_there and colours <= MAX_COLOURS


def step(name: str, operation: Callable[..., object], *arguments: Any) -> Step:
    """Return the step that calls `operation` with `arguments`."""
    return Step(name, lambda: operation(*arguments), spec_of(operation))


def spec_of(operation: object) -> KernelSpec | None:
    """Return the kernel that an operation launches, None if it needs none of ours."""
    if isinstance(operation, FullyConnected):
        return fully_connected_cuda.SPEC
    return getattr(operation, "spec", None)

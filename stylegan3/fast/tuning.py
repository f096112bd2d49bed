"""Measure ahead of a show which convolutions are the fastest for a network on this card."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch

from stylegan3.canvas import Canvas
from stylegan3.fast.kernels.convolution import choices
from stylegan3.fast.kernels.convolution.choices import Choice, Choices
from stylegan3.fast.kernels.convolution.convolution import (
    CUDNN,
    Convolution,
    CudnnConvolution,
    WrittenWeight,
)
from stylegan3.fast.kernels.convolution.launcher import HOPPER
from stylegan3.fast.kernels.convolution.measuring import choose
from stylegan3.fast.kernels.convolution.tiling import ConvolutionShape
from stylegan3.fast.kernels.weights.prepared_weight import PreparedWeight
from stylegan3.fast.operations import Operations, cuda_operations
from stylegan3.fast.precision import Precision, allows_float16_sums
from stylegan3.fast.synthesis import FastSynthesis
from stylegan3.generator import Generator


@dataclass(frozen=True)
class TunedLayer:
    """What was chosen for one shape of convolution."""

    shape: str  # as tables name it
    made_by: str
    time: float  # [us]
    cudnn: float  # [us], of cuDNN beside it
    was_known: bool  # it was measured before


def tune(
    generator: Generator,
    precision: Precision = "fast",
    *,
    canvas: Canvas | None = None,
    again: bool = False,
    kept: Choices | None = None,
    measure: Callable[..., Choice] = choose,
    operations: Operations | None = None,
) -> Iterator[TunedLayer]:
    """Measure the convolutions of a network, and keep what was the fastest of each.

    Choices are written after each layer, and used by what is planned from then on.

    Args:
        generator: on a CUDA device.
        precision: as it is to be played with.
        canvas: the size of pictures; None: the network's own.
        again: also measure what was measured before.
        kept: where choices are kept; None for this card's.
        measure: times one shape.
        operations: what else the network is planned with; None for the GPU's.

    Yields:
        a layer as soon as it is known; layers of one shape once.

    Raises:
        UnsupportedNetworkError: if the fast path does not support the network or the GPU.
        OSError: if the choices cannot be written.
    """
    device = next(generator.parameters()).device
    kept = choices.kept(device) if kept is None else kept
    float16_sums = allows_float16_sums(precision)
    for shape in _shapes(generator, precision, canvas, operations):
        known = None if again else kept.find(shape, float16_sums=float16_sums)
        choice = known or measure(shape, device, float16_sums=float16_sums)
        if known is None:
            kept.keep(shape, choice, float16_sums=float16_sums)
            kept.save()
        made_by = choice.tiling.made_by if choice.tiling else HOPPER if choice.is_hopper else CUDNN
        yield TunedLayer(_title(shape), made_by, choice.time, choice.cudnn, known is not None)


def _shapes(
    generator: Generator,
    precision: Precision,
    canvas: Canvas | None,
    operations: Operations | None,
) -> list[ConvolutionShape]:
    """Return the shapes of the float16 convolutions that a network's plan asks for."""
    asked: dict[ConvolutionShape, None] = {}

    def note(
        weight: PreparedWeight | WrittenWeight,
        size: int | tuple[int, int],
        padding: int,
        channels: int,
        **_: Any,
    ) -> Convolution:
        if isinstance(weight, PreparedWeight) and weight.dtype == torch.float16:
            height, width = (size, size) if isinstance(size, int) else size
            kernel = weight.kernel[0]
            shape = ConvolutionShape(height, width, weight.in_channels, channels, kernel, padding)
            asked.setdefault(shape)
        return CudnnConvolution(weight, padding)

    noting = dataclasses.replace(operations or cuda_operations(), convolution=note)
    FastSynthesis(generator, precision, operations=noting, canvas=canvas)
    return list(asked)


def _title(shape: ConvolutionShape) -> str:
    kernel, size = f"{shape.kernel} × {shape.kernel}", f"{shape.width} × {shape.height} px"
    return f"{size}, {kernel}, {shape.in_channels} to {shape.out_channels} channels"

"""Measure ahead of a show which convolutions are the fastest for a network on this card."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from stylegan3.canvas import Canvas
from stylegan3.cuda import KernelError, is_out_of_memory, let_go
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

_FRAMES = 200  # that are timed
_PAYS = 1.01  # times as fast a frame has to be
_ERROR = 5e-3  # that pictures may have, relative


@dataclass(frozen=True)
class TunedLayer:
    """What was chosen for one shape of convolution."""

    shape: str  # as tables name it
    made_by: str
    time: float  # [us]
    cudnn: float  # [us], of cuDNN beside it
    was_known: bool  # it was measured before
    note: str = ""  # why it was not measured, and plays as before; times are 0 then


@dataclass(frozen=True)
class TunedFrame:
    """Whole frames of a network, without choices and with them."""

    usual: float  # [ms]
    chosen: float  # [ms]
    error: float  # of the picture with choices against that without, relative
    is_taken: bool  # False: the choices were dropped again


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
        try:
            choice = known or measure(shape, device, float16_sums=float16_sums)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            let_go(error)
            yield TunedLayer(_title(shape), "", 0.0, 0.0, was_known=False, note="no memory for it")
            continue
        if known is None:
            kept.keep(shape, choice, float16_sums=float16_sums)
            kept.save()
        made_by = choice.tiling.made_by if choice.tiling else HOPPER if choice.is_hopper else CUDNN
        yield TunedLayer(_title(shape), made_by, choice.time, choice.cudnn, known is not None)


def prove(
    generator: Generator,
    precision: Precision = "fast",
    *,
    canvas: Canvas | None = None,
    kept: Choices | None = None,
    operations: Operations | None = None,
    usual: Operations | None = None,
    clock: Callable[[FastSynthesis], float] | None = None,
) -> TunedFrame | None:
    """Play whole frames without choices and with them, and drop those that do not pay.

    Layers are timed alone and by themselves; what a network gains by them only a frame shows.

    Args:
        generator: on a CUDA device; what it plays was tuned.
        precision: as it is to be played with.
        canvas: the size of pictures; None: the network's own.
        kept: where choices are kept; None for this card's.
        operations: what to plan with; None for the GPU's.
        usual: the same without choices.
        clock: returns the time of a frame [ms]; None for the GPU's own.

    Returns:
        what was found; None where nothing but the usual was chosen.

    Raises:
        OSError: if it cannot be written that choices were dropped.
    """
    device = next(generator.parameters()).device
    kept = choices.kept(device) if kept is None else kept
    float16_sums = allows_float16_sums(precision)
    chosen = {
        shape: choice
        for shape in _shapes(generator, precision, canvas, operations)
        if (choice := kept.find(shape, float16_sums=float16_sums)) and choice.tiling
    }
    if not chosen:
        return None
    time = clock or _frame_time
    ways = (
        usual or cuda_operations(float16_sums=float16_sums, heeds_choices=False),
        operations or cuda_operations(float16_sums=float16_sums),
    )
    (before, plain), (after, picture) = (
        _play(generator, precision, canvas, way, time) for way in ways
    )
    error = ((picture - plain).norm() / plain.norm()).item()
    is_taken = error < _ERROR and after * _PAYS < before
    if not is_taken:
        for shape, choice in chosen.items():
            kept.keep(shape, Choice(choice.cudnn, choice.cudnn), float16_sums=float16_sums)
        kept.save()
    return TunedFrame(before, after, error, is_taken)


def forget_failure(device: torch.device | None = None) -> None:
    """Let the window measure again on a card where that did not end; None: the first one."""
    with suppress(OSError):
        choices.kept(device or torch.device("cuda", 0)).mark.unlink(missing_ok=True)


def _play(
    generator: Generator,
    precision: Precision,
    canvas: Canvas | None,
    operations: Operations,
    clock: Callable[[FastSynthesis], float],
) -> tuple[float, Tensor]:
    """Return the time of a frame [ms], and the picture; endless and no numbers if none is made."""
    device = next(generator.parameters()).device
    z = torch.randn(1, generator.z_dim, generator=torch.Generator().manual_seed(0)).to(device)
    fast = FastSynthesis(generator, precision, operations=operations, canvas=canvas)
    with _own_stream(device):
        try:
            picture = fast(z=z).float().clone()
        except KernelError:
            return math.inf, torch.full((), math.nan, device=device)
        return clock(fast), picture


def _frame_time(fast: FastSynthesis) -> float:
    """Return the GPU time of a frame [ms], the best of many."""
    events = [torch.cuda.Event(enable_timing=True) for _ in range(_FRAMES + 1)]
    for event in events:
        fast.again()
        event.record()
    torch.cuda.current_stream().synchronize()
    return min(a.elapsed_time(b) for a, b in itertools.pairwise(events))


@contextmanager
def _own_stream(device: torch.device) -> Iterator[None]:
    """Compute on another stream than the default one, which cannot be captured."""
    if device.type != "cuda":
        yield
        return
    stream = torch.cuda.Stream(device)
    stream.wait_stream(torch.cuda.current_stream(device))
    with torch.cuda.stream(stream):
        yield
    stream.synchronize()


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
        # filters in the weights are left to Hopper's kernel, which was measured with them
        if not isinstance(weight, PreparedWeight) or weight.taps is not None:
            return CudnnConvolution(weight, padding)
        if weight.dtype == torch.float16:
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

"""Time the convolutions that a layer could take on this card, and choose.

What computes anything else than cuDNN does is no candidate, however fast.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from stylegan3.cuda.kernel import KernelError
from stylegan3.cuda.multiprocessors import multiprocessors
from stylegan3.fast.kernels.channels_last import padded_channels, planar
from stylegan3.fast.kernels.convolution.choices import Choice
from stylegan3.fast.kernels.convolution.convolution import CudnnConvolution, WrittenWeight
from stylegan3.fast.kernels.convolution.laid_out import LaidOutConvolution
from stylegan3.fast.kernels.convolution.launcher import HopperConvolution
from stylegan3.fast.kernels.convolution.mma_launcher import MmaConvolution, capability_of
from stylegan3.fast.kernels.convolution.mma_tiling import MmaTiling, candidates
from stylegan3.fast.kernels.convolution.tiling import ConvolutionShape
from stylegan3.fast.kernels.convolution.tuning import beats_cudnn

EXACT, SHORT_RUNS = 4e-4, 8e-4
"""Relative errors that a convolution may have, rounding its result to float16 included."""
WORTH_IT = 1.03
"""How many times as fast as cuDNN a kernel has to be to take its place: noise is below that."""
_RUNS = (1, 2)  # of 32 and 64 products: longer ones err too much in trained networks

Launch = Callable[[], object]
Clock = Callable[[Sequence[Launch]], list[float]]
"""Returns the time of each launch [us]."""


@dataclass(frozen=True)
class _Contender:
    launch: Launch
    out: Tensor
    tiling: MmaTiling | None = None
    is_hopper: bool = False


def choose(
    shape: ConvolutionShape,
    device: torch.device,
    *,
    float16_sums: bool,
    clock: Clock | None = None,
    count: int = 8,
) -> Choice:
    """Return the fastest convolution of a shape; cuDNN unless another is clearly faster.

    Args:
        shape: of the convolution.
        device: a CUDA device.
        float16_sums: whether sums may be float16 in short runs.
        clock: None for the GPU's own.
        count: tilings of each kind to try.
    """
    generator = torch.Generator(device).manual_seed(0)
    in_pitch, out_pitch = (padded_channels(n, 32) for n in (shape.in_channels, shape.columns))
    x = torch.zeros(shape.height, shape.width, in_pitch, dtype=torch.float16, device=device)
    x[..., : shape.in_channels].normal_(generator=generator)
    kernel = (shape.kernel, shape.kernel)
    storage = torch.zeros(out_pitch, *kernel, in_pitch, dtype=torch.float16, device=device)
    used = storage[: shape.out_channels, :, :, : shape.in_channels]
    used.normal_(generator=generator).mul_((shape.kernel**2 * shape.in_channels) ** -0.5)
    weight = WrittenWeight(storage, shape.in_channels, shape.out_channels)
    out = torch.empty(*shape.out_size, out_pitch, dtype=torch.float16, device=device)
    cudnn = CudnnConvolution(weight, shape.padding)
    contenders = [_Contender(lambda: cudnn(x, out), out)]
    for operation, tiling in _operations(shape, device, float16_sums, count):
        is_hopper = tiling is None
        launch, own = _launch(operation, x, weight.weight), torch.zeros_like(out)
        contenders.append(
            _Contender(lambda launch=launch, own=own: launch(own), own, tiling, is_hopper)
        )
    right = _right(contenders, x, weight.weight, shape, float16_sums)
    times = (clock or gpu_clock)([contender.launch for contender in right])
    best = min(range(len(right)), key=times.__getitem__)
    if times[0] < WORTH_IT * times[best]:
        best = 0
    return Choice(times[best], times[0], right[best].tiling, right[best].is_hopper)


def gpu_clock(launches: Sequence[Launch], rounds: int = 9, least: float = 400.0) -> list[float]:
    """Return the best time of each launch [us], from rounds in which all take turns.

    Args:
        launches: what to time.
        rounds: how often each has its turn.
        least: how long a turn is at least [us].
    """
    counts = [1] * len(launches)
    best = [float("inf")] * len(launches)
    for _ in range(rounds):
        for i, launch in enumerate(launches):
            start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            torch.cuda._sleep(200_000)  # launches queue up behind it: none waits for the host
            start.record()
            for _ in range(counts[i]):
                launch()
            end.record()
            end.synchronize()
            best[i] = min(best[i], start.elapsed_time(end) * 1000 / counts[i])
            counts[i] = max(1, min(20, round(least / best[i])))
    return best


def _operations(
    shape: ConvolutionShape, device: torch.device, float16_sums: bool, count: int
) -> list[tuple[LaidOutConvolution, MmaTiling | None]]:
    capability = capability_of(device)
    processors = multiprocessors(device).count
    runs = (0, *_RUNS) if float16_sums else (0,)
    made: list[tuple[LaidOutConvolution, MmaTiling | None]] = [
        (MmaConvolution(shape, device, tiling=tiling), tiling)
        for run in runs
        for tiling in candidates(shape, capability, processors, run=run, count=count)
    ]
    if beats_cudnn(shape, capability):
        made.append((HopperConvolution(shape, device), None))
    return made


def _launch(operation: LaidOutConvolution, x: Tensor, weight: Tensor) -> Callable[[Tensor], None]:
    prepared = operation.prepare(weight)
    return lambda out: operation(x, prepared, out)


def _right(
    contenders: list[_Contender],
    x: Tensor,
    weight: Tensor,
    shape: ConvolutionShape,
    float16_sums: bool,
) -> list[_Contender]:
    """Return those that compute the convolution; cuDNN is the first of them, and always right."""
    wide = planar(x, x.shape[2]).float()
    with torch.backends.cudnn.flags(allow_tf32=False):
        expected = torch.nn.functional.conv2d(wide, weight.float(), padding=shape.padding)[0]
    expected = expected[: shape.out_channels]
    bound = SHORT_RUNS if float16_sums else EXACT
    right = []
    for contender in contenders:
        try:
            contender.launch()
        except KernelError:  # a compiler or a card that it does not suit
            continue
        made = contender.out[..., : shape.out_channels].permute(2, 0, 1).float()
        error = (made - expected).norm() / expected.norm()
        if contender is contenders[0] or error.item() < bound:
            right.append(contender)
    return right

"""Time the convolutions that a layer could take on this card, and choose.

What computes anything else than cuDNN does is no candidate, however fast, and what is not clearly
faster than what plays without a choice does not take its place.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import conv2d

from stylegan3.cuda import nvrtc
from stylegan3.cuda.kernel import KernelError
from stylegan3.cuda.multiprocessors import multiprocessors
from stylegan3.fast.kernels.channels_last import pitch_of, planar
from stylegan3.fast.kernels.convolution.choices import Choice
from stylegan3.fast.kernels.convolution.convolution import CudnnConvolution, WrittenWeight
from stylegan3.fast.kernels.convolution.laid_out import LaidOutConvolution
from stylegan3.fast.kernels.convolution.launcher import HopperConvolution
from stylegan3.fast.kernels.convolution.mma_launcher import MmaConvolution, capability_of
from stylegan3.fast.kernels.convolution.mma_tiling import MmaTiling, candidates
from stylegan3.fast.kernels.convolution.proof import plays_right
from stylegan3.fast.kernels.convolution.tiling import ConvolutionShape
from stylegan3.fast.kernels.convolution.tuning import beats_cudnn

EXACT, SHORT_RUNS = 4e-4, 8e-4
"""Relative errors that a convolution may have, rounding its result to float16 included."""
WORTH_IT = 1.03
"""How many times as fast a kernel has to be to take another one's place: noise is below that."""
_RUNS = (1, 2)  # of 32 and 64 products: longer ones err too much in trained networks
_LAUNCHES = 3  # whose results have to be the same, bit for bit

Launch = Callable[[], object]
Clock = Callable[[Sequence[Launch]], Iterable[list[float]]]
"""Yields the best time of each launch so far [us]; the last ones count."""


@dataclass(frozen=True)
class _Contender:
    launch: Launch  # writes to the one buffer of results
    tiling: MmaTiling | None = None
    is_hopper: bool = False


@dataclass(frozen=True)
class _Layer:
    """A layer of random numbers."""

    shape: ConvolutionShape
    x: Tensor  # [H, W, I] float16
    weight: WrittenWeight
    out: Tensor  # [H', W', O] float16, that all contenders write to
    bound: float

    @classmethod
    def of(cls, shape: ConvolutionShape, device: torch.device, bound: float) -> _Layer:
        generator = torch.Generator(device).manual_seed(0)
        # as planners pad them: cuDNN has chosen for these sizes already where the layer plays
        channels = shape.in_channels, shape.columns
        in_pitch, out_pitch = (pitch_of(count, shape.width) for count in channels)
        x = torch.zeros(shape.height, shape.width, in_pitch, dtype=torch.float16, device=device)
        x[..., : shape.in_channels].normal_(generator=generator)
        kernel = (shape.kernel, shape.kernel)
        storage = torch.zeros(out_pitch, *kernel, in_pitch, dtype=torch.float16, device=device)
        used = storage[: shape.out_channels, :, :, : shape.in_channels]
        used.normal_(generator=generator).mul_((shape.kernel**2 * shape.in_channels) ** -0.5)
        weight = WrittenWeight(storage, shape.in_channels, shape.out_channels)
        out = torch.empty(*shape.out_size, out_pitch, dtype=torch.float16, device=device)
        return cls(shape, x, weight, out, bound)

    def expected(self) -> Tensor:  # [O, H', W'] float32
        """Return what is right, from float32 sums."""
        # padding channels are zeros; cuDNN: without it, torch would unfold the picture
        wide = planar(self.x, self.x.shape[2]).float()
        with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
            made = conv2d(wide, self.weight.weight.float(), padding=self.shape.padding)[0]
        return made[: self.shape.out_channels]


def choose(
    shape: ConvolutionShape,
    device: torch.device,
    *,
    float16_sums: bool,
    clock: Clock | None = None,
    count: int = 8,
) -> Choice:
    """Return the fastest convolution of a shape, at once: see `choosing`."""
    if device.type == "cuda":
        with suppress(KernelError):  # it is found again, and left out
            nvrtc.compile_all(kernels_for(shape, device, float16_sums, count), device)
    steps = choosing(shape, device, float16_sums=float16_sums, clock=clock, count=count)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def choosing(
    shape: ConvolutionShape,
    device: torch.device,
    *,
    float16_sums: bool,
    clock: Clock | None = None,
    count: int = 8,
    worth_it: float = WORTH_IT,
) -> Generator[None, None, Choice]:
    """Find the fastest convolution of a shape, in steps of a few launches each.

    What plays without a choice (cuDNN, on Hopper also our own kernel for it) stays unless another
    one is clearly faster, computes the same each time, and also does so as networks play it.
    Whoever stops in between has only to close the generator; nothing is kept then.

    Args:
        shape: of the convolution.
        device: a CUDA device.
        float16_sums: whether sums may be float16 in short runs.
        clock: None for the GPU's own.
        count: tilings of each kind to try.
        worth_it: how many times as fast another one has to be.

    Returns:
        what is to play.

    Raises:
        torch.OutOfMemoryError: if there is no room to measure.
    """
    layer = _Layer.of(shape, device, SHORT_RUNS if float16_sums else EXACT)
    expected = layer.expected()
    yield
    right: list[_Contender] = []
    for contender in _contenders(layer, device, float16_sums, count):
        if not right or _is_right(contender, layer, expected):  # the first is cuDNN
            right.append(contender)
        yield
    times = [float("inf")] * len(right)
    for times in (clock or gpu_clock)([contender.launch for contender in right]):  # noqa: B007
        yield
    # our kernel for Hopper was measured in whole frames, with what it does for the step behind it
    usual = next((i for i, contender in enumerate(right) if contender.is_hopper), 0)
    for best in sorted(range(len(right)), key=times.__getitem__):
        tiling = right[best].tiling
        if times[usual] < worth_it * times[best]:
            break
        if tiling is not None and plays_right(shape, tiling, layer.x, layer.weight.weight, expected,
                                              layer.bound):  # fmt: skip
            return Choice(times[best], times[0], tiling)
        yield
    return Choice(times[usual], times[0], is_hopper=right[usual].is_hopper)


def kernels_for(
    shape: ConvolutionShape, device: torch.device, float16_sums: bool, count: int = 8
) -> list[nvrtc.KernelSpec]:
    """Return what `choosing` has to have compiled, so that it can be done ahead, by others."""
    return [operation().spec for operation, _ in _operations(shape, device, float16_sums, count)]


def gpu_clock(
    launches: Sequence[Launch], rounds: int = 9, least: float = 400.0
) -> Iterator[list[float]]:
    """Yield the best time of each launch so far [us], after each turn of one of them.

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
            counts[i] = max(1, min(20, round(least / max(best[i], 1e-3))))
            yield best


def _operations(
    shape: ConvolutionShape, device: torch.device, float16_sums: bool, count: int
) -> Iterator[tuple[Callable[[], LaidOutConvolution], MmaTiling | None]]:
    """Yield what makes each of our own convolutions; one made at a time takes less memory."""
    capability = capability_of(device)
    processors = multiprocessors(device).count
    for run in (0, *_RUNS) if float16_sums else (0,):
        for tiling in candidates(shape, capability, processors, run=run, count=count):
            yield (lambda tiling=tiling: MmaConvolution(shape, device, tiling=tiling)), tiling
    if beats_cudnn(shape, capability):
        yield (lambda: HopperConvolution(shape, device)), None


def _contenders(
    layer: _Layer, device: torch.device, float16_sums: bool, count: int
) -> Iterator[_Contender]:
    cudnn = CudnnConvolution(layer.weight, layer.shape.padding)
    cudnn(layer.x, layer.out)
    yield _Contender(lambda: cudnn(layer.x, layer.out))
    for make, tiling in _operations(layer.shape, device, float16_sums, count):
        operation = make()
        launch = _launch(operation, operation.prepare(layer.weight.weight), layer)
        yield _Contender(launch, tiling, tiling is None)


def _launch(operation: LaidOutConvolution, prepared: Tensor, layer: _Layer) -> Launch:
    return lambda: operation(layer.x, prepared, layer.out)


def _is_right(contender: _Contender, layer: _Layer, expected: Tensor) -> bool:
    """Whether it computes the convolution, all of it, and the same each time."""
    channels = layer.shape.out_channels
    before: Tensor | None = None
    for _ in range(_LAUNCHES):
        layer.out.fill_(torch.nan)  # what is not written is seen
        try:
            contender.launch()
        except KernelError:  # a compiler or a card that it does not suit
            return False
        made = layer.out[..., :channels]
        if before is None:
            before = made.clone()
        elif not torch.equal(made, before):  # a race, or a number that is none
            return False
    assert before is not None
    error = (before.permute(2, 0, 1).float() - expected).norm() / expected.norm()
    return error.item() < layer.bound

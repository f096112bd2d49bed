"""GPU times of whole frames, z to picture, played as CUDA graphs; for `sgview bench`."""

from __future__ import annotations

import contextlib
import itertools
import statistics
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

    from sgview.engine.acceleration import Acceleration

_WARM_UP = 30  # frames, in which the GPU reaches its clocks


def frame_times(
    generator: Any,
    frames: int,
    acceleration: Acceleration,
    tick: Callable[[], Any],
) -> list[float]:  # [ms]
    """Return the GPU time of each of `frames` replays, one after the other without waiting.

    Raises:
        UnsupportedNetworkError: if the fast path does not play this network.
    """
    import torch

    from stylegan3.fast import FastSynthesis

    with _own_stream():
        fast = FastSynthesis(generator, acceleration.precision, kernels=acceleration.kernels)
        seeds = torch.Generator().manual_seed(0)
        zs = torch.randn(16, 1, generator.z_dim, generator=seeds).cuda()
        events = [torch.cuda.Event(enable_timing=True) for _ in range(frames + 1)]
        for frame in range(_WARM_UP):
            fast(z=zs[frame % len(zs)])
        events[0].record()
        for frame, event in enumerate(events[1:]):
            fast(z=zs[frame % len(zs)])
            event.record()
        torch.cuda.synchronize()
        for _ in range(frames):
            tick()
        return [a.elapsed_time(b) for a, b in itertools.pairwise(events)]


def layer_times(generator: Any, acceleration: Acceleration) -> list[tuple[str, float]]:
    """Return the name and median GPU time [us] of every step of a frame, timed alone."""
    from stylegan3.fast import FastSynthesis, time_steps

    with _own_stream():
        fast = FastSynthesis(generator, acceleration.precision, kernels=acceleration.kernels)
        plan = fast.plan()
        plan.update()
        return time_steps((*fast.mapping.steps, *plan.steps))


def picture_error(generator: Any, acceleration: Acceleration) -> tuple[float, int]:
    """Return how far the picture is from the float32 generator's.

    The relative Euclidean error, and the largest difference in levels of 8 bits where three
    standard deviations of the picture span them: medians over three latents, and the largest.
    """
    import torch

    from stylegan3.fast import FastSynthesis

    errors, differences = [], []
    with _own_stream(), torch.no_grad(), _exact_float32():
        fast = FastSynthesis(generator, acceleration.precision, kernels=acceleration.kernels)
        for seed in range(3):
            z = torch.randn(1, generator.z_dim, generator=torch.Generator().manual_seed(seed))
            picture = fast(z=z.cuda())
            ws = generator.mapping(z.cuda())
            expected = generator.synthesis(ws, force_fp32=True)
            errors.append(float((picture - expected).norm() / expected.norm()))
            scale = 127.5 / (3 * expected.std())
            levels = [(x * scale + 128).clamp(0, 255).byte().int() for x in (picture, expected)]
            differences.append(int((levels[0] - levels[1]).abs().max()))
    return statistics.median(errors), max(differences)


def driver_version() -> str:
    """Return the version of the NVIDIA driver, "" where the system does not tell."""
    with contextlib.suppress(OSError):
        words = Path("/proc/driver/nvidia/version").read_text().split()
        return next((word for word in words if word[0].isdigit() and "." in word), "")
    return ""


@contextlib.contextmanager
def _own_stream() -> Iterator[torch.cuda.Stream]:
    """Work on a stream of its own, which CUDA graphs need to be captured."""
    import torch

    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        yield stream
    stream.synchronize()


@contextlib.contextmanager
def _exact_float32() -> Iterator[None]:
    import torch

    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32 = before

"""Times of pictures on the processor, beside what their operations take at its full rate."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

_SIZE = 1024  # of the matrices whose product gives the rate


class Floor(Struct, frozen=True):
    """How near pictures come to the time of their operations, at the rate of matrix products.

    Convolutions that need fewer products than a direct sum may come below 1.
    """

    gflop: float  # of a picture by direct convolutions, two operations a product
    gflop_per_s: float  # of the best 1024^3 float32 product between the pictures
    floor_ms: float  # what the operations take at that rate
    times_floor: float  # the best picture, by the wall clock
    times_floor_cpu: float  # the same by the process' own time, which other programs touch less


def floor_of(
    generator: Any,
    frames: int,
    tick: Callable[[], Any] = lambda: None,
) -> tuple[list[float], Floor]:
    """Return the times of `frames` pictures [ms], each beside a matrix product, and the floor.

    What follows from weights is kept, and freed memory, as in the window.
    """
    import torch

    from sgview.engine.host_memory import keep_freed_memory
    from stylegan3 import trust_version_counters

    keep_freed_memory()
    gflop = _count(generator)
    trust_version_counters(generator)
    seeds = torch.Generator().manual_seed(0)
    matrices = [torch.randn(_SIZE, _SIZE, generator=seeds) for _ in range(3)]
    pictures, products = [], []
    with torch.no_grad():
        for frame in range(-2, frames):
            z = torch.randn(1, generator.z_dim, generator=seeds)
            product = _time(lambda: torch.mm(matrices[0], matrices[1], out=matrices[2]))
            picture = _time(lambda z=z: generator(z))
            if frame >= 0:
                products.append(product)
                pictures.append(picture)
                tick()
    work = 2e-9 * _SIZE**3  # [GFLOP]
    wall, cpu = (work / min(times) for times in zip(*products, strict=True))
    picture_wall, picture_cpu = map(min, zip(*pictures, strict=True))
    return [1000 * wall_time for wall_time, _ in pictures], Floor(
        gflop=round(gflop, 6),
        gflop_per_s=round(wall, 3),
        floor_ms=round(1000 * gflop / wall, 5),
        times_floor=round(picture_wall * wall / gflop, 3),
        times_floor_cpu=round(picture_cpu * cpu / gflop, 3),
    )


def _time(work: Callable[[], object]) -> tuple[float, float]:
    """Return the time [s] of `work` by the wall clock, and that of all threads of this process."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def _count(generator: Any) -> float:  # [GFLOP]
    """Count the operations of one picture's convolutions and matrix products, directly summed."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    plain = copy.deepcopy(generator).requires_grad_(False)  # keeps nothing, so sums directly
    unknown = {torch.ops.aten.mkldnn_convolution: _convolution_flop}  # to the counter
    with torch.no_grad(), FlopCounterMode(display=False, custom_mapping=unknown) as counter:
        plain(torch.zeros(1, plain.z_dim))
    return counter.get_total_flops() / 1e9


def _convolution_flop(
    _x: object, weight: Sequence[int], *_others: object, out_shape: Sequence[int], **_named: object
) -> int:
    """Return the operations of a convolution, from the shapes of its weights and its output."""
    return 2 * math.prod(out_shape) * math.prod(weight[1:])

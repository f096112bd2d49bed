"""What a launcher must know of a GPU to divide work among its multiprocessors."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import torch

from stylegan3.cuda.kernel import has_cooperative_launch


@dataclass(frozen=True)
class Multiprocessors:
    """A GPU's multiprocessors."""

    count: int
    shared_bytes: int
    """Shared memory of each [bytes]."""
    has_cooperative_launch: bool
    """Whether a launch can promise that all of its blocks run at the same time."""
    l2_bytes: int
    """Cache that they share [bytes]."""


@cache
def multiprocessors(device: torch.device) -> Multiprocessors:
    """Return those of a GPU; for the CPU, those of the emulator, a single large one."""
    if device.type != "cuda":
        return Multiprocessors(1, 228 * 1024, has_cooperative_launch=True, l2_bytes=2**20)
    p = torch.cuda.get_device_properties(device)
    return Multiprocessors(
        p.multi_processor_count,
        p.shared_memory_per_multiprocessor,
        has_cooperative_launch=has_cooperative_launch(device),
        l2_bytes=p.L2_cache_size,
    )

"""What a launcher must know of a GPU to divide work among its multiprocessors."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import torch


@dataclass(frozen=True)
class Multiprocessors:
    """A GPU's multiprocessors."""

    count: int
    shared_bytes: int
    """Shared memory of each [bytes]."""


@cache
def multiprocessors(device: torch.device) -> Multiprocessors:
    """Return those of a GPU; for the CPU, those of the emulator, a single large one."""
    if device.type != "cuda":
        return Multiprocessors(1, 228 * 1024)
    p = torch.cuda.get_device_properties(device)
    return Multiprocessors(p.multi_processor_count, p.shared_memory_per_multiprocessor)

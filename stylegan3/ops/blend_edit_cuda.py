"""CUDA launcher that blends and edits many tensors in one launch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from stylegan3.ops import nvrtc
from stylegan3.ops.launch_table import POINTER, block_table, pointer, table
from stylegan3.ops.sources import cuda_source

SPEC = nvrtc.KernelSpec("blend_edit", cuda_source("blend_edit.cu"))

_CHUNK = 4096
_LAYOUT = [("a", POINTER), ("b", POINTER), ("live", POINTER), ("count", np.int64)]


@dataclass(frozen=True)
class BlendJob:
    """One tensor: `live = max((a + amount * (b - a)) * factor + offset, floor)`."""

    a: Tensor  # pristine, contiguous float32
    b: Tensor | None  # partner of the same shape
    live: Tensor  # written in place


class BlendEdit:
    """Tensors that are written together; their amounts lie in `amounts` on the device.

    Raises:
        ValueError: if shapes or types disagree.
    """

    def __init__(self, jobs: Sequence[BlendJob], device: torch.device) -> None:
        self._jobs = tuple(jobs)  # keeps the tensors alive
        self._device = device
        for job in jobs:
            tensors = [t for t in (job.a, job.b, job.live) if t is not None]
            if any(t.dtype != torch.float32 or not t.is_contiguous() for t in tensors):
                raise ValueError("blended tensors must be contiguous float32")
            if len({t.shape for t in tensors}) != 1:
                raise ValueError(f"shapes differ: {[tuple(t.shape) for t in tensors]}")
        counts = [job.live.numel() for job in jobs]
        rows = [
            (pointer(job.a), pointer(job.b), pointer(job.live), count)
            for job, count in zip(jobs, counts, strict=True)
        ]
        self._table = table(rows, _LAYOUT, device)
        self._blocks = block_table(counts, _CHUNK, device, in_blocks=True)
        self.amounts = torch.tensor([(0.0, 1.0, 0.0, -math.inf)] * len(jobs)).to(device)
        """[jobs, 4]: amount, factor, offset, floor of each tensor; copy new values into it."""

    def __call__(self) -> None:
        """Launch. The caller tells torch that the live tensors changed (`bump_version`)."""
        nvrtc.load(SPEC, self._device)(
            len(self._blocks), 256, self._table, self.amounts, self._blocks
        )

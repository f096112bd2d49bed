"""CUDA launcher that blends and edits many tensors in one launch."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from stylegan3.cuda import nvrtc
from stylegan3.cuda.launch_table import POINTER, block_table, pointer, table
from stylegan3.cuda.sources import cuda_source

SPEC = nvrtc.KernelSpec("blend_edit", cuda_source(__file__, "blend_edit.cu"))

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
        table_of_all = block_table(counts, _CHUNK, torch.device("cpu"), in_blocks=True)
        self._blocks_of_jobs = table_of_all.split([-(-count // _CHUNK) for count in counts])
        self._blocks = table_of_all.to(device)
        self.amounts = torch.tensor([(0.0, 1.0, 0.0, -math.inf)] * len(jobs)).to(device)
        """[jobs, 4]: amount, factor, offset, floor of each tensor; copy new values into it."""

    def blocks_of(self, jobs: Sequence[int]) -> Tensor:  # [blocks, 2] int32, on the CPU
        """Return the table that makes a launch write these tensors only."""
        return torch.cat([self._blocks_of_jobs[job] for job in jobs])

    def __call__(self, blocks: Tensor | None = None) -> None:
        """Launch for all tensors, or those of `blocks_of`, whose table lies on the device.

        The caller tells torch that the live tensors changed (`increment_version`).
        """
        self.prepare(self._blocks if blocks is None else blocks)()

    def prepare(self, blocks: Tensor) -> Callable[[], None]:
        """Return the launch for the tensors of `blocks`, to be made again and again."""
        kernel = nvrtc.load(SPEC, self._device)
        return kernel.prepare(len(blocks), 256, self._table, self.amounts, blocks)

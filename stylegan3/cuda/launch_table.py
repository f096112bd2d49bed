"""Tables in device memory that let one launch serve many tensors of different sizes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

POINTER = np.uint64


def pointer(tensor: Tensor | None) -> int:
    """Return the address to store in a table; the caller keeps the tensor alive."""
    return 0 if tensor is None else tensor.data_ptr()


def check_live(**tensors: Tensor | None) -> None:
    """Raise ValueError unless these can be read where they live: contiguous float32, or None."""
    for name, tensor in tensors.items():
        if tensor is not None and (tensor.dtype != torch.float32 or not tensor.is_contiguous()):
            raise ValueError(f"{name} must be contiguous float32")


def table(
    rows: Sequence[tuple], layout: Sequence[tuple[str, type]], device: torch.device
) -> Tensor:
    """Return rows of C structures, bytes in device memory.

    Args:
        rows: one tuple of field values each.
        layout: field names and NumPy types, in the order of the kernel's `struct`.
        device: where the kernel runs.
    """
    structure = np.dtype(list(layout), align=True)  # type: ignore[call-overload]
    data = np.array(list(rows), dtype=structure)
    return torch.from_numpy(data.view(np.uint8).copy()).to(device)


def block_table(
    counts: Sequence[int], per_block: int, device: torch.device, *, in_blocks: bool = False
) -> Tensor:  # [blocks, 2] int32
    """Return which job, and which item of it, each block starts with.

    Args:
        counts: items of each job.
        per_block: items that one block takes.
        device: where the kernel runs.
        in_blocks: number items in units of `per_block`.
    """
    step = 1 if in_blocks else per_block
    rows = [
        (job, start * step)
        for job, count in enumerate(counts)
        for start in range(-(-count // per_block))
    ]
    return torch.tensor(rows, dtype=torch.int32).reshape(-1, 2).to(device)

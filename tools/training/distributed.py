"""Several GPUs: one process each, gradients averaged, everything else the same everywhere."""

from __future__ import annotations

import os
from collections.abc import Sequence

import torch
import torch.distributed as dist
from torch import Tensor


def join_group(device: torch.device) -> tuple[int, int]:
    """Join what torchrun or `pairs.py` started, if one did.

    Returns:
        rank and number of processes; 0 and 1 alone.
    """
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        return 0, 1
    if not dist.is_initialized():
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    return dist.get_rank(), count


def leave_group() -> None:
    """Leave it again; does nothing alone."""
    if dist.is_initialized():
        dist.destroy_process_group()


class Gradients:
    """All gradients of a network in one buffer, which every parameter's `grad` looks into.

    Addresses stay, so that a CUDA graph may write them, one call average them over all processes,
    and another graph use them.
    """

    def __init__(self, parameters: Sequence[Tensor]) -> None:
        self.parameters = list(parameters)
        sizes = [p.numel() for p in self.parameters]
        device = self.parameters[0].device
        self._flat = torch.zeros(sum(sizes), device=device)
        self._views = [
            part.view_as(p)
            for part, p in zip(self._flat.split(sizes), self.parameters, strict=True)
        ]

    def attach(self) -> None:
        """Make these what an optimiser sees."""
        for parameter, view in zip(self.parameters, self._views, strict=True):
            parameter.grad = view

    @torch.no_grad()
    def store(self, gradients: Sequence[Tensor]) -> None:
        """Copy in what autograd returned for `parameters`."""
        torch._foreach_copy_(self._views, list(gradients))

    def average(self) -> None:
        """Replace them by their mean over all processes; does nothing alone."""
        if dist.is_initialized():
            dist.all_reduce(self._flat)
            self._flat /= dist.get_world_size()


def agree(value: float, device: torch.device) -> float:
    """The first process's value, on all of them: so that all stop at the same step. It waits."""
    if not dist.is_initialized():
        return value
    box = torch.tensor([value], dtype=torch.float64, device=device)
    dist.broadcast(box, 0)
    return float(box)


def any_of(value: bool, device: torch.device) -> bool:
    """Whether it is true on any process. It waits."""
    if not dist.is_initialized():
        return value
    box = torch.tensor([int(value)], device=device)
    dist.all_reduce(box, dist.ReduceOp.MAX)
    return bool(box)


def same_everywhere(tensors: Sequence[Tensor]) -> None:
    """Take over the first process's tensors, in place."""
    if dist.is_initialized():
        for tensor in tensors:
            dist.broadcast(tensor, 0)

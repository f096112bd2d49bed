"""Blends and simple edits of many tensors in one launch on the GPU."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.autograd.graph import increment_version

from sgview.state.params import Edit
from stylegan3.ops.blend_edit_cuda import BlendEdit, BlendJob

_KEPT = 16  # tables of which blocks run, for the sets of tensors last written


class FusedWeights:
    """Writes `live = max((pristine + amount * (partner - pristine)) * factor + offset, floor)`.

    Nothing waits for the device: tables are made with the object, amounts are uploaded beside the
    work under way.

    Args:
        live: tensors to write, on a CUDA device.
        pristine: the same names.
        partners: some of the names; tensors to blend in.
    """

    def __init__(
        self,
        live: Mapping[str, Tensor],
        pristine: Mapping[str, Tensor],
        partners: Mapping[str, Tensor],
    ):
        jobs = {
            name: BlendJob(pristine[name], partners.get(name), tensor.detach())
            for name, tensor in live.items()
            if all(
                t.dtype == torch.float32 and t.is_contiguous()
                for t in (tensor, pristine[name], partners.get(name, tensor))
            )
        }
        self._live = live
        self._index = {name: i for i, name in enumerate(jobs)}
        self._device = next(iter(live.values())).device
        self._operation = BlendEdit(list(jobs.values()), self._device)
        self._amounts = self._operation.amounts.cpu().numpy()
        self._blocks: dict[tuple[int, ...], Tensor] = {}

    def accepts(self, name: str) -> bool:
        """Whether the tensor called `name` can be written."""
        return name in self._index

    def write(self, rows: Mapping[str, tuple[float, float, float, float]]) -> None:
        """Write tensors by their amount, factor, offset and floor."""
        if not rows:
            return
        indices = tuple(self._index[name] for name in rows)
        self._amounts[list(indices)] = list(rows.values())
        amounts = self._to_send(torch.from_numpy(self._amounts))
        self._operation.amounts.copy_(amounts, non_blocking=True)
        self._operation(self._blocks_of(indices))
        increment_version([self._live[name] for name in rows])

    def _blocks_of(self, indices: tuple[int, ...]) -> Tensor:
        if indices not in self._blocks:
            while len(self._blocks) >= _KEPT:
                self._blocks.pop(next(iter(self._blocks)))
            table = self._operation.blocks_of(indices)
            self._blocks[indices] = self._to_send(table).to(self._device, non_blocking=True)
        return self._blocks[indices]

    def _to_send(self, values: Tensor) -> Tensor:
        # a copy in pinned memory: not overwritten while it is under way
        return values.pin_memory() if self._device.type == "cuda" else values.clone()


def linear_form(edits: Sequence[Edit]) -> tuple[float, float] | None:
    """Return (factor, offset) that do what the edits do one after the other, None if none do."""
    factor, offset = 1.0, 0.0
    for edit in edits:
        if edit.channels is not None or edit.operation not in ("multiply", "add"):
            return None
        if edit.operation == "multiply":
            factor, offset = factor * edit.amount, offset * edit.amount
        else:
            offset += edit.amount
    return (factor, offset) if math.isfinite(factor) and math.isfinite(offset) else None

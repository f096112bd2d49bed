"""Blends and simple edits of many tensors in one launch on the GPU."""

from __future__ import annotations

import math
from collections.abc import Callable, KeysView, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.autograd.graph import increment_version

from sgview.engine.transfer.upload import Upload
from sgview.state.params import Edit
from stylegan3.fast import BlendEdit, BlendJob

Row = tuple[float, float, float, float]  # amount, factor, offset, floor
_KEPT = 16  # sets of tensors last written, and the launches that write them


class _Set(NamedTuple):
    """Tensors that are written together."""

    indices: np.ndarray  # [n], of their rows
    tensors: list[Tensor]
    launch: Callable[[], None]


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
        self._upload = Upload(self._operation.amounts)
        self._sets: dict[tuple[str, ...], _Set] = {}

    @property
    def names(self) -> KeysView[str]:
        """The tensors that can be written."""
        return self._index.keys()

    def write(self, rows: Mapping[str, Row]) -> None:
        """Write tensors by their amount, factor, offset and floor."""
        if not rows:
            return
        those = self._set_of(tuple(rows))
        numbers = np.fromiter(chain.from_iterable(rows.values()), np.float32, 4 * len(rows))
        self._amounts[those.indices] = numbers.reshape(-1, 4)
        self._upload.send(self._amounts)
        those.launch()
        increment_version(those.tensors)

    def _set_of(self, names: tuple[str, ...]) -> _Set:
        if names not in self._sets:
            while len(self._sets) >= _KEPT:
                self._sets.pop(next(iter(self._sets)))
            indices = [self._index[name] for name in names]
            table = self._operation.blocks_of(indices)
            if self._device.type == "cuda":
                table = table.pin_memory()  # so that the copy does not wait for the device
            blocks = table.to(self._device, non_blocking=True)
            tensors = [self._live[name] for name in names]
            launch = self._operation.prepare(blocks)
            self._sets[names] = _Set(np.array(indices), tensors, launch)
        return self._sets[names]


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

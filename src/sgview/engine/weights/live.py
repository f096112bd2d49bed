"""The live weights: a blend of two networks, edited, in the memory that the generator reads."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn

from sgview.engine.network import tensors_of
from sgview.engine.weights.blending import group_amounts
from sgview.engine.weights.fused import FusedWeights, Row, linear_form
from sgview.engine.weights.operations import Draws, apply, obstacle
from sgview.state.params import Blend, Edit
from sgview.state.status import EditStatus
from stylegan3 import group_of

MAGNITUDE_FLOOR = 1e-8  # of magnitude_ema, whose inverse square root scales a layer's input


class _Recipe(NamedTuple):
    """How a live tensor is made; equal recipes make equal tensors."""

    amount: float = 0.0  # of the blend towards B
    edits: tuple[Edit, ...] = ()


_PRISTINE = _Recipe()
_UNCHANGED = (1.0, 0.0)  # factor and offset


class LiveWeights:
    """Writes live = edits(blend(A, B)) into a generator, touching only tensors that change.

    Tensors are written in place, so their addresses stay. Without edits and blend every tensor is
    bit for bit what was loaded.
    """

    def __init__(
        self,
        generator: nn.Module,  # whose tensors are written
        pristine: Mapping[str, Tensor],  # copies of them, on the same device; never written
        *,
        fuse: bool = False,  # blend, multiply and add by one CUDA kernel for all tensors
    ):
        self._live = tensors_of(generator)
        self._pristine = pristine
        self._partners: Mapping[str, Tensor] = {}
        self._members: dict[str, list[str]] = {}  # the partners' names by their groups
        self._floors = {
            name: MAGNITUDE_FLOOR if name.endswith(".magnitude_ema") else -math.inf
            for name in self._live
        }
        self._made: dict[str, _Recipe] = {}  # of the tensors that are not pristine
        self._last: tuple[Blend, tuple[Edit, ...]] | None = None
        self._statuses: tuple[EditStatus, ...] = ()
        self._writes = 0
        self._draws = Draws()
        self._fuses = fuse
        self._fused = FusedWeights(self._live, pristine, {}) if fuse else None

    @property
    def writes(self) -> int:
        """How often tensors have been written: while it is the same, so are all tensors."""
        return self._writes

    def set_partners(
        self,
        partners: Mapping[str, Tensor],  # tensors of B by this network's names, same shapes
    ) -> None:
        """Choose what is blended in, from the next update on."""
        for name in [name for name, recipe in self._made.items() if recipe.amount]:
            self._write(name, _PRISTINE)
            self._writes += 1
        self._partners = partners
        self._members = {}
        for name in partners:
            self._members.setdefault(group_of(name), []).append(name)
        if self._fuses:
            self._fused = FusedWeights(self._live, self._pristine, partners)
        self._last = None

    def update(self, blend: Blend, edits: tuple[Edit, ...]) -> tuple[EditStatus, ...]:
        """Bring the generator to `blend` and `edits`, and return a status for each edit.

        An edit that cannot act (unknown tensor, empty channel range, amount not finite) is left
        out, and its status says why.
        """
        if self._last is None or self._last != (blend, edits):
            self._change(blend, edits)
        return self._statuses

    def _change(self, blend: Blend, edits: tuple[Edit, ...]) -> None:
        acting, self._statuses = self._sort(edits)
        wanted = self._recipes(blend, acting)
        made = self._made
        changed = {name: recipe for name, recipe in wanted.items() if made.get(name) != recipe}
        changed.update((name, _PRISTINE) for name in made if name not in wanted)
        self._writes += bool(changed)
        for name, recipe in self._write_fused(changed).items():
            self._write(name, recipe)
        self._draws.keep(acting)
        self._last = (blend, edits)

    def _sort(self, edits: tuple[Edit, ...]) -> tuple[list[Edit], tuple[EditStatus, ...]]:
        """Return the edits that act, and a status for each of all."""
        is_solo = any(edit.solo and edit.enabled for edit in edits)
        acting: list[Edit] = []
        statuses: list[EditStatus] = []
        for edit in edits:
            if edit.tensor in self._pristine:
                error = obstacle(edit, self._pristine[edit.tensor])
            else:
                error = f"This network has no tensor {edit.tensor}."
            statuses.append(EditStatus(amount=edit.amount, error=error))
            if edit.enabled and not error and (edit.solo or not is_solo):
                acting.append(edit)
        return acting, tuple(statuses)

    def _recipes(self, blend: Blend, acting: list[Edit]) -> dict[str, _Recipe]:
        amounts = group_amounts(blend)
        wanted: dict[str, _Recipe] = {}
        for group, amount in amounts.items():
            wanted.update(dict.fromkeys(self._members.get(group, ()), _Recipe(amount)))
        for edit in acting:
            recipe = wanted.get(edit.tensor, _PRISTINE)
            wanted[edit.tensor] = _Recipe(recipe.amount, (*recipe.edits, edit))
        return wanted

    def _write_fused(self, recipes: Mapping[str, _Recipe]) -> Mapping[str, _Recipe]:
        """Write what one kernel can, and return the rest."""
        fused = self._fused
        if fused is None or not recipes:
            return recipes
        rows: dict[str, Row] = {}
        rest: dict[str, _Recipe] = {}
        names, floors = fused.names, self._floors  # of every tensor, every frame
        for name, recipe in recipes.items():
            amount, edits = recipe
            form = linear_form(edits) if edits else _UNCHANGED
            if form is None or name not in names:
                rest[name] = recipe
            else:
                floor = -math.inf if recipe is _PRISTINE else floors[name]
                rows[name] = (amount, *form, floor)
        fused.write(rows)
        for name in rows:
            self._note(name, recipes[name])
        return rest

    def _note(self, name: str, recipe: _Recipe) -> None:
        if recipe is _PRISTINE:
            self._made.pop(name, None)
        else:
            self._made[name] = recipe

    @torch.no_grad()
    def _write(self, name: str, recipe: _Recipe) -> None:
        tensor = self._pristine[name]
        if recipe.amount:
            tensor = tensor * (1.0 - recipe.amount) + self._partners[name] * recipe.amount
        for edit in recipe.edits:
            tensor = apply(edit, tensor, self._draws)
        if recipe is not _PRISTINE and self._floors[name] > -math.inf:
            tensor = tensor.clamp_min(self._floors[name])
        self._live[name].copy_(tensor)
        self._note(name, recipe)

"""Which tensors of two networks can be mixed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from sgview.engine.network import Network
from sgview.state.params import Blend
from sgview.state.status import BlendGroup
from stylegan3 import group_of, place_of


@dataclass(frozen=True, eq=False)
class Pairing:
    """The partner tensors that network B has for network A, and what the user is told of them."""

    partners: dict[str, Tensor] = field(default_factory=dict)  # by A's names, equal ones left out
    groups: tuple[BlendGroup, ...] = ()


def pair(
    a: Network,
    b: Network,
    tensors_a: Mapping[str, Tensor],
    tensors_b: Mapping[str, Tensor],
) -> Pairing:
    """Find a partner in B for every tensor of A.

    Layers are paired by index in StyleGAN3, whose names hold sizes, and by resolution and place in
    StyleGAN2. Tensors without a partner of the same shape keep A's values; a group that has none to
    blend at all is not blendable. Networks of different families share nothing.
    """
    group_names = list(dict.fromkeys(["mapping", *map(group_of, tensors_a)]))
    family_a, family_b = (network.status.family.partition("-")[0] for network in (a, b))
    if family_a != family_b:
        reason = f"A is {a.status.family} and B is {b.status.family}"
        return Pairing({}, tuple(BlendGroup(name, False, reason) for name in group_names))

    by_place = {place_of(name): tensor for name, tensor in tensors_b.items()}
    groups_of_b = {group_of(name) for name in tensors_b}
    partners: dict[str, Tensor] = {}
    paired = dict.fromkeys(group_names, 0)
    left_out: dict[str, list[str]] = {name: [] for name in group_names}
    for name, tensor in tensors_a.items():
        group = group_of(name)
        partner = by_place.get(place_of(name))
        if partner is None:
            if group in groups_of_b:
                left_out[group].append(f"B has no {_short(name)}")
        elif partner.shape != tensor.shape:
            sizes = f"{_size(tensor)} in A, {_size(partner)} in B"
            left_out[group].append(f"{_short(name)} is {sizes}")
        else:
            paired[group] += 1
            if not torch.equal(tensor, partner):
                partners[name] = partner

    def describe(group: str) -> BlendGroup:
        if group not in groups_of_b:
            return BlendGroup(group, False, "B has no such layer")
        reason = "; ".join(left_out[group])
        return BlendGroup(group, paired[group] > 0, f"stays A: {reason}" if reason else "")

    return Pairing(partners, tuple(describe(group) for group in group_names))


def group_amounts(blend: Blend) -> dict[str, float]:
    """Return the amount of B in each group that has some: master times amount, unclamped.

    Amounts that are not finite count as none, and so do all where one network plays alone.
    """
    if blend.source != "mix":
        return {}
    amounts = {name: blend.master * amount for name, amount in blend.amounts.items()}
    return {name: amount for name, amount in amounts.items() if amount and math.isfinite(amount)}


def _short(tensor: str) -> str:
    return tensor.removeprefix("synthesis.").partition(".")[2] or tensor


def _size(tensor: Tensor) -> str:
    return " × ".join(map(str, tensor.shape)) or "a number"

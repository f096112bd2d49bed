"""Which planner makes the launches of which family."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from stylegan3.fast.alias_free.planner import AliasFreePlanner
from stylegan3.fast.plan import Plan
from stylegan3.fast.stylegan2.planner import StyleGAN2Planner


class Planner(Protocol):
    """Makes plans for one network; its weights and buffers serve all of them."""

    def plan(self, layer: str | None = None, noise_mode: str = "const") -> Plan:
        """Return the plan of the picture, or of the output of one of `layer_names`."""
        ...


PLANNERS: Mapping[str, Callable[..., Planner]] = {
    "stylegan2": StyleGAN2Planner,
    "stylegan3": AliasFreePlanner,
    "stylegan-xl": AliasFreePlanner,
}
"""Planners by the family's name, called with (synthesis, operations, precision, ws, canvas);
ValueError says what they do not support. A family that stands in `families.FAMILIES` alone is
played by the plain operations."""

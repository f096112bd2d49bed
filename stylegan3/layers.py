"""How synthesis layers are named, and how a wrong name is reported."""

from __future__ import annotations

import difflib
from dataclasses import dataclass


@dataclass(frozen=True)
class LayerSpec:
    """One layer of a synthesis network that can be shown."""

    name: str  # "L6_36_16", "b16.conv0", "input"
    group: str  # what a blend treats as one: "input", "L6", "b16"
    size: int  # width and height of its output [px]
    channels: int


def check_layer(name: str, layers: tuple[LayerSpec, ...]) -> None:
    """Raise ValueError, with the nearest names, where no layer is called `name`."""
    names = [layer.name for layer in layers]
    if name not in names:
        near = difflib.get_close_matches(name, names, n=3, cutoff=0.3) or names[-3:]
        raise ValueError(f"no layer is called {name!r}; try {', '.join(near)}")


def check_ws(shape: tuple[int, ...], num_ws: int, w_dim: int) -> None:
    """Raise ValueError where `ws` is not [N, num_ws, w_dim]."""
    if len(shape) != 3 or shape[1:] != (num_ws, w_dim):
        raise ValueError(f"ws must have shape [N, {num_ws}, {w_dim}], not {list(shape)}")

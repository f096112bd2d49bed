"""Places as rows of w: what a path, a glide or a file needs that leads through w.

Places are mapped once and kept on the device; a frame is a sum of a few of them, at most four
kernels on [num_ws, w_dim], without waiting for the device.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from sgview.engine.latents.latents import LatentSource
from sgview.state.latent_places import Between, FilePlace, Place, Sum, Whereabouts
from sgview.state.params import Mapping

_MOST = 128  # places that are kept

Map = Callable[[Tensor], Tensor]
"""z [1, z_dim] on the CPU -> ws [1, num_ws, w_dim] on the device, truncated."""
Truncate = Callable[[Tensor], Tensor]
"""ws [num_ws, w_dim] on the CPU -> the same on the device, truncated."""


class WPlaces:
    """Rows of w by place, as they are with the weights and the truncation of now."""

    def __init__(self, z_dim: int, w_dim: int, num_ws: int) -> None:
        self._z_dim, self._w_dim, self._num_ws = z_dim, w_dim, num_ws
        self._key: tuple[object, ...] = ()  # of what is kept
        self._kept: dict[Place, Tensor] = {}

    def rows(
        self,
        where: Whereabouts,
        source: LatentSource,
        key: tuple[Mapping, int],  # truncation and labels, and the count of writes to weights
        map_z: Map,
        truncate: Truncate,
        out: Tensor | None = None,  # [num_ws, w_dim] on the device; written
    ) -> Tensor:  # [num_ws, w_dim] on the device; `out`, or one that must not be written
        """Return the rows at `where`."""
        if key != self._key:
            self._key, self._kept = key, {}
        self._source, self._map, self._truncate = source, map_z, truncate
        return self._at(where, out)

    def _at(self, where: Whereabouts, out: Tensor | None) -> Tensor:
        if isinstance(where, Between):
            return torch.lerp(*self._ends(where), where.amount, **_into(out))
        if isinstance(where, Sum):
            (first, weight), *others = where.parts
            total = torch.mul(self._place(first), weight, **_into(out))
            for place, weight in others:
                total.add_(self._place(place), alpha=weight)
            return total
        rows = self._place(where)
        return rows if out is None else out.copy_(rows)

    def _ends(self, where: Between) -> tuple[Tensor, Tensor]:
        return self._at(where.a, None), self._at(where.b, None)

    def _place(self, place: Place) -> Tensor:
        kept = self._kept.get(place)
        if kept is None:
            while len(self._kept) >= _MOST:
                self._kept.pop(next(iter(self._kept)))
            kept = self._kept[place] = self._make(place)
        return kept

    def _make(self, place: Place) -> Tensor:
        if isinstance(place, FilePlace) and self._source.library.kind(place) == "w":
            held = self._source.library.entry(place, self._w_dim, self._num_ws)
            if held is not None:
                return self._truncate(held)
        return self._map(self._source.place(place, self._z_dim).unsqueeze(0))[0]


def _into(out: Tensor | None) -> dict[str, Tensor]:
    return {} if out is None else {"out": out}

"""What shapes w between the mapping network and the synthesis.

In this order: truncation towards a centre other than the mean, style mixing, the random walk,
directions. All is a few torch calls on [num_ws, w_dim], in memory that stays; what is off costs
nothing, and nothing waits for the device.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from sgview.engine.latents.analyses import Analyses, Want
from sgview.engine.latents.direction_files import VectorFiles
from sgview.engine.latents.library import Library
from sgview.engine.latents.walk import WalkRows
from sgview.engine.network import Network
from sgview.state.directions import read_direction
from sgview.state.latent_places import FilePlace
from sgview.state.motion import Motion
from sgview.state.other_sources import is_mixing
from sgview.state.params import Mapping, Params

Upload = Callable[[Tensor], Tensor]
"""From the CPU to the device, without waiting."""


def acting(params: Params) -> dict[str, float]:
    """Return the directions that move w, and how far."""
    directions = params.directions
    if not directions.amounts or directions.strength == 0.0:
        return {}
    return {name: value for name, value in directions.amounts.items() if value != 0.0}


def has_centre(params: Params) -> bool:
    """Return whether truncation pulls towards another centre than the mean."""
    mapping = params.mapping
    return (
        mapping.centre != "mean" and mapping.truncation_psi != 1.0 and params.latents.space == "z"
    )


def is_moved(params: Params) -> bool:
    """Return whether the walk or a direction moves w."""
    return params.walk.reach != 0.0 or bool(acting(params))


def is_shaped(params: Params) -> bool:
    """Return whether anything here has an effect."""
    return is_mixing(params) or has_centre(params) or is_moved(params)


class Shaping:
    """Shapes the w of one network.

    Args:
        network: as it was loaded.
        analyses: finds directions and modes.
        files: of directions.
        averages: files of modes.
        library: latents that are centres.
        upload: from the CPU to the device.
    """

    def __init__(
        self,
        network: Network,
        analyses: Analyses,
        files: VectorFiles,
        averages: VectorFiles,
        library: Library,
        upload: Upload,
    ) -> None:
        self._network, self._analyses = network, analyses
        self._files, self._averages, self._library = files, averages, library
        self._upload = upload
        self._walk = WalkRows()
        generator: Any = network.generator
        self._num_ws, self._w_dim, self._z_dim = generator.num_ws, generator.w_dim, generator.z_dim
        self._kept: dict[str, tuple[object, Tensor]] = {}  # on the device, by what they are
        self._basis: dict[str, Tensor] = {}  # [num_ws * w_dim] by direction
        self._basis_count = -1

    def truncate(
        self,
        ws: Tensor,  # [num_ws, w_dim], not truncated; written
        mapping: Mapping,
        average: Tensor,  # [w_dim]
    ) -> None:
        """Pull rows towards the centre; towards the mean until the centre is known."""
        psi = self._row_psi(mapping)
        if mapping.centre == "latent":
            centre = self._centre(mapping.centre_entry)
        else:
            centre = self._mode(ws, mapping)
        if centre is None:
            centre = average.reshape(1, -1).expand_as(ws)
        torch.lerp(centre, ws, psi, out=ws)

    def mix(
        self,
        ws: Tensor,  # [num_ws, w_dim]; written
        second: Tensor,  # [num_ws, w_dim]
        params: Params,
    ) -> None:
        """Let each row be `amount * rows[i]` of the way to the second source."""
        mixing = params.mixing
        rows = mixing.rows[: self._num_ws]
        column = [mixing.amount * row for row in rows] + [0.0] * (self._num_ws - len(rows))
        torch.lerp(ws, second, self._column("mixing", tuple(column)), out=ws)

    def walk(
        self,
        ws: Tensor,  # [num_ws, w_dim]; written
        params: Params,
        motion: Motion,
        key: tuple[object, ...],  # of what z is mapped by
        deviations: Callable[[Tensor], Tensor],  # z [n, z_dim] -> [n, w_dim], w - mean
    ) -> None:
        """Let all rows stray together."""
        ws.add_(self._walk.offset(params.walk, motion, key, deviations, self._z_dim, self._upload))

    def move(
        self,
        ws: Tensor,  # [num_ws, w_dim], contiguous; written
        params: Params,
    ) -> None:
        """Add `strength * amount * vector` of each direction on its rows."""
        amounts = acting(params)
        vectors = self._vectors(tuple(amounts))
        if vectors is None:
            return
        names, basis = vectors
        strength = params.directions.strength
        row = self._row("directions", tuple(strength * amounts[name] for name in names))
        ws.view(1, -1).addmm_(row, basis)

    def _vectors(self, names: tuple[str, ...]) -> tuple[tuple[str, ...], Tensor] | None:
        """Return which of them are known, and their vectors [n, num_ws * w_dim]."""
        if self._basis_count != self._files.count:
            self._basis, self._basis_count = {}, self._files.count
        for name in names:
            if name not in self._basis:
                vector = self.find(name)
                if vector is not None:
                    self._basis[name] = self._upload(vector.reshape(-1))
        known = tuple(name for name in names if name in self._basis)
        if not known:
            return None
        key, basis = self._kept.get("basis", ((), None))
        if basis is None or key != (known, self._basis_count):
            for name in [name for name in self._basis if name not in known][_SPARE:]:
                del self._basis[name]
            basis = torch.stack([self._basis[name] for name in known])
            self._kept["basis"] = ((known, self._basis_count), basis)
        return known, basis

    def find(self, name: str) -> Tensor | None:  # [num_ws, w_dim] on the CPU
        """Return a vector on its rows; None while it is not known."""
        try:
            direction = read_direction(name)
        except ValueError as error:
            self._files.tell(str(error))
            return None
        if direction.method == "file":
            vector = self._files.direction(direction.file, self._num_ws, self._w_dim)
        else:
            rows = direction.rows if direction.method == "sefa" else None
            found = self._analyses.directions(self._network, Want(direction.method, rows))
            if found is None:
                return None
            zeros = torch.zeros(self._w_dim)
            line = found[direction.number] if direction.number < len(found) else zeros
            vector = line.expand(self._num_ws, -1)
        if vector is None or direction.rows is None:
            return vector
        first, last = direction.rows
        place = torch.arange(self._num_ws)[:, None]
        return torch.where((place >= first) & (place <= last), vector, 0.0)

    def _centre(self, name: str) -> Tensor | None:  # [num_ws, w_dim]
        """Return a latent of the library as a centre."""
        key, centre = self._kept.get("centre", ((), None))
        if key == (name, self._library.count) and centre is not None:
            return centre
        place = FilePlace(name.strip())
        if not place.name or self._library.kind(place) != "w":
            return None
        held = self._library.entry(place, self._w_dim, self._num_ws)
        if held is None:
            return None
        centre = self._upload(held)
        self._kept["centre"] = ((name, self._library.count), centre)
        return centre

    def _mode(self, ws: Tensor, mapping: Mapping) -> Tensor | None:  # [num_ws, w_dim]
        """Return the averages nearest to each row, softly.

        How much each of them counts falls with the squared distance, as in a mixture of normal
        distributions: a step from one to the other becomes a slope.
        """
        modes = self._modes(mapping)
        if modes is None:
            return None
        averages, lengths, spread = modes
        # |w - c|^2 is |w|^2, the same for all c, - 2 w c + |c|^2
        nearness = torch.addmm(lengths, ws, averages.T, beta=-1.0, alpha=2.0)
        if mapping.softness == 0.0:
            return averages[nearness.argmax(1)]
        return (nearness / (2.0 * _SOFT * mapping.softness * spread)).softmax(1) @ averages

    def _modes(self, mapping: Mapping) -> tuple[Tensor, Tensor, float] | None:
        """Return the averages [K, w_dim], their squared lengths [1, K], and how far w lie about."""
        key = (mapping.centroids, mapping.modes, self._averages.count)
        known, averages = self._kept.get("modes", ((), None))
        if averages is None or known != key:
            if mapping.centroids.strip():
                held = self._averages.averages(mapping.centroids.strip(), self._w_dim)
                found = None if held is None else (held, float(held.var(0).sum()) or 1.0)
            else:
                found = self._analyses.modes(self._network, mapping.modes)
            if found is None:
                return None
            held, self._spread = found
            averages = self._upload(held.contiguous())
            self._kept["modes"] = (key, averages)
            self._kept["lengths"] = (key, averages.square().sum(1)[None])
        return averages, self._kept["lengths"][1], self._spread

    def _row_psi(self, mapping: Mapping) -> Tensor:  # [num_ws, 1]
        cutoff = self._num_ws if mapping.truncation_cutoff is None else mapping.truncation_cutoff
        psi = [mapping.truncation_psi if row < cutoff else 1.0 for row in range(self._num_ws)]
        return self._column("psi", tuple(psi))

    def _column(self, name: str, values: tuple[float, ...]) -> Tensor:  # [num_ws, 1]
        return self._row(name, values).view(-1, 1)

    def _row(self, name: str, values: tuple[float, ...]) -> Tensor:  # [1, n]
        """Return numbers on the device, copied only where they have changed."""
        key, kept = self._kept.get(name, ((), None))
        if kept is None or key != values:
            kept = self._upload(torch.tensor([values], dtype=torch.float32))
            self._kept[name] = (values, kept)
        return kept


_SPARE = 64  # vectors kept of directions that do not act now
_SOFT = 0.1  # share of the mean squared distance that softness 1 blurs over

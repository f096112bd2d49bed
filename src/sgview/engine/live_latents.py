"""The latent of one frame, for the network that plays: from its source, through what shapes it."""

from __future__ import annotations

from functools import partial
from operator import attrgetter
from typing import Any

import torch
from msgspec.structs import replace
from torch import Tensor

from sgview.engine.latents.found import Found
from sgview.engine.latents.latents import LatentSource, class_label
from sgview.engine.latents.library import Library
from sgview.engine.latents.other_rows import OtherRows
from sgview.engine.latents.shaping import Shaping, acting, has_centre, is_moved, is_shaped
from sgview.engine.latents.w_places import WPlaces
from sgview.engine.network import Network
from sgview.engine.regions.several import Several, SeveralLatents
from sgview.engine.weights.live import LiveWeights
from sgview.state.latent_paths import whereabouts
from sgview.state.latent_places import Whereabouts
from sgview.state.motion import Motion
from sgview.state.other_sources import MIXING, Other, is_mixing, other_motion
from sgview.state.params import Params, Region
from stylegan3 import Canvas
from stylegan3.fast import FastSynthesis

_version = attrgetter("_version")


def untruncated(params: Params) -> Params:
    """Return `params` with every w left where it is."""
    return replace(params, mapping=replace(params.mapping, truncation_psi=1.0))


class LiveLatents:
    """Makes z, or the rows of w, for one network; where a fast path plays it, in its own memory.

    Args:
        network: as it was loaded.
        generator: its copy on the device, which maps.
        device: to play on.
        weights: of that copy.
        found: what shapes w; None: nothing is looked for in files.

    Attributes:
        fast: the fast path that plays now, None where modules do; whoever plays it sets it.
    """

    def __init__(
        self,
        network: Network,
        generator: Any,
        device: torch.device,
        weights: LiveWeights,
        found: Found | None,
    ) -> None:
        self._network, self._generator, self._device = network, generator, device
        self._weights = weights
        self.fast: FastSynthesis | None = None
        self._upload = partial(upload, device=device)  # holds no reference to this
        self._last_label: tuple[tuple[float, ...], Tensor | None] | None = None
        self._w_places = WPlaces(generator.z_dim, generator.w_dim, generator.num_ws)
        self._found = found or Found.of(Library())
        self._shaping: Shaping | None = None
        self._others: dict[str, OtherRows] = {}
        self._several: SeveralLatents | None = None
        self._mapping_tensors = tuple(generator.mapping.state_dict(keep_vars=True).values())

    def vector(
        self,
        source: LatentSource,
        params: Params,
        motion: Motion,
    ) -> Tensor:  # [1, z_dim], or [1, num_ws, w_dim]: `ws`, without the mapping
        """Return the vector of one frame, or the rows that are used as `ws`.

        Where it can be, it is made in the fast path's own memory; the next frame overwrites it.
        """
        if not is_shaped(params):
            return self._unshaped(source, params, motion)
        return self._shaped(source, params, motion).unsqueeze(0)

    def several(
        self,
        source: LatentSource,
        params: Params,
        motion: Motion,
        first: Tensor,  # [1, z_dim] or [1, num_ws, w_dim]: what `vector` returned, or another one
        canvas: Canvas | None,
    ) -> Several:
        """Return all latents of the picture.

        Style mixing is of the first latent alone; truncation, the walk and directions shape all.
        """
        if self._several is None:
            own = self._network.status.dimensions
            self._several = SeveralLatents(own, self._device, self._upload, self._found.masks)
        ws = self.map(first, params) if first.ndim == 2 else first

        def further(name: str, region: Region) -> Tensor:
            rows = self._other_rows(f"regions.{name}", region, source, params, motion)
            return self._moved(rows.clone(), params, motion) if is_moved(params) else rows

        return self._several.gather(ws[0], further, params, motion, canvas)

    @property
    def shaping(self) -> Shaping:
        """What shapes w, made when it is first needed."""
        if self._shaping is None:
            found = self._found
            self._shaping = Shaping(
                self._network,
                found.analyses,
                found.directions,
                found.averages,
                found.library,
                self._upload,
            )
        return self._shaping

    def _shaped(self, source: LatentSource, params: Params, motion: Motion) -> Tensor:
        """Return the rows of one frame, [num_ws, w_dim], with all that shapes them."""
        shaping = self.shaping
        second = None
        if is_mixing(params):
            second = self._other_rows(MIXING, params.mixing, source, params, motion)
        ws = self._rows(source, params, motion, shaping)
        if second is not None:
            shaping.mix(ws, second, params)
        return self._moved(ws, params, motion)

    def _moved(self, ws: Tensor, params: Params, motion: Motion) -> Tensor:
        """Let the walk and directions move rows [num_ws, w_dim], and return them."""
        shaping = self.shaping
        if params.walk.reach != 0.0:
            key = (params.mapping.class_weights, *map(_version, self._mapping_tensors))
            shaping.walk(ws, params, motion, key, lambda z: self._deviations(z, params))
        if acting(params):
            shaping.move(ws, params)
        return ws

    def _other_rows(
        self,
        name: str,
        values: Other,
        source: LatentSource,
        params: Params,
        motion: Motion,
    ) -> Tensor:
        """Return the rows of a source beside the first; a place that stays is mapped once."""
        other = self._others.setdefault(name, OtherRows())
        params, motion = other.params.of(params, values), other_motion(motion, name)
        where = whereabouts(params, motion)
        files = (self._found.library.count, self._found.averages.count)
        key = (where, params.mapping, params.latents.space, self._weights.writes, *files)
        if where is None or has_centre(params):
            key = ()
        kept = other.find(key)
        if kept is not None:
            return kept
        return other.keep(key, self._rows(source.other(name), params, motion, self.shaping))

    def _rows(
        self, source: LatentSource, params: Params, motion: Motion, shaping: Shaping
    ) -> Tensor:
        """Return the rows of a source, truncated, to be written to; the next call overwrites."""
        is_centred = has_centre(params)
        plain = untruncated(params) if is_centred else params
        latent, fast = self._unshaped(source, plain, motion), self.fast
        mapping = plain.mapping
        if latent.ndim == 3 and fast is None:
            ws = latent[0].clone(memory_format=torch.contiguous_format)
        elif latent.ndim == 3:
            assert fast is not None
            ws = fast.ws[0]
            if latent.data_ptr() != ws.data_ptr():
                ws.copy_(latent[0], non_blocking=True)
        elif fast is not None:
            label = self.label(mapping.class_weights)
            psi, cutoff = mapping.truncation_psi, mapping.truncation_cutoff
            ws = fast.map(latent, label, psi, cutoff)[0]
        else:
            ws = self.map(latent, plain)[0]
        if is_centred:
            average = self._generator.mapping.average(self.label(mapping.class_weights))
            shaping.truncate(ws, params.mapping, average)
        return ws

    def _deviations(self, z: Tensor, params: Params) -> Tensor:  # [n, z_dim] -> [n, w_dim]
        """Map z, and return how far from the average they come to lie."""
        average = self._generator.mapping.average(self.label(params.mapping.class_weights))
        return self.map(self._upload(z), untruncated(params))[:, 0] - average.reshape(1, -1)

    def _unshaped(self, source: LatentSource, params: Params, motion: Motion) -> Tensor:
        """Return the vector of one frame, or the rows of w, as the source has it."""
        network, fast = self._generator, self.fast
        if params.latents.space == "w":
            # Rows differ only where the noise is asked to.
            out = fast.ws[0] if fast else None
            vector = source.vector(params, motion, network.w_dim, rows=network.num_ws, out=out)
            return self._upload(vector).unsqueeze(0)
        where = whereabouts(params, motion)
        if where is not None and source.leads_through_w(where):
            out = fast.ws[0] if fast else None
            return self._rows_at(where, source, params, out).unsqueeze(0)
        vector = source.vector(params, motion, network.z_dim, out=fast.z if fast else None)
        return self._upload(vector)

    def _rows_at(
        self, where: Whereabouts, source: LatentSource, params: Params, out: Tensor | None
    ) -> Tensor:
        mapping = params.mapping

        def truncate(rows: Tensor) -> Tensor:
            rows = self._upload(rows)
            if mapping.truncation_psi == 1.0:
                return rows
            centre = self._generator.mapping.average(self.label(mapping.class_weights))
            truncated = torch.lerp(centre.reshape(1, -1), rows, mapping.truncation_psi)
            cutoff = mapping.truncation_cutoff
            return truncated if cutoff is None else torch.cat([truncated[:cutoff], rows[cutoff:]])

        key = (mapping, self._weights.writes)
        return self._w_places.rows(
            where, source, key, lambda z: self.map(self._upload(z), params), truncate, out
        )

    def map(self, z: Tensor, params: Params) -> Tensor:  # [N, z_dim] -> [N, num_ws, w_dim]
        """Map `z` by the generator's own modules."""
        label = self.label(params.mapping.class_weights)
        if label is not None:
            label = label.expand(z.shape[0], -1)
        return self._generator.mapping(
            z,
            label,
            truncation_psi=params.mapping.truncation_psi,
            truncation_cutoff=params.mapping.truncation_cutoff,
        )

    def label(self, weights: tuple[float, ...]) -> Tensor | None:  # [1, c_dim]
        """Return the label of weighted classes, None for a network without classes."""
        if self._last_label is None or self._last_label[0] != weights:
            label = class_label(weights, self._generator.c_dim)
            self._last_label = (weights, None if label is None else self._upload(label))
        return self._last_label[1]


def upload(values: Tensor, device: torch.device) -> Tensor:
    """Return `values` on the device; from pinned memory, so that the copy does not wait."""
    if device.type == "cuda" and not values.is_cuda:
        return values.contiguous().pin_memory().to(device, non_blocking=True)
    return values.to(device)

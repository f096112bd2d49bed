"""A network on the device as it plays: from a latent to a picture, whichever path makes it."""

from __future__ import annotations

import copy
from operator import attrgetter
from typing import Any

import torch
from msgspec.structs import replace
from torch import Tensor

from sgview.engine.acceleration import DEFAULT, Acceleration
from sgview.engine.canvas import CanvasOfNetwork
from sgview.engine.ground.ground import LiveGround
from sgview.engine.latents.found import Found
from sgview.engine.latents.latents import LatentSource, class_label
from sgview.engine.latents.library import Library
from sgview.engine.latents.other_rows import OtherRows
from sgview.engine.latents.shaping import Shaping, acting, has_centre, is_moved, is_shaped
from sgview.engine.latents.w_places import WPlaces
from sgview.engine.meters.timers import StageTimers
from sgview.engine.network import Network, tensors_of
from sgview.engine.regions.several import OBSTACLE, Several, SeveralLatents
from sgview.engine.weights.live import LiveWeights
from sgview.state.latent_paths import whereabouts
from sgview.state.latent_places import Whereabouts
from sgview.state.machine import Stage
from sgview.state.motion import Motion
from sgview.state.other_sources import MIXING, Other, is_mixing, other_motion
from sgview.state.params import Params, Region
from sgview.state.region_params import regions_on
from sgview.state.status import Notice
from stylegan3 import Canvas, trust_version_counters
from stylegan3.fast import FastSynthesis, Step, UnsupportedNetworkError

_STILL = 10  # pictures on the same canvas after which launches are prepared for it

_version = attrgetter("_version")


def untruncated(params: Params) -> Params:
    """Return `params` with every w left where it is."""
    return replace(params, mapping=replace(params.mapping, truncation_psi=1.0))


class LiveNetwork:
    """A copy of a network's generator to write to, and pristine tensors to write from.

    A picture comes from one CUDA graph where `FastSynthesis` plays the network, else from the
    generator's own modules. Which it is shows in `made_by` and in the names of stages alone; where
    the graph has to be given up, a notice says so, and the modules play on.

    Args:
        network: stays as it is.
        device: to play on.
        acceleration: how to compute on an NVIDIA GPU.
        timers: time the stages of `run`; None: not timed.
        found: what shapes w; None: nothing is looked for in files.
    """

    def __init__(
        self,
        network: Network,
        device: torch.device,
        acceleration: Acceleration = DEFAULT,
        timers: StageTimers | None = None,
        found: Found | None = None,
    ):
        self.network = network
        self.device = device
        self._acceleration = acceleration
        self._canvas = CanvasOfNetwork(network.status, device)
        self._played_on: Canvas | None = None  # of the last picture; None: the network's own size
        self._still = 0  # pictures since it changed
        self._canvas_obstacle = ""  # why modules play there; "": no reason known
        self._timers = timers or StageTimers(device)
        self._notices: list[Notice] = []
        self._fast: FastSynthesis | None = None
        self._last_call: tuple[object, ...] = ()  # arguments of the last call of the fast path
        self._last_label: tuple[tuple[float, ...], Tensor | None] | None = None
        self._obstacle = acceleration.obstacle(device)  # why modules play; "": no reason known
        self.generator: Any = copy.deepcopy(network.generator).to(device)
        trust_version_counters(self.generator)  # `LiveWeights` alone writes them, and torch counts
        source = tensors_of(network.generator)
        self.pristine = {name: tensor.detach().to(device) for name, tensor in source.items()}
        fuse = acceleration.has_kernels(device)
        made = self.generator
        self._w_places = WPlaces(made.z_dim, made.w_dim, made.num_ws)
        self._found = found or Found.of(Library())
        self._shaping: Shaping | None = None
        self._others: dict[str, OtherRows] = {}
        self._several: SeveralLatents | None = None
        self._has_several = False  # in the last picture
        self._mapping_tensors = tuple(made.mapping.state_dict(keep_vars=True).values())
        self.weights = LiveWeights(self.generator, self.pristine, fuse=fuse)
        self.ground = LiveGround(self.generator, tensors_of(self.generator), source)

    def run(
        self,
        latent: Tensor,  # [N, z_dim], or [N, num_ws, w_dim]: ws, without the mapping
        params: Params,
        layer: str,  # full name; "" for the image
        several: Several | None = None,  # instead of `latent`, in one picture
    ) -> tuple[Tensor, Tensor]:  # [N, C, H, W], [N, num_ws, w_dim]; the next call overwrites them
        """Return the image, or the output of `layer` without running the rest, and its `ws`.

        Raises:
            KernelError: if a kernel cannot be compiled; that is not hidden by playing slowly.
        """
        canvas = self._canvas.find(params.canvas)
        if canvas != self._played_on:
            self._played_on, self._still, self._canvas_obstacle = canvas, 0, ""
        self._still += 1
        self._has_several = several is not None
        if latent.shape[0] == 1 and several is None:  # a graph makes one picture of one latent
            made = self._run_graph(latent, params, layer)
            if made is not None:
                return made
        return self.run_modules(latent, params, layer, several)

    def run_modules(
        self, latent: Tensor, params: Params, layer: str, several: Several | None = None
    ) -> tuple[Tensor, Tensor]:
        """Do as `run` by the generator's own modules."""
        if several is not None:
            latent = several.ws
        with self._timers.stage(Stage.MAPPING):
            ws = self.map(latent, params) if latent.ndim == 2 else latent
        with self._timers.stage(Stage.SYNTHESIS):
            options: dict[str, Any] = {"layer": layer} if layer else {}
            if several is not None:
                options["regions"] = several.regions
            canvas = self._canvas.find(params.canvas)
            if canvas is not None:
                options["canvas"] = canvas
            output = self.generator.synthesis(ws, noise_mode=params.noise_mode, **options)
        return output, ws

    def steps(self, latent: Tensor, params: Params, layer: str) -> tuple[Step, ...] | None:
        """Return the launches that `run` replays as one graph, None where modules play."""
        fast = None if self._has_several else self._prepare()
        if fast is None:
            return None
        mapping = fast.mapping.steps if latent.ndim == 2 else ()
        return (*mapping, *fast.plan(layer or None, params.noise_mode).steps)

    def take_notices(self) -> list[Notice]:
        """Return what the user should know of the calls since the last time."""
        notices, self._notices = self._notices, []
        return notices + self._canvas.take_notices()

    def free_graphs(self) -> None:
        """Drop the captured graphs; the next picture captures its own again.

        No graph may be under way.
        """
        self._last_call = ()
        if self._fast is not None:
            self._fast.free_graphs()

    def set_acceleration(self, acceleration: Acceleration) -> None:
        """Compute in another way from the next picture on; no graph may be under way."""
        self._fast, self._last_call = None, ()
        self._acceleration = acceleration
        self._obstacle = acceleration.obstacle(self.device)

    @property
    def prepared(self) -> object:
        """What holds the weights and buffers that were made for `run` alone; None before there are.

        It is to be measured, not to be used.
        """
        return self._fast

    @property
    def made_by(self) -> str:
        """How pictures are computed, for people, and why so."""
        if self._has_several or self._fast is None or self._fast.canvas != self._played_on:
            several = OBSTACLE if self._has_several else ""
            return f"torch, layer by layer: {self._obstacle or several or self._canvas_obstacle}"
        options = self._acceleration
        return f"CUDA graphs of {options.kernels} kernels, {options.precision} precision"

    @property
    def canvas_note(self) -> str:
        """The size of pictures, and how much larger they could be, for people."""
        return self._canvas.note

    def latent(
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
        first: Tensor,  # [1, z_dim] or [1, num_ws, w_dim]: what `latent` returned, or another one
    ) -> Several | None:
        """Return all latents of the picture where there are further ones in it, else None.

        Style mixing is of the first latent alone; truncation, the walk and directions shape all.
        """
        if not regions_on(params.regions) or len(first) != 1:
            return None
        if self._several is None:
            made = self.generator
            own = made.img_width, made.img_height
            self._several = SeveralLatents(own, self.device, self._upload, self._found.masks)
        ws = self.map(first, params) if first.ndim == 2 else first

        def further(name: str, region: Region) -> Tensor:
            rows = self._other_rows(f"regions.{name}", region, source, params, motion)
            return self._moved(rows.clone(), params, motion) if is_moved(params) else rows

        canvas = self._canvas.find(params.canvas)
        return self._several.gather(ws[0], further, params, motion, canvas)

    @property
    def shaping(self) -> Shaping:
        """What shapes w, made when it is first needed."""
        if self._shaping is None:
            found = self._found
            self._shaping = Shaping(
                self.network,
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
        key = (where, params.mapping, params.latents.space, self.weights.writes, *files)
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
        latent, fast = self._unshaped(source, plain, motion), self._fast
        mapping = plain.mapping
        if latent.ndim == 3 and fast is None:
            ws = latent[0].clone(memory_format=torch.contiguous_format)
        elif latent.ndim == 3:
            assert fast is not None
            ws = fast.ws[0]
            if latent.data_ptr() != ws.data_ptr():
                ws.copy_(latent[0], non_blocking=True)
        elif fast is not None:
            label = self._label(mapping.class_weights)
            psi, cutoff = mapping.truncation_psi, mapping.truncation_cutoff
            ws = fast.map(latent, label, psi, cutoff)[0]
        else:
            ws = self.map(latent, plain)[0]
        if is_centred:
            average = self.generator.mapping.average(self._label(mapping.class_weights))
            shaping.truncate(ws, params.mapping, average)
        return ws

    def _deviations(self, z: Tensor, params: Params) -> Tensor:  # [n, z_dim] -> [n, w_dim]
        """Map z, and return how far from the average they come to lie."""
        average = self.generator.mapping.average(self._label(params.mapping.class_weights))
        return self.map(self._upload(z), untruncated(params))[:, 0] - average.reshape(1, -1)

    def _unshaped(self, source: LatentSource, params: Params, motion: Motion) -> Tensor:
        """Return the vector of one frame, or the rows of w, as the source has it."""
        network, fast = self.generator, self._fast
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
            centre = self.generator.mapping.average(self._label(mapping.class_weights))
            truncated = torch.lerp(centre.reshape(1, -1), rows, mapping.truncation_psi)
            cutoff = mapping.truncation_cutoff
            return truncated if cutoff is None else torch.cat([truncated[:cutoff], rows[cutoff:]])

        key = (mapping, self.weights.writes)
        return self._w_places.rows(
            where, source, key, lambda z: self.map(self._upload(z), params), truncate, out
        )

    def _prepare(self) -> FastSynthesis | None:
        """Return the fast path, None where it does not play this network on this canvas."""
        canvas = self._played_on
        if self._fast is not None and self._fast.canvas == canvas:
            return self._fast
        if self._obstacle or (self._canvas_obstacle and self._still > _STILL):
            return None
        if canvas is not None and self._still < _STILL:  # it may be moving
            self._canvas_obstacle = "the canvas has just changed"
            return None
        return self._make_fast(canvas)

    def _make_fast(self, canvas: Canvas | None) -> FastSynthesis | None:
        options = self._acceleration
        try:
            made = FastSynthesis(
                self.generator,
                options.precision,
                kernels=options.kernels,
                canvas=canvas,
                stays_in_place=True,  # weights are written there, by `LiveWeights` alone
            )
        except UnsupportedNetworkError as error:
            if canvas is None:
                self._give_up(error)
            else:
                self._canvas_obstacle = str(error)
            return None
        if self._fast is not None and self.device.type == "cuda":
            torch.cuda.current_stream().synchronize()  # graphs under way are not to be dropped
        self._fast, self._last_call, self._canvas_obstacle = made, (), ""
        return made

    def _run_graph(
        self, latent: Tensor, params: Params, layer: str
    ) -> tuple[Tensor, Tensor] | None:
        """Do as `run` by one CUDA graph, None where none plays this network, or no more."""
        fast = self._prepare()
        if fast is None:
            return None
        is_z = latent.ndim == 2
        memory = fast.z if is_z else fast.ws
        call = (
            latent.data_ptr() == memory.data_ptr(),  # nothing to copy
            self.weights.writes,
            is_z,
            layer,
            params.noise_mode,
            params.mapping,
        )
        with self._timers.stage(Stage.GRAPH):
            if call[0] and call == self._last_call:
                return fast.again(), fast.ws
            self._last_call = ()  # for good only once it went well
            options: dict[str, Any] = {"noise_mode": params.noise_mode, "layer": layer or None}
            if is_z:
                options |= {
                    "z": latent,
                    "c": self._label(params.mapping.class_weights),
                    "truncation_psi": params.mapping.truncation_psi,
                    "truncation_cutoff": params.mapping.truncation_cutoff,
                }
            else:
                options["ws"] = latent
            try:
                output = fast(**options)
            except UnsupportedNetworkError as error:  # an edit made it such a network
                self._give_up(error)
                return None
            self._last_call = call
            return output, fast.ws

    def _give_up(self, error: UnsupportedNetworkError) -> None:
        self._fast, self._last_call, self._obstacle = None, (), str(error)
        text = f"{self.network.status.name} plays without the fast path: {error}."
        notice = Notice(0, "warning", text, "Its pictures are right, but slower.")
        self._notices.append(notice)

    def map(self, z: Tensor, params: Params) -> Tensor:  # [N, z_dim] -> [N, num_ws, w_dim]
        """Map `z` by the generator's own modules."""
        label = self._label(params.mapping.class_weights)
        if label is not None:
            label = label.expand(z.shape[0], -1)
        return self.generator.mapping(
            z,
            label,
            truncation_psi=params.mapping.truncation_psi,
            truncation_cutoff=params.mapping.truncation_cutoff,
        )

    def _label(self, weights: tuple[float, ...]) -> Tensor | None:  # [1, c_dim]
        if self._last_label is None or self._last_label[0] != weights:
            label = class_label(weights, self.generator.c_dim)
            self._last_label = (weights, None if label is None else self._upload(label))
        return self._last_label[1]

    def _upload(self, values: Tensor) -> Tensor:
        if (
            self.device.type == "cuda" and not values.is_cuda
        ):  # from pinned memory, so that the copy does not wait
            return values.contiguous().pin_memory().to(self.device, non_blocking=True)
        return values.to(self.device)

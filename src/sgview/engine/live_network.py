"""A network on the device as it plays: from a latent to a picture, whichever path makes it."""

from __future__ import annotations

import copy
from operator import attrgetter
from typing import Any

import torch
from msgspec.structs import replace
from torch import Tensor

from sgview.engine.acceleration import DEFAULT, Acceleration
from sgview.engine.background import Background
from sgview.engine.fast_path import FastPath
from sgview.engine.ground.ground import LiveGround
from sgview.engine.latents.found import Found
from sgview.engine.latents.latents import LatentSource, class_label
from sgview.engine.latents.library import Library
from sgview.engine.latents.shaping import Shaping, acting, has_centre, is_shaped
from sgview.engine.latents.w_places import WPlaces
from sgview.engine.meters.timers import StageTimers
from sgview.engine.network import Network, tensors_of
from sgview.engine.weights.live import LiveWeights
from sgview.state.latent_paths import whereabouts
from sgview.state.latent_places import Whereabouts
from sgview.state.machine import Stage
from sgview.state.motion import Motion
from sgview.state.params import Params
from sgview.state.second_source import SecondParams, is_mixing, second_motion
from sgview.state.status import Notice
from stylegan3 import trust_version_counters
from stylegan3.fast import Step, UnsupportedNetworkError

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
        background: prepares other canvases; None: they are prepared where they are asked for.
    """

    def __init__(
        self,
        network: Network,
        device: torch.device,
        acceleration: Acceleration = DEFAULT,
        timers: StageTimers | None = None,
        found: Found | None = None,
        background: Background | None = None,
    ):
        self.network = network
        self.device = device
        self._timers = timers or StageTimers(device)
        self._last_call: tuple[object, ...] = ()  # arguments of the last call of the fast path
        self._last_label: tuple[tuple[float, ...], Tensor | None] | None = None
        self.generator: Any = copy.deepcopy(network.generator).to(device)
        background = background or Background("sgview canvas", device)
        self._path = FastPath(network, self.generator, device, acceleration, background)
        trust_version_counters(self.generator)  # `LiveWeights` alone writes them, and torch counts
        source = tensors_of(network.generator)
        self.pristine = {name: tensor.detach().to(device) for name, tensor in source.items()}
        fuse = acceleration.has_kernels(device)
        made = self.generator
        self._w_places = WPlaces(made.z_dim, made.w_dim, made.num_ws)
        self._found = found or Found.of(Library())
        self._shaping: Shaping | None = None
        self._second_params = SecondParams()
        self._second: tuple[tuple[object, ...], Tensor] | None = None  # rows, and what they are of
        self._mapping_tensors = tuple(made.mapping.state_dict(keep_vars=True).values())
        self.weights = LiveWeights(self.generator, self.pristine, fuse=fuse)
        self.ground = LiveGround(self.generator, tensors_of(self.generator), source)

    def run(
        self,
        latent: Tensor,  # [N, z_dim], or [N, num_ws, w_dim]: ws, without the mapping
        params: Params,
        layer: str,  # full name; "" for the image
    ) -> tuple[Tensor, Tensor]:  # [N, C, H, W], [N, num_ws, w_dim]; the next call overwrites them
        """Return the image, or the output of `layer` without running the rest, and its `ws`.

        Raises:
            KernelError: if a kernel cannot be compiled; that is not hidden by playing slowly.
        """
        self._path.follow(params, layer)
        try:
            made = self._run(latent, params, layer)
        except Exception as error:
            if not self._path.goes_back(error):
                raise
            made = self._run(latent, params, layer)
        self._path.settle()
        return made

    def _run(self, latent: Tensor, params: Params, layer: str) -> tuple[Tensor, Tensor]:
        if latent.shape[0] == 1:  # a graph makes one picture at a time
            made = self._run_graph(latent, params, layer)
            if made is not None:
                return made
        return self.run_modules(latent, params, layer)

    def run_modules(self, latent: Tensor, params: Params, layer: str) -> tuple[Tensor, Tensor]:
        """Do as `run` by the generator's own modules."""
        with self._timers.stage(Stage.MAPPING):
            ws = self.map(latent, params) if latent.ndim == 2 else latent
        with self._timers.stage(Stage.SYNTHESIS):
            options: dict[str, Any] = {"layer": layer} if layer else {}
            if self._path.canvas is not None:
                options["canvas"] = self._path.canvas
            output = self.generator.synthesis(ws, noise_mode=params.noise_mode, **options)
        return output, ws

    def steps(self, latent: Tensor, params: Params, layer: str) -> tuple[Step, ...] | None:
        """Return the launches that `run` replays as one graph, None where modules play."""
        fast = self._path.prepare()
        if fast is None:
            return None
        mapping = fast.mapping.steps if latent.ndim == 2 else ()
        return (*mapping, *fast.plan(layer or None, params.noise_mode).steps)

    def take_notices(self) -> list[Notice]:
        """Return what the user should know of the calls since the last time."""
        return self._path.take_notices()

    def free_graphs(self) -> None:
        """Drop the captured graphs; the next picture captures its own again.

        No graph may be under way.
        """
        self._last_call = ()
        self._path.free_graphs()

    def set_acceleration(self, acceleration: Acceleration) -> None:
        """Compute in another way from the next picture on; no graph may be under way."""
        self._last_call = ()
        self._path.set_acceleration(acceleration)

    @property
    def prepared(self) -> object:
        """What holds the weights and buffers that were made for `run` alone; None before there are.

        It is to be measured, not to be used.
        """
        return self._path.fast

    @property
    def made_by(self) -> str:
        """How pictures are computed, for people, and why so."""
        return self._path.made_by

    @property
    def canvas_note(self) -> str:
        """The size of pictures, and how much larger they could be, for people."""
        return self._path.canvas_note

    @property
    def image_size(self) -> tuple[int, int]:
        """Width and height of pictures [px]."""
        canvas = self._path.canvas
        return self.network.status.dimensions if canvas is None else (canvas.width, canvas.height)

    @property
    def layer_sizes(self) -> tuple[tuple[int, int], ...]:
        """Width and height of each layer on the canvas [px]; empty: the network's own."""
        return self._path.layer_sizes

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
        second = self._second_rows(source, params, motion, shaping) if is_mixing(params) else None
        ws = self._rows(source, params, motion, shaping)
        if second is not None:
            shaping.mix(ws, second, params)
        if params.walk.reach != 0.0:
            key = (params.mapping.class_weights, *map(_version, self._mapping_tensors))
            shaping.walk(ws, params, motion, key, lambda z: self._deviations(z, params))
        if acting(params):
            shaping.move(ws, params)
        return ws

    def _second_rows(
        self, source: LatentSource, params: Params, motion: Motion, shaping: Shaping
    ) -> Tensor:
        """Return the rows of the second source; a place that stays is mapped once."""
        params, motion = self._second_params.of(params), second_motion(motion)
        where = whereabouts(params, motion)
        files = (self._found.library.count, self._found.averages.count)
        key = (where, params.mapping, params.latents.space, self.weights.writes, *files)
        is_kept = where is not None and not has_centre(params)
        if is_kept and self._second is not None and self._second[0] == key:
            return self._second[1]
        rows = self._rows(source.second, params, motion, shaping)
        if self._second is None:
            memory = torch.empty_like(rows)
        else:
            memory = self._second[1]
        self._second = (key if is_kept else (), memory.copy_(rows))
        return memory

    def _rows(
        self, source: LatentSource, params: Params, motion: Motion, shaping: Shaping
    ) -> Tensor:
        """Return the rows of a source, truncated, to be written to; the next call overwrites."""
        is_centred = has_centre(params)
        plain = untruncated(params) if is_centred else params
        latent, fast = self._unshaped(source, plain, motion), self._path.fast
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
        network, fast = self.generator, self._path.fast
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

    def _run_graph(
        self, latent: Tensor, params: Params, layer: str
    ) -> tuple[Tensor, Tensor] | None:
        """Do as `run` by one CUDA graph, None where none plays this network, or no more."""
        fast = self._path.prepare()
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
            fast.canvas,
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
                self._path.give_up(error)
                return None
            self._last_call = call
            return output, fast.ws

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

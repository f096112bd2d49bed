"""A network on the device as it plays: from a latent to a picture, whichever path makes it."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor

from sgview.engine.acceleration import DEFAULT, Acceleration
from sgview.engine.background import Background
from sgview.engine.fast_path import FastPath
from sgview.engine.ground.ground import LiveGround
from sgview.engine.latents.found import Found
from sgview.engine.latents.latents import LatentSource
from sgview.engine.live_latents import LiveLatents
from sgview.engine.meters.timers import StageTimers
from sgview.engine.network import Network, tensors_of
from sgview.engine.regions.several import OBSTACLE, Several
from sgview.engine.weights.live import LiveWeights
from sgview.state.machine import Stage
from sgview.state.motion import Motion
from sgview.state.params import Params
from sgview.state.region_params import regions_on
from sgview.state.status import Notice
from stylegan3 import trust_version_counters
from stylegan3.fast import Step, UnsupportedNetworkError


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
        self._has_several = False  # the last picture
        self._last_call: tuple[object, ...] = ()  # arguments of the last call of the fast path
        self.generator: Any = copy.deepcopy(network.generator).to(device)
        trust_version_counters(self.generator)  # `LiveWeights` alone writes them, and torch counts
        source = tensors_of(network.generator)
        self.pristine = {name: tensor.detach().to(device) for name, tensor in source.items()}
        fuse = acceleration.has_kernels(device)
        self.weights = LiveWeights(self.generator, self.pristine, fuse=fuse)
        self.latents = LiveLatents(network, self.generator, device, self.weights, found)
        self.ground = LiveGround(self.generator, tensors_of(self.generator), source)
        background = background or Background("sgview canvas", device)
        self._path = FastPath(network, self.generator, device, acceleration, background)

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
        self._path.follow(params, layer)
        self._has_several = several is not None
        try:
            made = self._run(latent, params, layer, several)
        except Exception as error:
            if not self._path.goes_back(error):
                raise
            made = self._run(latent, params, layer, several)
        self._path.settle()
        self.latents.fast = self._path.fast
        return made

    def several(
        self,
        source: LatentSource,
        params: Params,
        motion: Motion,
        first: Tensor,  # [N, z_dim] or [N, num_ws, w_dim]
        layer: str,  # as `run` takes it next
    ) -> Several | None:
        """Return all latents of the picture where regions are in that of one, else None."""
        if not regions_on(params.regions) or len(first) != 1:
            return None
        self._path.follow(params, layer)  # masks are of the canvas that comes next
        return self.latents.several(source, params, motion, first, self._path.canvas)

    def layer_now(self, layer: str, noise_mode: str) -> str:
        """Return the layer to show: the one before, while the wanted one is planned behind it."""
        return self._path.layer_now(layer, noise_mode)

    def run_modules(
        self, latent: Tensor, params: Params, layer: str, several: Several | None = None
    ) -> tuple[Tensor, Tensor]:
        """Do as `run` by the generator's own modules."""
        if several is not None:
            latent = several.ws
        with self._timers.stage(Stage.MAPPING):
            ws = self.latents.map(latent, params) if latent.ndim == 2 else latent
        with self._timers.stage(Stage.SYNTHESIS):
            options: dict[str, Any] = {"layer": layer} if layer else {}
            if several is not None:
                options["regions"] = several.regions
            if self._path.canvas is not None:
                options["canvas"] = self._path.canvas
            output = self.generator.synthesis(ws, noise_mode=params.noise_mode, **options)
        return output, ws

    def steps(self, latent: Tensor, params: Params, layer: str) -> tuple[Step, ...] | None:
        """Return the launches that `run` replays as one graph, None where modules play."""
        fast = None if self._has_several else self._path.prepare()
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
        self.latents.fast = None

    @property
    def prepared(self) -> object:
        """What holds the weights and buffers that were made for `run` alone; None before there are.

        It is to be measured, not to be used.
        """
        return self._path.fast

    @property
    def made_by(self) -> str:
        """How pictures are computed, for people, and why so."""
        if self._has_several and not self._path.obstacle:
            return f"torch, layer by layer: {OBSTACLE}"
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

    def _run(
        self, latent: Tensor, params: Params, layer: str, several: Several | None
    ) -> tuple[Tensor, Tensor]:
        if latent.shape[0] == 1 and several is None:  # a graph makes one picture of one latent
            made = self._run_graph(latent, params, layer)
            if made is not None:
                return made
        return self.run_modules(latent, params, layer, several)

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
                    "c": self.latents.label(params.mapping.class_weights),
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

"""The engine: parameters and time in, a picture on the device out."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from msgspec import structs
from torch import Tensor

from sgview.closing import Closing
from sgview.engine.acceleration import DEFAULT, Acceleration
from sgview.engine.background import Background
from sgview.engine.cards import unused_card
from sgview.engine.device import choose_device, describe_device
from sgview.engine.device_stream import DeviceStream
from sgview.engine.features import Features, LayerNames, Readback
from sgview.engine.host_memory import keep_freed_memory
from sgview.engine.latent_export import exported, rows_of
from sgview.engine.latents.found import Found
from sgview.engine.latents.latents import LatentSource
from sgview.engine.latents.library import Library
from sgview.engine.live_network import LiveNetwork
from sgview.engine.live_networks import LiveNetworks
from sgview.engine.meters.memory import memory_status
from sgview.engine.meters.timers import StageTimers
from sgview.engine.network import Network
from sgview.engine.picture.drawing import Drawing
from sgview.engine.picture.picture import (
    Picture,
    has_alpha,
    select_channels,
    to_rgba8,
)
from sgview.engine.profiling import time_layers
from sgview.state.machine import LayerTimes, MemoryOwner, MemoryStatus, Stage
from sgview.state.motion import Motion, motion_at
from sgview.state.networks import Slot, resolve_layer
from sgview.state.params import Params
from sgview.state.region_params import regions_on
from sgview.state.status import (
    Notice,
)
from stylegan3.fast import Precision

_TIMED_EVERY = 0.01  # how often stages are timed on CUDA [s]


class Engine(Closing):
    """Renders frames, each a pure function of parameters, time, motion and the networks set.

    Synchronous, and for one thread at a time. Two things are not pure: a picture that is not finite
    gives way to the last good one, and on CUDA what the host reads back (statistics, latent, the
    notice of a bad picture) is that of the frame before.
    """

    def __init__(
        self,
        device: str = "auto",
        acceleration: Acceleration = DEFAULT,
        latents: Path | None = None,  # the folder of the library
        found: Path | None = None,  # where directions that were found are kept; None: nowhere
    ):
        """Take the device called `device`; raises ValueError if this machine has none such."""
        self.device = choose_device(device)
        if self.device.type == "cpu":
            keep_freed_memory()
        self._asked_for = device
        self._acceleration = acceleration
        self._stream = DeviceStream(self.device)
        self._drawing = Drawing(has_kernels=acceleration.has_kernels(self.device))
        self.library = Library(latents)
        self.found = Found.of(self.library, found)
        self._latents = LatentSource(self.device, self.library)
        self._timers = StageTimers(self.device, _TIMED_EVERY)
        self.canvases = Background("sgview canvas", self.device)
        """Prepares networks for other canvases."""
        self._live = LiveNetworks(
            self._stream, acceleration, self._timers, self.found, self.canvases
        )
        self._layer_names = LayerNames()
        self._readback = Readback()

    def close(self) -> None:
        """Free the networks; closing again does nothing."""
        self.found.analyses.close()
        self.canvases.close()
        self._live.clear()
        self._readback.close()
        self._drawing.last_good.forget()
        self._stream.release()

    @property
    def device_description(self) -> str:
        """The device for people, how it computes, and why a card that is there does not."""
        name = describe_device(self.device)
        if self.device.type != "cuda":
            unused = unused_card(self.device, self._asked_for).reason
            return f"{name}; {unused}" if unused else name
        return f"{name}, {self._acceleration.describe(self.device)}"

    @property
    def tunes(self) -> bool:
        """Whether convolutions are to be measured while nothing moves."""
        return self._acceleration.tunes(self.device)

    @property
    def stream(self) -> torch.cuda.Stream | None:
        """The stream that pictures are made on; None except on CUDA."""
        return self._stream.stream

    @property
    def networks(self) -> dict[Slot, Network]:
        """The networks that are set."""
        return {slot: live.network for slot, live in self._live.items()}

    def set_network(self, slot: Slot, network: Network | None) -> None:
        """Play `network` in `slot` from the next frame on; None frees the slot's memory.

        If this raises (there is no room on the device), the slot plays what it played before.
        """
        with self.on_stream():
            self._live.set(slot, network)

    def swap_networks(self) -> None:
        """Exchange A and B."""
        with self.on_stream():
            self._live.swap()

    @property
    def precision(self) -> Precision | Literal[""]:
        """The number formats of the fast path; "" where there is none, and one format for all."""
        has_choice = self._acceleration.has_kernels(self.device)
        return self._acceleration.precision if has_choice else ""

    def set_precision(self, precision: Precision) -> None:
        """Compute in other number formats on CUDA, from the next frame on."""
        self._acceleration = replace(self._acceleration, precision=precision)
        with self.on_stream():
            self._live.set_acceleration(self._acceleration)

    def free_spare(self) -> None:
        """Free what can be made again: captured graphs, and memory that torch keeps for later."""
        with self.on_stream():
            self._live.free_spare()

    def take_notices(self) -> list[Notice]:
        """Return what the user should know of the frames since the last call."""
        tellers = (self._layer_names, self._readback, self.found, self._live)
        return [notice for teller in tellers for notice in teller.take_notices()]

    def on_stream(self) -> AbstractContextManager[None]:
        """Work on the engine's own CUDA stream, as every method does by itself.

        A thread that renders much enters it once.
        """
        return self._stream.entered()

    def shown_now(self, params: Params) -> Params:
        """Return `params`, with the layer before while the wanted one is planned behind it."""
        live = self._live.shown(params) if self._acceleration.layers == "background" else None
        if live is None:
            return params
        wanted = resolve_layer(params.layer.name, live.network.status.layers) or ""
        with self.on_stream():
            layer = live.layer_now(wanted, params.noise_mode)
        if layer == wanted:
            return params
        return structs.replace(params, layer=structs.replace(params.layer, name=layer))

    @torch.no_grad()
    def render(
        self,
        params: Params,  # edit expressions already resolved to amounts
        t: float,  # [s]
        motion: Motion | None = None,  # None: what constant speeds lead to from 0 to `t`
    ) -> Picture | None:
        """Return the picture of time `t`, None without a network."""
        motion = motion or motion_at(params, t)
        live = self._live.shown(params)
        if live is None:
            return None
        with self.on_stream():
            self._timers.start_frame()
            features = self._features(live, params, t, motion)
            vector = self._readback.vector(features, self.device)
            with self._timers.stage(Stage.PICTURE):
                rgba8 = self._drawing.draw(
                    *(features.output, features.rows, params, vector),
                    has_alpha=features.has_alpha,
                )
            ready = self._stream.record()
            self._readback.expect(vector, features, ready)
            timings = self._timers.finish_frame()
            status, latent = self._readback.take(features, rgba8, live, params.noise_mode)
        return Picture(
            rgba8=rgba8,
            t=t,
            params=params,
            motion=motion,
            status=status,
            values=latent,
            edits=features.edits,
            blend_groups=self._live.pairing.groups,
            timings=timings,
            ready=ready,
            has_alpha=features.has_alpha,
        )

    @torch.no_grad()
    def synthesise(
        self,
        params: Params,
        t: float = 0.0,  # [s]
        *,
        z: Tensor | None = None,  # [N, z_dim], instead of the latents of `params`
        ws: Tensor | None = None,  # [N, num_ws, w_dim], instead of z and mapping
    ) -> Tensor:  # [N, C, H, W], about [-1, 1] for the image
        """Return the output of the shown layer as it comes, before it becomes a picture.

        Raises:
            RuntimeError: without a network.
        """
        live = self._live.shown(params)
        if live is None:
            raise RuntimeError("The engine has no network.")
        with self.on_stream():
            self._timers.start_frame()
            output = self._features(
                live, params, t, motion_at(params, t), z if ws is None else ws
            ).output
            return output.clone()  # the fast path writes every frame to the same place

    @torch.no_grad()
    def time_layers(
        self, params: Params, t: float, motion: Motion | None = None
    ) -> LayerTimes | None:
        """Time every step of the picture of time `t` alone; waits for the device.

        None without a network.
        """
        live = self._live.shown(params)
        if live is None:
            return None
        with self.on_stream():
            self._timers.start_frame()
            made = self._features(live, params, t, motion or motion_at(params, t))
            return time_layers(live, made.latent, params, made.layer, made.several)

    @torch.no_grad()
    def export(self, params: Params, motion: Motion) -> dict[str, np.ndarray] | None:
        """Return the latent of a picture as it is written to a file; waits for the device.

        It is as `exported` has it; None without a network.
        """
        live = self._live.shown(params)
        if live is None:
            return None
        with self.on_stream():
            return exported(live, self._latents, params, motion)

    @torch.no_grad()
    def glance(
        self, params: Params, t: float, motion: Motion, side: int
    ) -> np.ndarray | None:  # uint8 [side, side, 4]
        """Return a small picture beside those that are shown; waits for the device.

        None without a network.
        """
        live = self._live.shown(params)
        if live is None:
            return None
        with self.on_stream():
            self._timers.start_frame()
            made = self._features(live, params, t, motion)
            shown = select_channels(made.output, params.layer)
            alpha = made.output[0, 3] if made.has_alpha else None
            rgba8 = to_rgba8(shown, params.layer, params.view, alpha)
            planes = rgba8.permute(2, 0, 1)[None].float()
            small = torch.nn.functional.interpolate(planes, (side, side), mode="area")
            return small[0].permute(1, 2, 0).round().to(torch.uint8).cpu().numpy()

    @torch.no_grad()
    def rows_of(self, names: Sequence[str], params: Params) -> Tensor:  # [n, num_ws, w_dim]
        """Return latents of the library as rows of w, on the CPU; waits for the device.

        Raises:
            LookupError: if there is no network, or a latent cannot be played; it says so.
        """
        live = self._live.shown(params)
        if live is None:
            raise LookupError("There is no network.")
        with self.on_stream():
            return torch.stack([rows_of(live, self.library, name, params) for name in names])

    def direction(self, name: str, params: Params) -> Tensor | None:  # [num_ws, w_dim]
        """Return the vector of a direction on the CPU, None while it is not known."""
        live = self._live.shown(params)
        return None if live is None else live.latents.shaping.find(name)

    def memory(self, pictures: object = ()) -> MemoryStatus:
        """Return who holds the device's memory; `pictures` are pictures that the caller holds."""
        owners = self._live.memory_owners()
        owners[MemoryOwner.PICTURES] = [self._drawing.last_good, pictures]
        return memory_status(self.device, owners)

    def _features(
        self,
        live: LiveNetwork,
        params: Params,
        t: float,
        motion: Motion,
        given: Tensor | None = None,  # instead of the latents of `params`
    ) -> Features:
        layer = self._layer_names.find(live.network.status, params.layer.name)
        with self._timers.stage(Stage.WEIGHTS):
            edits = live.weights.update(params.blend, params.edits)
            live.ground.update(params.ground, motion)
        with self._timers.stage(Stage.LATENTS):
            if given is not None:
                latent = given.to(self.device)
                rows = latent if latent.ndim == 2 else latent[0]
            else:
                latent = live.latents.vector(self._latents, params, motion)
                if regions_on(params.regions):
                    latent = latent.clone()  # further ones are made in the same memory
                rows = latent if latent.ndim == 2 else latent[0]
            several = live.several(self._latents, params, motion, latent, layer)
        if params.noise_mode == "random":
            self._seed(t)
        output, ws = live.run(latent, params, layer, several)
        if not layer:
            output = live.ground.finish(output, params, motion)
        is_rgba = has_alpha(output.shape[1], layer, params.layer)
        return Features(output, layer, latent, several, rows, ws, edits, is_rgba)

    def _seed(self, t: float) -> None:
        """Make StyleGAN2's per-pixel noise a function of time."""
        seed = zlib.crc32(repr(t).encode())
        if self.device.type == "cuda":
            torch.cuda.default_generators[self.device.index].manual_seed(seed)
        else:
            torch.manual_seed(seed)

    def shown(self, params: Params) -> Network | None:
        """Return the network that plays, None without one."""
        live = self._live.shown(params)
        return None if live is None else live.network

"""The engine: parameters and time in, a picture on the device out."""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor

from sgview.closing import Closing
from sgview.engine.cards import unused_card
from sgview.engine.device import choose_device, describe_device
from sgview.engine.diagnosis import first_bad_layer
from sgview.engine.latents.latents import LatentSource
from sgview.engine.latents.library import Library
from sgview.engine.live_network import DEFAULT, Acceleration, Found, LiveNetwork, untruncated
from sgview.engine.meters.memory import memory_status
from sgview.engine.meters.timers import StageTimers
from sgview.engine.network import Network, fingerprint
from sgview.engine.picture.cuda_picture import PictureKernels
from sgview.engine.picture.last_good import LastGood
from sgview.engine.picture.picture import (
    STATISTICS,
    Picture,
    has_alpha,
    measure,
    select_channels,
    to_rgba8,
)
from sgview.engine.profiling import time_layers
from sgview.engine.regions.several import Several
from sgview.engine.transfer.download import Download, HostVector
from sgview.engine.transfer.event_ring import EventRing
from sgview.engine.weights.blending import Pairing, pair
from sgview.state.journeys import seed_of, shown_place
from sgview.state.latent_places import FilePlace
from sgview.state.machine import LayerTimes, MemoryOwner, MemoryStatus, Stage
from sgview.state.motion import Motion, motion_at
from sgview.state.networks import OTHER, NetworkStatus, Slot, resolve_layer, shown_slot
from sgview.state.params import Params
from sgview.state.region_params import regions_on
from sgview.state.status import (
    ChannelStatistics,
    EditStatus,
    Notice,
    PictureStatus,
)
from stylegan3 import cuda
from stylegan3.cuda import current_stream, is_out_of_memory, let_go
from stylegan3.fast import Precision

_TIMED_EVERY = 0.01  # how often stages are timed on CUDA [s]
_GOOD_AGAIN = 60  # finite pictures after which a bad one is explained anew
_NETWORKS: Mapping[Slot, str] = {"a": MemoryOwner.NETWORK_A, "b": MemoryOwner.NETWORK_B}


class _Features(NamedTuple):
    """The output of the shown layer, and the latent and edits it was made from."""

    output: Tensor  # [N, C, H, W]
    layer: str  # full name, "" for the image
    latent: Tensor  # [N, z_dim] or [N, num_ws, w_dim]
    several: Several | None  # all latents of the picture, where there are further ones
    rows: Tensor  # [rows, n]: z, or the rows of ws
    ws: Tensor  # [N, num_ws, w_dim]
    edits: tuple[EditStatus, ...]
    has_alpha: bool  # the fourth channel is the picture's alpha


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
        self._asked_for = device
        self._acceleration = acceleration
        self._kernels = None  # kernels of the stage "picture"
        if acceleration.has_kernels(self.device):
            self._kernels = PictureKernels()
        self._stream: torch.cuda.Stream | None = None
        self._ready: EventRing | None = None
        if self.device.type == "cuda":
            self._stream = torch.cuda.Stream(self.device)
            self._ready = EventRing(self._stream)
        self._live: dict[Slot, LiveNetwork] = {}
        self._pairing = Pairing()
        self.library = Library(latents)
        self.found = Found.of(self.library, found)
        self._latents = LatentSource(self.device, self.library)
        self._timers = StageTimers(self.device, _TIMED_EVERY)
        self._download = Download()
        self._last_good = LastGood()
        self._notices: list[Notice] = []
        self._good_in_a_row = _GOOD_AGAIN
        self._found_layer: tuple[NetworkStatus, str, str | None] | None = None  # looked up last

    def close(self) -> None:
        """Free the networks; closing again does nothing."""
        self.found.analyses.close()
        self._live.clear()
        self._pairing = Pairing()
        self._download.close()
        self._download = Download()
        self._last_good.forget()
        self._release()

    @property
    def device_description(self) -> str:
        """The device for people, how it computes, and why a card that is there does not."""
        name = describe_device(self.device)
        if self.device.type != "cuda":
            unused = unused_card(self.device, self._asked_for).reason
            return f"{name}; {unused}" if unused else name
        options = self._acceleration
        if not options.has_kernels(self.device):
            reason = "as asked for" if options.ops == "ref" else cuda.unavailable_reason()
            return f"{name}, reference operations ({reason})"
        return f"{name}, {options.precision} precision, {options.kernels} kernels"

    @property
    def stream(self) -> torch.cuda.Stream | None:
        """The stream that pictures are made on; None except on CUDA."""
        return self._stream

    @property
    def networks(self) -> dict[Slot, Network]:
        """The networks that are set."""
        return {slot: live.network for slot, live in self._live.items()}

    def set_network(self, slot: Slot, network: Network | None) -> None:
        """Play `network` in `slot` from the next frame on; None frees the slot's memory.

        If this raises (there is no room on the device), the slot plays what it played before.
        """
        with self.on_stream():
            old = self._live.pop(slot, None)
            self._pair()
            before = old.network if old else None
            del old  # freed before the new one is copied: there may be no room for both
            try:
                self._place_without_spare(slot, network)
            except Exception as error:
                let_go(error)
                self._place_without_spare(slot, before)
                raise

    def _place_without_spare(self, slot: Slot, network: Network | None) -> None:
        """Place a network; where it has no room, once more without what can be made again."""
        try:
            self._place(slot, network)
            return
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            let_go(error)
        self.free_spare()
        self._place(slot, network)

    def _place(self, slot: Slot, network: Network | None) -> None:
        self._live.pop(slot, None)
        self._release()
        if network is not None:
            self._live[slot] = LiveNetwork(
                network, self.device, self._acceleration, self._timers, self.found
            )
            self._pair()

    def swap_networks(self) -> None:
        """Exchange A and B."""
        with self.on_stream():
            self._live = {OTHER[slot]: live for slot, live in self._live.items()}
            self._pair()

    @property
    def precision(self) -> Precision | Literal[""]:
        """The number formats of the fast path; "" where there is none, and one format for all."""
        has_choice = self._acceleration.has_kernels(self.device)
        return self._acceleration.precision if has_choice else ""

    def set_precision(self, precision: Precision) -> None:
        """Compute in other number formats on CUDA, from the next frame on."""
        self._acceleration = replace(self._acceleration, precision=precision)
        with self.on_stream():
            self._await_device()
            for live in self._live.values():
                live.set_acceleration(self._acceleration)
            self._release()

    def free_spare(self) -> None:
        """Free what can be made again: captured graphs, and memory that torch keeps for later."""
        with self.on_stream():
            self._await_device()
            for live in self._live.values():
                live.free_graphs()
            self._release()

    def take_notices(self) -> list[Notice]:
        """Return what the user should know of the frames since the last call."""
        notices, self._notices = self._notices, []
        notices += self.library.take_notices()
        found = self.found
        for teller in (found.analyses, found.directions, found.averages, found.masks):
            notices += teller.take_notices()
        for live in self._live.values():
            notices += live.take_notices()
        return notices

    @contextlib.contextmanager
    def on_stream(self) -> Iterator[None]:
        """Work on the engine's own CUDA stream, as every method does by itself.

        A thread that renders much enters it once.
        """
        if self._stream is None or current_stream(self.device.index) == self._stream.cuda_stream:
            yield
        else:
            with torch.cuda.device(self.device), torch.cuda.stream(self._stream):
                yield

    @torch.no_grad()
    def render(
        self,
        params: Params,  # edit expressions already resolved to amounts
        t: float,  # [s]
        motion: Motion | None = None,  # None: what constant speeds lead to from 0 to `t`
    ) -> Picture | None:
        """Return the picture of time `t`, None without a network."""
        motion = motion or motion_at(params, t)
        live = self._shown_network(params)
        if live is None:
            return None
        with self.on_stream():
            self._timers.start_frame()
            features = self._features(live, params, t, motion)
            vector = self._download.vector(STATISTICS + features.rows.shape[1], self.device)
            with self._timers.stage(Stage.PICTURE):
                rgba8 = self._draw(features, params, vector)
            ready = None if self._ready is None else self._ready.record()
            if vector is not None:
                self._download.expect(vector, (features.layer, features.output.shape), ready)
            timings = self._timers.finish_frame()
            status, latent = self._take_download(features, rgba8, live)
            if not status.is_finite:
                self._explain_bad(live, features, params.noise_mode)
        return Picture(
            rgba8=rgba8,
            t=t,
            params=params,
            motion=motion,
            status=status,
            values=latent,
            edits=features.edits,
            blend_groups=self._pairing.groups,
            timings=timings,
            ready=ready,
            has_alpha=features.has_alpha,
        )

    def _draw(self, features: _Features, params: Params, vector: HostVector | None) -> Tensor:
        """Return [H, W, 4] uint8; statistics and the latent behind them go into the vector."""
        output, latent = features.output, features.rows
        memory = None if vector is None else vector.memory
        if self._kernels is not None:
            last = self._last_good.of_size(*output.shape[2:])
            rgba8 = self._kernels.draw(
                output,
                latent,
                params.layer,
                params.view,
                last=last,
                copy=memory,
                has_alpha=features.has_alpha,
            )
            self._last_good.remember(rgba8)
            return rgba8
        shown = select_channels(output, params.layer)
        values = measure(output, shown)
        if memory is not None:
            memory.copy_(torch.cat([values, latent[0].to(values)]), non_blocking=True)
        alpha = output[0, 3] if features.has_alpha else None
        rgba8 = to_rgba8(shown, params.layer, params.view, alpha)
        return self._last_good.keep(rgba8, values[0])

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
        live = self._shown_network(params)
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
        live = self._shown_network(params)
        if live is None:
            return None
        with self.on_stream():
            self._timers.start_frame()
            made = self._features(live, params, t, motion or motion_at(params, t))
            return time_layers(live, made.latent, params, made.layer, made.several)

    @torch.no_grad()
    def export(self, params: Params, motion: Motion) -> dict[str, np.ndarray] | None:
        """Return the latent of a picture as it is written to a file; waits for the device.

        `ws` [1, num_ws, w_dim] before truncation, `z` [1, z_dim] where it came from one, the name
        and the fingerprint of the network, the seed of the source, and the name of the place where
        it has one. None without a network.
        """
        live = self._shown_network(params)
        if live is None:
            return None
        with self.on_stream():
            live.weights.update(params.blend, params.edits)
            latent = live.latent(self._latents, untruncated(params), motion)
            held = {
                "network": np.array(live.network.status.name),
                "network_hash": np.array(fingerprint(live.network.generator)),
                "seed": np.array(seed_of(params)),
            }
            if (place := shown_place(params, motion)) is not None and not motion.trail:
                held["place"] = np.array(str(place))
            if latent.ndim == 2:
                held["z"] = latent.cpu().numpy()
                latent = live.map(latent, untruncated(params))
            held["ws"] = latent.cpu().numpy()
        return held

    @torch.no_grad()
    def glance(
        self, params: Params, t: float, motion: Motion, side: int
    ) -> np.ndarray | None:  # uint8 [side, side, 4]
        """Return a small picture beside those that are shown; waits for the device.

        None without a network.
        """
        live = self._shown_network(params)
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
        live = self._shown_network(params)
        if live is None:
            raise LookupError("There is no network.")
        with self.on_stream():
            return torch.stack([self._rows_of(live, name, params) for name in names])

    def direction(self, name: str, params: Params) -> Tensor | None:  # [num_ws, w_dim]
        """Return the vector of a direction on the CPU, None while it is not known."""
        live = self._shown_network(params)
        return None if live is None else live.shaping.find(name)

    def _rows_of(self, live: LiveNetwork, name: str, params: Params) -> Tensor:
        place = FilePlace(name)
        network = live.network.status
        is_w = self.library.kind(place) == "w"
        width, rows = (network.w_dim, network.num_ws) if is_w else (network.z_dim, 1)
        held = self.library.entry(place, width, rows)
        if held is None:
            raise LookupError(f"The latent {name} cannot be played by this network.")
        ws = held if is_w else live.map(held.to(self.device), untruncated(params))[0]
        return ws.cpu()

    def memory(self, pictures: object = ()) -> MemoryStatus:
        """Return who holds the device's memory; `pictures` are pictures that the caller holds."""
        owners: dict[str, object] = {
            _NETWORKS[slot]: self._live[slot].pristine for slot in sorted(self._live)
        }
        owners[MemoryOwner.LIVE] = [live.generator for live in self._live.values()]
        prepared = [live.prepared for live in self._live.values()]
        owners[MemoryOwner.PREPARED] = prepared
        owners[MemoryOwner.PICTURES] = [self._last_good, pictures]
        return memory_status(self.device, owners)

    def _features(
        self,
        live: LiveNetwork,
        params: Params,
        t: float,
        motion: Motion,
        given: Tensor | None = None,  # instead of the latents of `params`
    ) -> _Features:
        layer = self._find_layer(live, params.layer.name)
        with self._timers.stage(Stage.WEIGHTS):
            edits = live.weights.update(params.blend, params.edits)
            live.ground.update(params.ground, motion)
        with self._timers.stage(Stage.LATENTS):
            if given is not None:
                latent = given.to(self.device)
                rows = latent if latent.ndim == 2 else latent[0]
            else:
                latent = live.latent(self._latents, params, motion)
                if regions_on(params.regions):
                    latent = latent.clone()  # further ones are made in the same memory
                rows = latent if latent.ndim == 2 else latent[0]
            several = live.several(self._latents, params, motion, latent)
        if params.noise_mode == "random":
            self._seed(t)
        output, ws = live.run(latent, params, layer, several)
        if not layer:
            output = live.ground.finish(output, params, motion)
        is_rgba = has_alpha(output.shape[1], layer, params.layer)
        return _Features(output, layer, latent, several, rows, ws, edits, is_rgba)

    def _seed(self, t: float) -> None:
        """Make StyleGAN2's per-pixel noise a function of time."""
        seed = zlib.crc32(repr(t).encode())
        if self.device.type == "cuda":
            torch.cuda.default_generators[self.device.index].manual_seed(seed)
        else:
            torch.manual_seed(seed)

    def shown(self, params: Params) -> Network | None:
        """Return the network that plays, None without one."""
        live = self._shown_network(params)
        return None if live is None else live.network

    def _shown_network(self, params: Params) -> LiveNetwork | None:
        """Return what plays, None without a network."""
        slot = shown_slot(params, self._live)
        return None if slot is None else self._live[slot]

    def _pair(self) -> None:
        """Make B's tensors the partners of A's; a network that plays alone has none."""
        a, b = self._live.get("a"), self._live.get("b")
        self._pairing = pair(a.network, b.network, a.pristine, b.pristine) if a and b else Pairing()
        if a:
            a.weights.set_partners(self._pairing.partners)
        if b:
            b.weights.set_partners({})

    def _find_layer(self, live: LiveNetwork, name: str) -> str:
        """Return the full name of the layer `name`, "" for the image and for unknown layers."""
        network, last = live.network.status, self._found_layer
        if last is not None and last[0] is network and last[1] == name:
            return last[2] or ""
        found = resolve_layer(name, network.layers)
        if found is None:
            text = f"{network.name} has no layer {name}, so the image is shown."
            self._notices.append(Notice(0, "warning", text, "Pick a layer from the list."))
        self._found_layer = (network, name, found)
        return found or ""

    def _take_download(
        self, features: _Features, rgba8: Tensor, live: LiveNetwork
    ) -> tuple[PictureStatus, np.ndarray | None]:
        """Return the picture's status, and the latent, as far as they have arrived."""
        height, width, _ = rgba8.shape
        statistics, is_finite, latent = None, True, None
        arrived = self._download.latest()
        if arrived is not None:
            tag, values = arrived
            first = values[:STATISTICS].tolist()
            is_finite, latent = first[0] > 0, values[STATISTICS:]
            if tag == (features.layer, features.output.shape):
                statistics = ChannelStatistics(*first[1:])
        size, channels = (width, height), features.output.shape[1]
        made_by, canvas = live.made_by, live.canvas_note
        status = PictureStatus(
            features.layer, size, channels, statistics, is_finite, made_by, canvas
        )
        self._good_in_a_row = self._good_in_a_row + 1 if is_finite else self._good_in_a_row
        return status, latent

    def _explain_bad(self, live: LiveNetwork, features: _Features, noise_mode: str) -> None:
        """Say where the first number that is not finite arises, once until pictures are good."""
        is_new = self._good_in_a_row >= _GOOD_AGAIN
        self._good_in_a_row = 0
        if is_new:
            layer = first_bad_layer(live.generator, features.ws, noise_mode)
            place = f"{layer} of {live.network.status.name}" if layer else "The network"
            text = f"{place} gives numbers that are not finite, so the last good picture stays."
            hint = "Weaken or reset the edits and blends of that layer and of those before it."
            self._notices.append(Notice(0, "warning", text, hint))

    def _await_device(self) -> None:
        """Wait until nothing is computed any more: graphs under way are not to be dropped."""
        if self._stream is not None:
            self._stream.synchronize()

    def _release(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

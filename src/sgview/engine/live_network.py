"""A network on the device, ready to play."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from sgview.engine.latents.latents import LatentSource, class_label
from sgview.engine.network import Network, tensors_of
from sgview.engine.weights.live import LiveWeights
from sgview.state.params import Params
from stylegan3.cuda import nvrtc
from stylegan3.fast import FastSynthesis, Precision, UnsupportedNetworkError
from stylegan3.fast.kernels.convolution.convolution import Kernels


@dataclass(frozen=True)
class Acceleration:
    """How networks are computed on an NVIDIA GPU."""

    ops: Literal["auto", "ref"] = "auto"  # "ref": by the generator's own modules
    precision: Precision = "fast"
    kernels: Kernels = "auto"

    def has_kernels(self, device: torch.device) -> bool:
        """Whether compiled kernels are wanted, and can run on `device`."""
        is_wanted = device.type == "cuda" and self.ops == "auto"
        return is_wanted and nvrtc.unavailable_reason() is None


DEFAULT = Acceleration()


class PlayingNetwork:
    """A copy of a network's generator to write to, and pristine tensors to write from."""

    def __init__(
        self,
        network: Network,
        device: torch.device,
        acceleration: Acceleration = DEFAULT,
    ):
        self.network = network
        self.device = device
        self._acceleration = acceleration
        self._fast: FastSynthesis | None = None
        self._last_call: tuple[object, ...] = ()  # of the fast path
        self._last_label: tuple[tuple[float, ...], Tensor | None] | None = None
        self.slow_reason = ""
        """Why the fast path does not play this network; "" if it does, or was not tried yet."""
        if device.type != "cuda":
            self.slow_reason = "there is no NVIDIA GPU"
        elif acceleration.ops == "ref":
            self.slow_reason = "the reference operations were asked for"
        self.generator: Any = copy.deepcopy(network.generator).to(device)
        source = tensors_of(network.generator)
        self.pristine = {name: tensor.detach().to(device) for name, tensor in source.items()}
        fuse = acceleration.has_kernels(device)
        self.weights = LiveWeights(self.generator, self.pristine, fuse=fuse)

    def fast(self) -> FastSynthesis | None:
        """Return the fast path, None where it does not play this network (see `slow_reason`).

        Raises:
            KernelError: if a kernel cannot be compiled; that is not hidden by playing slowly.
        """
        if self._fast is None and not self.slow_reason:
            options = self._acceleration
            try:
                self._fast = FastSynthesis(
                    self.generator,
                    options.precision,
                    kernels=options.kernels,
                    stays_in_place=True,  # weights are written there, by `LiveWeights` alone
                )
            except UnsupportedNetworkError as error:
                self.slow_reason = str(error)
        return self._fast

    @property
    def prepared(self) -> FastSynthesis | None:
        """What the fast path holds, None where it does not play or was not used yet."""
        return self._fast

    @property
    def made_by(self) -> str:
        """How pictures are computed, for people, and why so."""
        if self._fast is None:
            return f"torch, layer by layer: {self.slow_reason}"
        options = self._acceleration
        return f"CUDA graphs of {options.kernels} kernels, {options.precision} precision"

    def play_fast(
        self,
        fast: FastSynthesis,
        z: Tensor,  # [1, z_dim]
        ws: Tensor | None,  # [1, num_ws, w_dim], instead of z
        params: Params,
        layer: str,  # "" for the image
    ) -> Tensor | None:  # [1, C, H, W], overwritten by the next frame
        """Run mapping and synthesis as one CUDA graph.

        None where an edit made the network one that `fast` does not play: it is given up.
        """
        source, memory = (z, fast.z) if ws is None else (ws, fast.ws)
        call = (
            source.data_ptr() == memory.data_ptr(),  # nothing to copy
            self.weights.writes,
            ws is None,
            layer,
            params.noise_mode,
            params.mapping,
        )
        if call[0] and call == self._last_call:
            return fast.again()
        self._last_call = call
        options: dict[str, Any] = {"noise_mode": params.noise_mode, "layer": layer or None}
        if ws is not None:
            options["ws"] = ws
        else:
            options |= {
                "z": z,
                "c": self._label(params.mapping.class_weights),
                "truncation_psi": params.mapping.truncation_psi,
                "truncation_cutoff": params.mapping.truncation_cutoff,
            }
        try:
            return fast(**options)
        except UnsupportedNetworkError as error:
            self._fast, self._last_call, self.slow_reason = None, (), str(error)
            return None

    def latent(
        self,
        source: LatentSource,
        params: Params,
        t: float,  # [s]
    ) -> Tensor:  # [1, z_dim], or [num_ws, w_dim] in space "w"
        """Return the vector of time `t`, or the rows that are used as `ws`.

        Where it can be, it is made in the fast path's own memory; the next frame overwrites it.
        """
        network, fast = self.generator, self._fast
        if params.latents.space == "w":
            # Rows differ only where the noise is asked to.
            out = fast.ws[0] if fast else None
            vector = source.vector(params, t, network.w_dim, rows=network.num_ws, out=out)
        else:
            vector = source.vector(params, t, network.z_dim, out=fast.z if fast else None)
        return self._upload(vector)

    def map(
        self,
        z: Tensor,  # [N, z_dim]
        params: Params,
    ) -> Tensor:  # [N, num_ws, w_dim]
        """Run the mapping network with the class and truncation of `params`."""
        label = self._label(params.mapping.class_weights)
        if label is not None:
            label = label.expand(z.shape[0], -1)
        return self.generator.mapping(
            z,
            label,
            truncation_psi=params.mapping.truncation_psi,
            truncation_cutoff=params.mapping.truncation_cutoff,
        )

    def synthesise(
        self,
        ws: Tensor,  # [N, num_ws, w_dim]
        layer: str,  # "" for the image
        noise_mode: str,
    ) -> Tensor:  # [N, C, H, W]
        """Return the image, or the output of `layer` without running the rest."""
        if not layer:
            return self.generator.synthesis(ws, noise_mode=noise_mode)
        return self.generator.synthesis(ws, noise_mode=noise_mode, layer=layer)

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

"""From the output of a layer to the pixels of a picture."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from sgview.state.machine import Timing
from sgview.state.motion import Motion
from sgview.state.params import Layer, Params, View
from sgview.state.status import BlendGroup, EditStatus, PictureStatus


@dataclass(frozen=True, eq=False)
class Picture:
    """One finished picture, and what it shows.

    On CUDA, `rgba8` may be read on another stream once that stream has waited for `ready`; keep the
    picture until the read is done. `status.statistics`, `status.is_finite`, `latent` and `timings`
    are then those of the picture before, for the host never waits for the device.
    """

    rgba8: (
        Tensor  # [H, W, 4] uint8, contiguous, row 0 on top, flips applied, on the engine's device
    )
    t: float  # [s]
    params: Params
    status: PictureStatus
    motion: Motion = field(default_factory=Motion)
    values: np.ndarray | None = None  # [n] float32, the vector that drives the network
    edits: tuple[EditStatus, ...] = ()
    blend_groups: tuple[BlendGroup, ...] = ()
    timings: tuple[Timing, ...] = ()
    ready: torch.cuda.Event | None = None  # recorded after the last write; None except on CUDA
    has_alpha: bool = False  # A is the network's own, straight; else it is 255 everywhere

    @property
    def latent(self) -> tuple[float, ...]:
        """The vector that drives the network; made when it is asked for, as few pictures are."""
        return () if self.values is None else tuple(self.values.tolist())


def select_channels(
    features: Tensor,  # [1, C, H, W]
    layer: Layer,
) -> Tensor:  # [3, H, W] or [1, H, W], a view
    """Return the channels that `layer` shows; the base channel is clamped to those there are.

    Fewer than three channels make no colours: one is shown in grey.
    """
    available = features.shape[1]
    count = 3 if layer.mode == "rgb" and available >= 3 else 1
    base = min(layer.base_channel, available - count)
    return features[0, base : base + count]


RGBA = 4  # channels of the image of a network that also makes alpha


def has_alpha(channels: int, layer_name: str, layer: Layer) -> bool:
    """Return whether the picture shows the image of a network that makes RGB and alpha.

    Args:
        channels: of the layer shown.
        layer_name: its full name, "" for the image.
        layer: how its channels are shown.
    """
    return channels == RGBA and not layer_name and layer.mode == "rgb" and not layer.base_channel


def to_rgba8(
    shown: Tensor,  # [3, H, W] or [1, H, W], -1..1 is black to white
    layer: Layer,
    view: View,
    alpha: Tensor | None = None,  # [H, W], -1..1 is clear to opaque; None: opaque
) -> Tensor:  # [H, W, 4] uint8, contiguous
    """Apply normalisation, gain and flips, and round down to 8 bits: clamp(x * 127.5 + 128).

    Alpha is flipped, and nothing else.
    """
    x = shown.to(torch.float32)
    if layer.normalise:
        x = x / x.abs().amax(dim=(1, 2), keepdim=True).clamp_min(1e-8)
    gain = 10.0 ** (layer.gain_db / 20.0)
    flips = [d for d, flip in ((1, view.flip_vertical), (2, view.flip_horizontal)) if flip]
    if flips:
        x = x.flip(flips)
    _, height, width = x.shape
    rgba8 = torch.full((height, width, 4), 255, dtype=torch.uint8, device=x.device)
    # nan_to_num: a conversion of NaN to integers is undefined; such pictures are replaced anyway.
    levels = torch.nan_to_num(x * (127.5 * gain) + 128.0).clamp_(0.0, 255.0)
    rgba8[..., :3] = levels.permute(1, 2, 0)
    if alpha is not None:
        covered = torch.nan_to_num(alpha.to(torch.float32) * 127.5 + 128.0).clamp_(0.0, 255.0)
        rgba8[..., 3] = covered.flip([d - 1 for d in flips])
    return rgba8


STATISTICS = 7
"""Numbers that `measure` returns."""


def measure(
    features: Tensor,  # [1, C, H, W]
    shown: Tensor,  # [1 or 3, H, W]
) -> Tensor:  # [7] float32: is finite, then mean, std, max abs of all, of the shown channels
    """Return the statistics of a layer, on the device, before normalisation and gain."""
    values = []
    for x in (features, shown):
        std, mean = torch.std_mean(x.to(torch.float32), correction=0)
        values += [mean, std, x.abs().amax().to(torch.float32)]
    is_finite = torch.isfinite(values[2])  # the largest absolute value shows every inf and NaN
    return torch.stack([is_finite.to(torch.float32), *values])

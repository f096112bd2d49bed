"""The output of the layer that is shown, and what the host reads back of it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from sgview.engine.diagnosis import first_bad_layer
from sgview.engine.live_network import LiveNetwork
from sgview.engine.picture.picture import STATISTICS
from sgview.engine.regions.several import Several
from sgview.engine.transfer.download import Download, HostVector
from sgview.state.networks import NetworkStatus, resolve_layer
from sgview.state.status import ChannelStatistics, EditStatus, Notice, PictureStatus

_GOOD_AGAIN = 60  # finite pictures after which a bad one is explained anew


class Features(NamedTuple):
    """The output of the shown layer, and the latent and edits it was made from."""

    output: Tensor  # [N, C, H, W]
    layer: str  # full name, "" for the image
    latent: Tensor  # [N, z_dim] or [N, num_ws, w_dim]
    several: Several | None  # all latents of the picture, where there are further ones
    rows: Tensor  # [rows, n]: z, or the rows of ws
    ws: Tensor  # [N, num_ws, w_dim]
    edits: tuple[EditStatus, ...]
    has_alpha: bool  # the fourth channel is the picture's alpha


class LayerNames:
    """Finds the layer that a name means in the network that plays."""

    def __init__(self) -> None:
        self._last: tuple[NetworkStatus, str, str | None] | None = None  # looked up last
        self._notices: list[Notice] = []

    def find(self, network: NetworkStatus, name: str) -> str:
        """Return the full name of the layer `name`, "" for the image and for unknown layers."""
        last = self._last
        if last is not None and last[0] is network and last[1] == name:
            return last[2] or ""
        found = resolve_layer(name, network.layers)
        if found is None:
            text = f"{network.name} has no layer {name}, so the image is shown."
            self._notices.append(Notice(0, "warning", text, "Pick a layer from the list."))
        self._last = (network, name, found)
        return found or ""

    def take_notices(self) -> list[Notice]:
        """Return what the user should know since the last call."""
        notices, self._notices = self._notices, []
        return notices


class Readback:
    """Reads statistics and the latent back to the host, and explains pictures that are bad.

    On CUDA what is read is that of the frame before: nothing waits for the device.
    """

    def __init__(self) -> None:
        self._download = Download()
        self._good_in_a_row = _GOOD_AGAIN
        self._notices: list[Notice] = []

    def vector(self, features: Features, device: torch.device) -> HostVector | None:
        """Return what a picture of `features` writes its values to; None: none can be read now."""
        return self._download.vector(STATISTICS + features.rows.shape[1], device)

    def expect(
        self, vector: HostVector | None, features: Features, ready: torch.cuda.Event | None
    ) -> None:
        """Note that `vector` is being written; it is once `ready` has come."""
        if vector is not None:
            self._download.expect(vector, (features.layer, features.output.shape), ready)

    def take(
        self, features: Features, rgba8: Tensor, live: LiveNetwork, noise_mode: str
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
            features.layer,
            size,
            channels,
            statistics,
            is_finite,
            made_by,
            canvas,
            live.layer_sizes,
            live.image_size,
        )
        if is_finite:
            self._good_in_a_row += 1
        else:
            self._explain_bad(live, features, noise_mode)
        return status, latent

    def take_notices(self) -> list[Notice]:
        """Return what the user should know since the last call."""
        notices, self._notices = self._notices, []
        return notices

    def close(self) -> None:
        """Free what is under way; it can be used again."""
        self._download.close()
        self._download = Download()

    def _explain_bad(self, live: LiveNetwork, features: Features, noise_mode: str) -> None:
        """Say where the first number that is not finite arises, once until pictures are good."""
        is_new = self._good_in_a_row >= _GOOD_AGAIN
        self._good_in_a_row = 0
        if is_new:
            layer = first_bad_layer(live.generator, features.ws, noise_mode)
            place = f"{layer} of {live.network.status.name}" if layer else "The network"
            text = f"{place} gives numbers that are not finite, so the last good picture stays."
            hint = "Weaken or reset the edits and blends of that layer and of those before it."
            self._notices.append(Notice(0, "warning", text, hint))

"""Latents as files hold them, and as rows of w."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from sgview.engine.latents.latents import LatentSource
from sgview.engine.latents.library import Library
from sgview.engine.live_latents import untruncated
from sgview.engine.live_network import LiveNetwork
from sgview.engine.network import fingerprint
from sgview.state.journeys import seed_of, shown_place
from sgview.state.latent_places import FilePlace
from sgview.state.motion import Motion
from sgview.state.params import Params


def exported(
    live: LiveNetwork, source: LatentSource, params: Params, motion: Motion
) -> dict[str, np.ndarray]:
    """Return the latent of a picture as it is written to a file; waits for the device.

    `ws` [1, num_ws, w_dim] before truncation, `z` [1, z_dim] where it came from one, the name
    and the fingerprint of the network, the seed of the source, and the name of the place where
    it has one.
    """
    live.weights.update(params.blend, params.edits)
    latent = live.latents.vector(source, untruncated(params), motion)
    held = {
        "network": np.array(live.network.status.name),
        "network_hash": np.array(fingerprint(live.network.generator)),
        "seed": np.array(seed_of(params)),
    }
    if (place := shown_place(params, motion)) is not None and not motion.trail:
        held["place"] = np.array(str(place))
    if latent.ndim == 2:
        held["z"] = latent.cpu().numpy()
        latent = live.latents.map(latent, untruncated(params))
    held["ws"] = latent.cpu().numpy()
    return held


def rows_of(
    live: LiveNetwork, library: Library, name: str, params: Params
) -> Tensor:  # [num_ws, w_dim], on the CPU
    """Return a latent of the library as rows of w; waits for the device.

    Raises:
        LookupError: if it cannot be played.
    """
    place = FilePlace(name)
    network = live.network.status
    is_w = library.kind(place) == "w"
    width, rows = (network.w_dim, network.num_ws) if is_w else (network.z_dim, 1)
    held = library.entry(place, width, rows)
    if held is None:
        raise LookupError(f"The latent {name} cannot be played by this network.")
    ws = held if is_w else live.latents.map(held.to(live.device), untruncated(params))[0]
    return ws.cpu()

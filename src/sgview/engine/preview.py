"""A small picture of a place, made between pictures that are seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from torch.nn.functional import interpolate

from sgview.engine.picture.picture import select_channels, to_rgba8
from sgview.state.latent_places import FilePlace, Place
from sgview.state.params import Params, View

if TYPE_CHECKING:
    from sgview.engine.engine import Engine
    from sgview.engine.network import GeneratorLike


@torch.no_grad()
def preview(
    engine: Engine,
    params: Params,  # that play at the place
    place: Place,
    side: int,  # [px]
) -> np.ndarray | None:  # uint8 [side, side, 4]
    """Return the middle square of the image, small; waits for the device.

    None if the place is a file that the networks cannot play, or there is no network.
    """
    networks = engine.networks.values()
    if not networks:
        return None
    for network in networks:
        made = cast("GeneratorLike", network.generator)
        widths = {"z": made.z_dim, "w": made.w_dim}
        if isinstance(place, FilePlace) and not engine.library.fits(place, widths):
            return None
    with engine.on_stream():
        output = engine.synthesise(params)
        height, width = output.shape[2:]
        square = min(height, width)
        top, left = (height - square) // 2, (width - square) // 2
        output = output[..., top : top + square, left : left + square].float()
        small = interpolate(output, (side, side), mode="bilinear", antialias=True)
        shown = select_channels(small, params.layer)
        return to_rgba8(shown, params.layer, View(), None).cpu().numpy()

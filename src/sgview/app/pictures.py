"""The engine's picture as the display, the files and the panel take it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from msgspec.structs import replace

from sgview.gfx.interop import DeviceImage
from sgview.state.params import Params
from sgview.state.status import Status

if TYPE_CHECKING:
    from sgview.engine.picture.picture import Picture


def pixels_of(picture: Picture) -> np.ndarray | DeviceImage:
    """Return what `Display.show` takes: host memory, or a reference to CUDA memory; no waiting."""
    rgba8 = picture.rgba8
    if rgba8.device.type != "cuda":
        return host_pixels(picture)
    height, width, _ = rgba8.shape
    return DeviceImage(
        pointer=rgba8.data_ptr(),
        width=width,
        height=height,
        download=lambda: host_pixels(picture),
        owner=picture,
        ready=picture.ready.cuda_event if picture.ready is not None else None,
        device=rgba8.device.index or 0,
    )


def host_pixels(picture: Picture) -> np.ndarray:
    """Return the pixels in host memory, uint8 [H, W, 4]; waits for the device if there is one."""
    if picture.ready is not None:
        picture.ready.synchronize()
    return picture.rgba8.cpu().numpy()


def with_picture(status: Status, picture: Picture, params: Params) -> Status:
    """Add what the engine says of the picture on the screen."""
    own = [(edit.tensor, edit.operation) for edit in params.edits]
    shown = [(edit.tensor, edit.operation) for edit in picture.params.edits]
    edits, script = status.edits, status.script
    if shown[: len(own)] == own:  # else it still shows other edits
        edits = tuple(
            edit if edit.error else replace(edit, error=act.error)
            for edit, act in zip(edits, picture.edits, strict=False)
        )
        errors = [act.error for act in picture.edits[len(own) :] if act.error]
        if script.path and errors and not script.error:
            script = replace(script, error=errors[0])
    return replace(
        status,
        blend_groups=picture.blend_groups,
        latent=picture.latent,
        edits=edits,
        script=script,
        picture=picture.status,
        timings=picture.timings,
    )

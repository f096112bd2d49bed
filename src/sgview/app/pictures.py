"""The engine's picture as the display, the files and the outputs take it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sgview.gfx.interop import DeviceImage
from sgview.outputs.picture import OutputPicture

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


def output_picture(picture: Picture) -> OutputPicture:
    """Return what outputs are offered; no waiting, and no download before one asks for it."""
    return OutputPicture(picture.rgba8, picture.params, picture.t, lambda: host_pixels(picture))


def host_pixels(picture: Picture) -> np.ndarray:
    """Return the pixels in host memory, uint8 [H, W, 4]; waits for the device if there is one."""
    if picture.ready is not None:
        picture.ready.synchronize()
    return picture.rgba8.cpu().numpy()

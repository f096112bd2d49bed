"""A texture that takes pictures from the host or straight from CUDA."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sgview.gfx.interop import DeviceImage, Interop
from sgview.gfx.texture import Texture

MakeInterop = Callable[[Texture, int], Interop]


class PictureTexture:
    """Owns a texture and its CUDA registration, which is gone before the texture changes its size.

    Args:
        make_interop: makes the CUDA path for a texture and a CUDA ordinal.
    """

    def __init__(self, make_interop: MakeInterop) -> None:
        self.texture = Texture()
        self._make_interop = make_interop
        self._interop: Interop | None = None

    def fits(self, image: DeviceImage) -> bool:
        """Return whether `image` can be copied as things are, or nothing is registered yet."""
        if self._interop is None:
            return True
        size = (self.texture.width, self.texture.height)
        return size == (image.width, image.height) and self._interop.device == image.device

    def copy(self, image: DeviceImage) -> None:
        """Queue a copy on the card; `image` must fit.

        Raises:
            InteropError: if CUDA cannot write to the texture.
            ValueError: if the picture is larger than OpenGL's largest texture.
        """
        if self._interop is None:
            self.texture.resize(image.width, image.height)
            self._interop = self._make_interop(self.texture, image.device)
        self._interop.copy(image)

    def upload(self, pixels: np.ndarray) -> None:
        """Take a picture from host memory, uint8 [H, W, 4], row 0 on top.

        Raises:
            ValueError: if it is larger than OpenGL's largest texture or not RGBA8.
        """
        self.unregister()
        self.texture.upload(pixels)

    def unregister(self) -> None:
        """End CUDA's access; nothing happens where it has none."""
        if self._interop is not None:
            self._interop.close()
            self._interop = None

    def close(self) -> None:
        """Free both, the registration first."""
        self.unregister()
        self.texture.close()

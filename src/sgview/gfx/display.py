"""The picture on the screen: a texture, filled the fastest way there is, drawn as one quad."""

from __future__ import annotations

import numpy as np

from sgview.closing import Closing
from sgview.gfx.interop import DeviceImage, Interop, InteropError
from sgview.gfx.painter import Filter, Painter
from sgview.gfx.picture_texture import MakeInterop, PictureTexture
from sgview.gfx.placement import Fit
from sgview.gfx.texture import Texture


class Display(Closing):
    """Owns two textures and their CUDA registrations.

    CUDA writes to one while OpenGL may still be drawing the other: neither waits for its turn.

    `description` names the path pictures take and why: "CUDA-OpenGL interop", or "pixel buffer
    upload (the picture is made on the CPU)". A CUDA picture that interop refuses is downloaded and
    uploaded from then on, and `description` says so.

    Args:
        make_interop: makes the CUDA path for a texture; tests put a fake here.
    """

    def __init__(self, make_interop: MakeInterop = Interop) -> None:
        self.painter = Painter()
        self._front, self._back = PictureTexture(make_interop), PictureTexture(make_interop)
        self._refusal = ""  # why interop is not used; "" while it may be
        self._shown: np.ndarray | DeviceImage | None = None
        self.description = "no picture yet"

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the picture held [px]; (0, 0) before the first."""
        return self.texture.width, self.texture.height

    @property
    def texture(self) -> Texture:
        """What holds the picture now; another one for the next."""
        return self._front.texture

    def show(self, pixels: np.ndarray | DeviceImage) -> None:
        """Take a picture, uint8 [H, W, 4] or the same in CUDA memory, row 0 on top.

        The object last given is not taken again: give a new one for each new picture.

        Raises:
            ValueError: if the picture is larger than OpenGL's largest texture or not RGBA8.
        """
        if pixels is self._shown:
            return
        if isinstance(pixels, DeviceImage):
            self._show_device(pixels)
        else:
            self._upload(pixels)
            self.description = "pixel buffer upload (the picture is made in host memory)"
        self._shown = pixels  # also keeps the memory alive while the copy may be under way

    def draw(
        self,
        rect: tuple[int, int, int, int],
        framebuffer_height: int,
        fit: Fit = "fit",
        filter: Filter = "cubic",
        zoom: float = 1.0,
    ) -> None:
        """Draw the picture into `rect`, letterboxed or cropped there.

        Args:
            rect: x, y, width, height [framebuffer px], origin top left.
            framebuffer_height: of the target [px].
            fit: "fit" all of it, "fill" or "stretch" over the rectangle, or "1:1" pixels.
            filter: how it is enlarged.
            zoom: how many times larger than `fit` says, about the centre.
        """
        self.painter.paint(self.texture, rect, framebuffer_height, fit, filter, zoom=zoom)

    def read(self) -> np.ndarray:
        """Return the texture, uint8 [H, W, 4], row 0 on top; waits for the graphics card."""
        return self.texture.read()

    def close(self) -> None:
        """Free everything; the context must be current."""
        self._shown = None
        self._front.close()
        self._back.close()
        self.painter.close()

    def _show_device(self, image: DeviceImage) -> None:
        if not self._refusal:
            try:
                self._copy_on_device(image)
                self.description = "CUDA-OpenGL interop (the picture never leaves the card)"
                return
            except InteropError as error:
                self._refusal = str(error)
        self._upload(image.download())
        self.description = f"pixel buffer upload from CUDA ({self._refusal})"

    def _copy_on_device(self, image: DeviceImage) -> None:
        if not (self._front.fits(image) and self._back.fits(image)):
            self._unregister()
        self._back.copy(image)
        self._front, self._back = self._back, self._front

    def _upload(self, pixels: np.ndarray) -> None:
        self._unregister()
        self._front.upload(pixels)

    def _unregister(self) -> None:
        self._front.unregister()
        self._back.unregister()

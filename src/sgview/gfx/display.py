"""The picture on the screen: a texture, filled the fastest way there is, drawn as one quad."""

from __future__ import annotations

from typing import Literal

import numpy as np
from OpenGL import GL

from sgview.closing import Closing
from sgview.gfx import calls
from sgview.gfx.interop import DeviceImage, Interop, InteropError
from sgview.gfx.picture_texture import MakeInterop, PictureTexture
from sgview.gfx.placement import Fit, Rect, place
from sgview.gfx.program import Program
from sgview.gfx.texture import Texture

Filter = Literal["nearest", "linear"]
Corners = tuple[float, float, float, float]  # left, top, right, bottom in [-1, 1] of a rectangle


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
        self._program = Program("image.vert", "image.frag")
        self._shrinking = Program("image.vert", "image_shrunk.frag")
        self._vertices = int(GL.glGenVertexArrays(1))  # empty, but core profile demands one
        self._front, self._back = PictureTexture(make_interop), PictureTexture(make_interop)
        self._refusal = ""  # why interop is not used; "" while it may be
        self._shown: np.ndarray | DeviceImage | None = None
        self._placed_for: tuple[object, ...] = ()  # picture, space and fit that were asked for last
        self._placed: tuple[Corners, bool] = ((-1.0, 1.0, 1.0, -1.0), False)
        self.description = "no picture yet"

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the picture held [px]; (0, 0) before the first."""
        return self._texture.width, self._texture.height

    @property
    def _texture(self) -> Texture:
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
        filter: Filter = "linear",
    ) -> None:
        """Draw the picture into `rect`, letterboxed or cropped there.

        Args:
            rect: x, y, width, height [framebuffer px], origin top left.
            framebuffer_height: of the target [px].
            fit: "fit" all of it, "fill" the rectangle, or "1:1" pixels.
            filter: how it is resampled.
        """
        x, y, width, height = rect
        texture = self._texture
        if not texture.width or width <= 0 or height <= 0:
            return
        asked = (texture.width, texture.height, rect, fit)
        if asked != self._placed_for:
            self._placed, self._placed_for = _lay_out(self.size, Rect(*rect), fit), asked
        corners, is_shrunk = self._placed
        # The viewport maps [-1, 1] to `rect`; the quad may overhang, scissors cut it.
        bottom = framebuffer_height - y - height
        calls.viewport(x, bottom, width, height)
        calls.scissor(x, bottom, width, height)
        calls.enable(GL.GL_SCISSOR_TEST)
        calls.disable(GL.GL_BLEND)
        calls.disable(GL.GL_DEPTH_TEST)
        program = self._shrinking if is_shrunk else self._program
        program.use()
        program.set_float4("u_rect", corners)
        texture.bind(filter)  # to texture unit 0, the default of samplers
        calls.bind_vertex_array(self._vertices)
        calls.draw_arrays(GL.GL_TRIANGLE_STRIP, 0, 4)
        calls.bind_vertex_array(0)
        calls.bind_texture(GL.GL_TEXTURE_2D, 0)
        calls.use_program(0)
        calls.disable(GL.GL_SCISSOR_TEST)

    def read(self) -> np.ndarray:
        """Return the texture, uint8 [H, W, 4], row 0 on top; waits for the graphics card."""
        return self._texture.read()

    def close(self) -> None:
        """Free everything; the context must be current."""
        self._shown = None
        self._front.close()
        self._back.close()
        if self._vertices:
            GL.glDeleteVertexArrays(1, [self._vertices])
            self._vertices = 0
        self._program.close()
        self._shrinking.close()

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


def _lay_out(picture: tuple[int, int], space: Rect, fit: Fit) -> tuple[Corners, bool]:
    """Return where a picture of (width, height) [px] lies in `space`, and whether it is shrunk."""
    quad = place(picture, space, fit)
    left = 2 * (quad.x - space.x) / space.width - 1
    top = 1 - 2 * (quad.y - space.y) / space.height
    right = left + 2 * quad.width / space.width
    bottom = top - 2 * quad.height / space.height
    is_shrunk = quad.width < picture[0] or quad.height < picture[1]
    return (left, top, right, bottom), is_shrunk

"""An RGBA8 texture and the upload into it."""

from __future__ import annotations

import ctypes

import numpy as np
from OpenGL import GL

from sgview.closing import Closing
from sgview.gfx import calls

BYTES_PER_PIXEL = 4


class Texture(Closing):
    """One RGBA8 picture in OpenGL's memory, row 0 on top.

    Uploads go through a pixel buffer that is orphaned each time, so that the driver copies in the
    background instead of waiting for the previous frame to be drawn.
    """

    def __init__(self) -> None:
        self.id = int(GL.glGenTextures(1))
        self.width = 0  # [px]
        self.height = 0
        self._buffer = 0
        self._filter = ""  # that OpenGL was told last
        GL.glBindTexture(GL.GL_TEXTURE_2D, self.id)
        for side in (GL.GL_TEXTURE_WRAP_S, GL.GL_TEXTURE_WRAP_T):
            GL.glTexParameteri(GL.GL_TEXTURE_2D, side, GL.GL_MIRRORED_REPEAT)
        # One level only: without this the texture is incomplete for minifying filters.
        GL.glTexParameteri(GL.GL_TEXTURE_2D, GL.GL_TEXTURE_MAX_LEVEL, 0)
        GL.glBindTexture(GL.GL_TEXTURE_2D, 0)

    def resize(self, width: int, height: int) -> bool:
        """Give the texture this size [px], contents undefined; return whether it changed.

        Raises:
            ValueError: if the size is not within what this OpenGL can hold.
        """
        if (width, height) == (self.width, self.height):
            return False
        largest = int(GL.glGetIntegerv(GL.GL_MAX_TEXTURE_SIZE))
        if not (0 < width <= largest and 0 < height <= largest):
            raise ValueError(
                f"a picture of {width} × {height} pixels cannot be shown: "
                f"this graphics card takes 1 to {largest} a side"
            )
        GL.glBindTexture(GL.GL_TEXTURE_2D, self.id)
        GL.glTexImage2D(
            GL.GL_TEXTURE_2D, 0, GL.GL_RGBA8, width, height, 0,
            GL.GL_RGBA, GL.GL_UNSIGNED_BYTE, None,
        )  # fmt: skip
        GL.glBindTexture(GL.GL_TEXTURE_2D, 0)
        self.width, self.height = width, height
        return True

    def upload(self, pixels: np.ndarray) -> None:
        """Fill the texture from `pixels`, uint8 [H, W, 4], row 0 on top; takes their size.

        Raises:
            ValueError: if `pixels` has another shape or type.
        """
        if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != BYTES_PER_PIXEL:
            raise ValueError(f"expected uint8 [H, W, 4], got {pixels.dtype} {list(pixels.shape)}")
        pixels = np.ascontiguousarray(pixels)
        height, width = pixels.shape[:2]
        self.resize(width, height)
        if not self._buffer:
            self._buffer = int(GL.glGenBuffers(1))
        GL.glBindBuffer(GL.GL_PIXEL_UNPACK_BUFFER, self._buffer)
        GL.glBufferData(GL.GL_PIXEL_UNPACK_BUFFER, pixels.nbytes, pixels, GL.GL_STREAM_DRAW)
        GL.glBindTexture(GL.GL_TEXTURE_2D, self.id)
        GL.glPixelStorei(GL.GL_UNPACK_ALIGNMENT, BYTES_PER_PIXEL)
        GL.glTexSubImage2D(
            GL.GL_TEXTURE_2D, 0, 0, 0, width, height,
            GL.GL_RGBA, GL.GL_UNSIGNED_BYTE, ctypes.c_void_p(0),
        )  # fmt: skip
        GL.glBindTexture(GL.GL_TEXTURE_2D, 0)
        GL.glBindBuffer(GL.GL_PIXEL_UNPACK_BUFFER, 0)

    def bind(self, filter_name: str) -> None:
        """Bind to texture unit 0 with `filter_name` "nearest" or "linear"."""
        calls.active_texture(GL.GL_TEXTURE0)
        calls.bind_texture(GL.GL_TEXTURE_2D, self.id)
        if filter_name != self._filter:
            self._filter = filter_name
            mode = GL.GL_NEAREST if filter_name == "nearest" else GL.GL_LINEAR
            calls.tex_parameter(GL.GL_TEXTURE_2D, GL.GL_TEXTURE_MIN_FILTER, mode)
            calls.tex_parameter(GL.GL_TEXTURE_2D, GL.GL_TEXTURE_MAG_FILTER, mode)

    def read(self) -> np.ndarray:
        """Return the contents, uint8 [H, W, 4]; waits for the graphics card."""
        pixels = np.empty((self.height, self.width, BYTES_PER_PIXEL), np.uint8)
        GL.glBindTexture(GL.GL_TEXTURE_2D, self.id)
        GL.glPixelStorei(GL.GL_PACK_ALIGNMENT, BYTES_PER_PIXEL)
        GL.glGetTexImage(GL.GL_TEXTURE_2D, 0, GL.GL_RGBA, GL.GL_UNSIGNED_BYTE, pixels)
        GL.glBindTexture(GL.GL_TEXTURE_2D, 0)
        return pixels

    def close(self) -> None:
        """Delete texture and buffer; whoever registered the texture unregisters it first."""
        if self._buffer:
            GL.glDeleteBuffers(1, [self._buffer])
            self._buffer = 0
        if self.id:
            GL.glDeleteTextures(1, [self.id])
            self.id = self.width = self.height = 0

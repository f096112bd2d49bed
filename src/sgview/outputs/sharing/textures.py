"""Spout (Windows) and Syphon (macOS): the picture stays on the graphics card, shared as a texture.

Both are written to the libraries' documented interfaces and tested with stand-ins for them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from sgview.closing import Closing
from sgview.outputs.backlog import Backlog
from sgview.outputs.picture import OutputPicture
from sgview.outputs.video import OutputError
from sgview.state.status import OutputStatus

GL_TEXTURE_2D = 0x0DE1


class TextureServer(Protocol):
    """Shares a texture of the window's OpenGL with other programs, on the window's thread."""

    def publish(self, texture: int, width: int, height: int) -> None:
        """Share RGBA8 pixels, row 0 on top."""
        ...

    def close(self) -> None:
        """Stop sharing."""
        ...


class SpoutServer:
    """Texture sharing on Windows, through DirectX.

    Raises:
        ImportError: without the library.
    """

    def __init__(self, name: str) -> None:
        import SpoutGL

        self._name = name
        self._sender = SpoutGL.SpoutSender()
        self._sender.setSenderName(name)

    def publish(self, texture: int, width: int, height: int) -> None:
        """Share a texture; it is not turned over, for its row 0 is on top as in DirectX."""
        if not self._sender.sendTexture(texture, GL_TEXTURE_2D, width, height, False, 0):
            raise OutputError("Spout does not take the picture from this graphics card.")
        self._sender.setFrameSync(self._name)

    def close(self) -> None:
        """Take the sender off the list."""
        self._sender.releaseSender()


class SyphonServer:
    """Texture sharing on macOS; made where the window's OpenGL context is current.

    Raises:
        ImportError: without the library.
    """

    def __init__(self, name: str) -> None:
        import syphon

        self._server = syphon.SyphonOpenGLServer(name)

    def publish(self, texture: int, width: int, height: int) -> None:
        """Share a texture; it is flipped, for OpenGL counts rows from below."""
        size = (width, height)
        self._server.publish_frame_texture(
            texture, region=(0, 0, width, height), size=size, is_flipped=True
        )

    def close(self) -> None:
        """Take the server off the list."""
        self._server.stop()


class SharedTexture(Closing):
    """An `Output` that shares the picture without it ever leaving the graphics card.

    Args:
        server: closed with the output.
        target: what the panel shows of where pictures go.
        now: the source of real time [s].
    """

    def __init__(
        self, server: TextureServer, target: str, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._server = server
        self._target = target
        self._is_closed = False
        self._size = (0, 0)
        self._backlog = Backlog(1, now)

    def offer(self, picture: OutputPicture) -> None:
        """Draw the picture into a texture and share it; the graphics card does both, later.

        Raises:
            OutputError: if there is no OpenGL, or the library refuses.
        """
        if picture.texture is None:
            raise OutputError(f"{self._target} shares textures of the window, which has none.")
        self._server.publish(picture.texture(), *picture.size)
        self._size = picture.size
        with self._backlog.lock:
            self._backlog.note_written()

    def status(self) -> OutputStatus:
        """Return how it goes."""
        backlog = self._backlog
        with backlog.lock:
            return OutputStatus(
                target=self._target,
                size=self._size,
                rate=backlog.rate(),
                written=backlog.written,
            )

    def close(self) -> None:
        """Stop sharing; idempotent."""
        if not self._is_closed:
            self._is_closed = True
            self._server.close()

"""The picture as textures: as the window shows it, and as outputs that share textures get it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

import numpy as np

from sgview.app.pictures import pixels_of
from sgview.closing import Closing
from sgview.gfx.display import Display
from sgview.gfx.draw_timer import DrawTimer
from sgview.gfx.interop import DeviceImage
from sgview.gfx.offscreen import Offscreen
from sgview.gfx.texture import Texture
from sgview.state.machine import Stage
from sgview.state.notices import Notices
from sgview.state.output_frame import OutputFrame

if TYPE_CHECKING:
    from sgview.engine.picture.picture import Picture


class PictureTextures(Closing):
    """Owns the display of the window, and what holds a picture for others.

    Args:
        timer: times uploads.
        notices: told what cannot be shown.
        now: the source of real time [s].

    Attributes:
        newest: the newest picture, shown or not; None while nothing plays.
        shown: the picture that the display holds.
    """

    def __init__(self, timer: DrawTimer, notices: Notices, now: Callable[[], float]) -> None:
        self._timer, self._notices, self._now = timer, notices, now
        self._owned = ExitStack()
        self.display = self._owned.enter_context(Display())
        self.newest: Picture | None = None
        self.shown: Picture | None = None
        self._framed: Offscreen | None = None  # as an output that shares textures gets it
        self._kept_display: Display | None = None  # of a picture that is frozen
        self._kept_pixels: tuple[Picture, np.ndarray | DeviceImage] | None = None

    def upload(self, picture: Picture | None) -> None:
        """Bring a new picture to the display; None when nothing plays."""
        self.shown = picture
        if picture is not None:
            try:
                with self._timer.stage(Stage.UPLOAD):
                    self.display.show(pixels_of(picture))
            except ValueError as error:  # larger than this graphics card can hold
                self._notices.add("error", str(error), "Pick a smaller layer.", now=self._now())

    def texture_of(self, picture: Picture) -> Texture | None:
        """Return the texture that holds `picture`, brought there if need be; None if none can.

        It is the one that the window draws, unless the window has gone on to another.
        """
        if picture is self.shown:
            return self.display.texture
        if picture is self.newest:
            self.upload(picture)
            return self.display.texture if picture is self.shown else None
        if self._kept_display is None:
            self._kept_display = self._owned.enter_context(Display())
        self._kept_display.show(self._pixels_kept(picture))
        return self._kept_display.texture

    def framed_texture(
        self, picture: Picture, frame: OutputFrame, size: tuple[int, int], level: float
    ) -> int:
        """Draw `picture` as an output gets it; return the texture's name, row 0 below.

        It holds the picture until this is called again.
        """
        texture = self.texture_of(picture)
        if self._framed is None:
            self._framed = self._owned.enter_context(Offscreen())
        with self._framed.drawn(size):
            if texture is not None:
                self.display.painter.paint(
                    texture,
                    (0, 0, *size),
                    size[1],
                    frame.fit,
                    frame.resampling,
                    rotation=frame.rotation,
                    edges=frame.edges,
                    level=level,
                    has_alpha=picture.has_alpha,
                )
        return self._framed.texture.id

    def close(self) -> None:
        """Free the textures; idempotent."""
        self._owned.close()

    def _pixels_kept(self, picture: Picture) -> np.ndarray | DeviceImage:
        """Return the pixels of a picture that stays, the same object each time."""
        if self._kept_pixels is None or self._kept_pixels[0] is not picture:
            self._kept_pixels = (picture, pixels_of(picture))
        return self._kept_pixels[1]

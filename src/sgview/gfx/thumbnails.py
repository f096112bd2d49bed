"""Small pictures for the panel: a texture each, uploaded when it is first shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from sgview.closing import Closing
from sgview.gfx.texture import Texture


class Thumbnails(Closing):
    """Owns a texture for every small picture that is shown."""

    def __init__(self) -> None:
        self._textures: dict[str, tuple[np.ndarray, Texture]] = {}

    def show(self, pictures: Mapping[str, np.ndarray]) -> dict[str, int]:
        """Return the OpenGL name of a texture for each picture.

        Args:
            pictures: uint8 [H, W, 4] by name; those of the last call that are the same objects are
                not uploaded again, missing ones are freed.
        """
        self._forget(self._textures.keys() - pictures.keys())
        for name, pixels in pictures.items():
            old = self._textures.get(name)
            if old is not None and old[0] is pixels:
                continue
            texture = old[1] if old is not None else Texture()
            texture.upload(pixels)
            texture.bind("linear")
            self._textures[name] = (pixels, texture)
        return {name: texture.id for name, (_, texture) in self._textures.items()}

    def close(self) -> None:
        """Free all; closing again does nothing."""
        self._forget(list(self._textures))

    def _forget(self, names: Iterable[str]) -> None:
        for name in names:
            self._textures.pop(name)[1].close()

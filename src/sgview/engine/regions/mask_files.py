"""Pictures that are masks: PNG files, read as data and bounded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from sgview.state.status import Notice

LARGEST = 64 << 20  # of a file [bytes]
MOST_PIXELS = 1 << 25
KEPT_SIDE = 1024  # larger ones are made smaller [px]
_MOST_FILES = 8  # held in memory


class MaskFileError(ValueError):
    """A file that cannot be a mask, and why."""


def read_mask(path: Path) -> Tensor:  # [H, W] float32, 0..1
    """Return the grey of a PNG times its alpha, no side longer than `KEPT_SIDE`.

    Raises:
        MaskFileError: if it is no PNG, is damaged, or is too large.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise MaskFileError(f"{path} is larger than any mask")
        with Image.open(path, formats=("PNG",)) as image:
            if image.width * image.height > MOST_PIXELS:
                size = f"{image.width} × {image.height} px"
                raise MaskFileError(f"{path} is larger than any mask: {size}")
            return torch.from_numpy(_grey(image))
    except MaskFileError:
        raise
    except (OSError, ValueError, LookupError, SyntaxError, Image.DecompressionBombError) as error:
        # Pillow raises SyntaxError for a PNG whose parts are damaged
        raise MaskFileError(f"{path} cannot be read as a PNG: {error}") from error


def _grey(image: Image.Image) -> np.ndarray:  # [H, W] float32
    if image.mode.startswith("I"):  # of 16 bits
        values = np.asarray(image, np.float32) / 65535.0
        picture = Image.fromarray(values.clip(0.0, 1.0))
    else:
        both = np.asarray(image.convert("RGBA").convert("LA"), np.float32) / 255.0
        picture = Image.fromarray(both[..., 0] * both[..., 1])
    factor = -(-max(picture.size) // KEPT_SIDE)
    return np.array(picture.reduce(factor) if factor > 1 else picture, np.float32)


class MaskFiles:
    """Masks by their names, each read once; what cannot be read is told once.

    Args:
        find: returns the file of a name, None if there is none.
    """

    def __init__(self, find: Callable[[str], Path | None]) -> None:
        self._find = find
        self._files: dict[str, Tensor | None] = {}  # None: it cannot be read
        self._notices: list[Notice] = []

    def read(self, name: str) -> Tensor | None:  # [H, W] on the CPU
        """Return the mask in a file; None, and a notice, if there is none."""
        if not name.strip():
            return None
        if name not in self._files:
            while len(self._files) >= _MOST_FILES:
                self._files.pop(next(iter(self._files)))
            self._files[name] = self._read(name.strip())
        return self._files[name]

    def forget(self) -> None:
        """Read files anew when they are asked for: they may have changed."""
        self._files.clear()

    def take_notices(self) -> list[Notice]:
        """Return what the user should know since the last call."""
        notices, self._notices = self._notices, []
        return notices

    def _read(self, name: str) -> Tensor | None:
        try:
            path = self._find(name)
            if path is None:
                raise MaskFileError(f"There is no mask {name}.")
            return read_mask(path)
        except MaskFileError as error:
            hint = "Until there is one, its region is not in the picture."
            self._notices.append(Notice(0, "warning", str(error), hint))
            return None

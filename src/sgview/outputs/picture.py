"""What outputs are offered: a picture, left where it is until somebody wants its pixels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Protocol

import numpy as np

from sgview.state.params import Params


class Pixels(Protocol):
    """[H, W, 4] uint8, row 0 on top, in the memory of any device; nobody writes to it."""

    @property
    def shape(self) -> Sequence[int]:
        """Height, width [px], 4."""
        ...


@dataclass(frozen=True, eq=False)
class OutputPicture:
    """One picture for all outputs; keep it as long as its pixels are read."""

    rgba8: Pixels
    params: Params  # it was made with
    t: float  # the instant it shows [s]
    download: Callable[[], np.ndarray]  # waits for the device, and returns the pixels on the host
    _lock: Lock = field(default_factory=Lock, init=False, repr=False)
    _on_host: list[np.ndarray] = field(default_factory=list, init=False, repr=False)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height [px]."""
        height, width = self.rgba8.shape[:2]
        return width, height

    def host(self) -> np.ndarray:
        """Return the pixels in host memory, uint8 [H, W, 4], read-only; safe from any thread.

        Waits for the device, so it is for threads of outputs. However many ask, the picture is
        downloaded once.
        """
        with self._lock:
            if not self._on_host:
                pixels = self.download()
                pixels.flags.writeable = False  # every output has the same ones
                self._on_host.append(pixels)
            return self._on_host[0]

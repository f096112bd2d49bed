"""A picture that is not finite is never shown: the last good one stays."""

from __future__ import annotations

import torch
from torch import Tensor


class LastGood:
    """Remembers the last good picture and puts it in the place of bad ones."""

    def __init__(self):
        self._last: Tensor | None = None

    def keep(
        self,
        rgba8: Tensor,  # [H, W, 4] uint8
        is_finite: Tensor,  # [] 0 or 1, on the same device
    ) -> Tensor:  # [H, W, 4] uint8
        """Return `rgba8` if it is good, else the last good one.

        On CUDA the device decides, for the host would have to wait to know; so the last good one
        has to be of the same size, else the picture is black.
        """
        if rgba8.device.type == "cpu":
            if is_finite or self._last is None:
                self._last = rgba8 if is_finite else _black(rgba8)
            return self._last
        last = self.of_size(*rgba8.shape[:2])
        self._last = torch.where(is_finite > 0, rgba8, _black(rgba8) if last is None else last)
        return self._last

    def of_size(self, height: int, width: int) -> Tensor | None:  # [H, W, 4] uint8
        """Return the last good picture, None if there is none of this size [px]."""
        last = self._last
        return last if last is not None and last.shape[:2] == (height, width) else None

    def remember(self, rgba8: Tensor) -> None:  # [H, W, 4] uint8
        """Take a picture that is good, or a copy of the last one."""
        self._last = rgba8

    def forget(self) -> None:
        """Drop the remembered picture."""
        self._last = None


def _black(rgba8: Tensor) -> Tensor:
    black = torch.zeros_like(rgba8)
    black[..., 3] = 255
    return black

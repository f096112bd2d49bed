"""A pool of drawn pictures on the training device, renewed while training goes on."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from tools.training.images import draw


class PicturePool:
    """A ring of chunks, each drawn from its own seed: chunk `n` is the same on every run.

    Attributes:
        drawn: chunks drawn so far; with the seed, it says exactly what the pool holds.
    """

    def __init__(
        self,
        family: str,
        *,
        size: int,  # pixels
        capacity: int,  # pictures; rounded down to whole chunks
        chunk: int,
        seed: int,
        device: torch.device,
    ) -> None:
        self._family, self._size, self._seed = family, size, seed
        self._device = device
        self._chunk = min(chunk, capacity)
        self._slots = capacity // self._chunk
        count = self._slots * self._chunk
        self._pixels = torch.zeros(count, 3, size, size, dtype=torch.uint8, device=device)
        self.drawn = 0

    def __len__(self) -> int:
        """Pictures ready to be sampled."""
        return min(self.drawn, self._slots) * self._chunk

    @property
    def capacity(self) -> int:
        """Pictures that fit."""
        return self._slots * self._chunk

    def renew(self) -> None:
        """Draw the next chunk over the oldest."""
        self._draw(self.drawn)
        self.drawn += 1

    def restore(self, drawn: int) -> None:
        """Hold again what the pool held after `drawn` chunks."""
        for number in range(max(0, drawn - self._slots), drawn):
            self._draw(number)
        self.drawn = drawn

    def sample(
        self, count: int, resolution: int, generator: torch.Generator
    ) -> Tensor:  # [count, 3, resolution, resolution] float32 in [-1, 1]
        """Random pictures, averaged down to `resolution`."""
        index = torch.randint(len(self), (count,), generator=generator, device=self._device)
        pictures = self._pixels[index].float() / 127.5 - 1
        return shrink(pictures, resolution)

    def first(self, count: int) -> Tensor:  # [count, 3, size, size] in [-1, 1]
        """The first pictures of the pool, for contact sheets."""
        return self._pixels[:count].float() / 127.5 - 1

    def _draw(self, number: int) -> None:
        seed = (self._seed * 1_000_003 + number * 7919 + 17) % (1 << 62)
        generator = torch.Generator(self._device).manual_seed(seed)
        pictures = draw(self._family, self._chunk, generator, self._size)
        start = number % self._slots * self._chunk
        pixels = ((pictures + 1) * 127.5).round_().clamp_(0, 255)
        self._pixels[start : start + self._chunk] = pixels.byte()


def shrink(pictures: Tensor, resolution: int) -> Tensor:  # [N, 3, r, r]
    """Average blocks of pixels down to `resolution`."""
    factor = pictures.shape[-1] // resolution
    return pictures if factor == 1 else F.avg_pool2d(pictures, factor)

"""Noise that moves sideways, by any part of a pixel, and goes on round the edges."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from sgview.engine.transfer.upload import Upload

Way = tuple[float, float]
"""To the right and up, in sizes of the picture, 0..1: round the edges."""
STILL: Way = (0.0, 0.0)


class Drift:
    """Moves noises in place.

    By their Fourier transforms: a mean of neighbouring pixels would be softer halfway between two
    than on one, and the noise would seem to pulse. Noises of one size are moved together.

    Args:
        noises: [H, W] each, on one device.
    """

    def __init__(self, noises: Sequence[Tensor]) -> None:
        self._groups: dict[tuple[int, int], list[Tensor]] = {}
        for noise in noises:
            self._groups.setdefault((noise.shape[0], noise.shape[1]), []).append(noise)
        count = sum(height + width // 2 + 1 for height, width in self._groups)
        self._phases = torch.zeros(count, dtype=torch.complex64, device=noises[0].device)
        self._upload = Upload(self._phases)
        self._spectra: list[Tensor] = []  # [n, H, W // 2 + 1], a group each

    def take(self) -> None:
        """Take the noises as they are now for those that have not moved."""
        self._spectra = [torch.fft.rfft2(torch.stack(group)) for group in self._groups.values()]

    def move(self, way: Way) -> None:
        """Write the noises, moved."""
        right, up = way
        axes = [
            phases
            for height, width in self._groups
            for phases in (phases_of(height, -up), phases_of(width, right)[: width // 2 + 1])
        ]
        self._upload.send(np.concatenate(axes))
        start = 0
        for (size, group), spectra in zip(self._groups.items(), self._spectra, strict=True):
            middle, end = start + size[0], start + size[0] + size[1] // 2 + 1
            rows, columns = self._phases[start:middle], self._phases[middle:end]
            start = end
            moved = torch.fft.irfft2(spectra * rows.unsqueeze(1) * columns, s=size)
            for noise, values in zip(group, moved, strict=True):
                noise.copy_(values)


def phases_of(
    count: int,  # of pixels along one axis
    shift: float,  # in sizes of the picture
) -> np.ndarray:  # [count] complex128
    """Return the factors of the frequencies 0, 1 .. -1 that shift white noise as strong as it is.

    The highest one of an even count has no phase of its own and is weaker between pixels; the
    others make up for it.
    """
    frequencies = np.fft.fftfreq(count, 1.0 / count)
    phases = np.exp(-2j * math.pi * frequencies * shift)
    if count % 2 == 0:
        phases[count // 2] = math.cos(math.pi * count * shift)
    return phases / math.sqrt(np.mean(np.abs(phases) ** 2))

"""What both families draw with: a pixel grid, random factors, soft edges, and a volume of noise."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

import torch
from torch import Tensor

from tools.training.colour import oklch


class Canvas:
    """A batch of pictures in the making: OKLab planes, the grid they lie on, and their dice.

    Attributes:
        lab: the pictures so far, [N, 3, size, size] OKLab.
        x, y: pixel centres in [-1, 1], right and up, [1, 1, size, size].
        pixel: width of a pixel in the same units.
    """

    def __init__(self, count: int, size: int, generator: torch.Generator) -> None:
        self.count, self.size, self.generator = count, size, generator
        self.device = generator.device
        steps = (torch.arange(size, device=self.device) + 0.5) * (2 / size) - 1
        self.x = steps.view(1, 1, 1, size).expand(1, 1, size, size)
        self.y = -steps.view(1, 1, size, 1).expand(1, 1, size, size)
        self.pixel = 2 / size
        self.lab = torch.zeros(count, 3, size, size, device=self.device)

    def uniform(self, low: float, high: float, columns: int = 1) -> Tensor:
        """Independent values in [low, high), [N, columns, 1, 1]."""
        shape = (self.count, columns, 1, 1)
        values = torch.rand(shape, generator=self.generator, device=self.device)
        return values * (high - low) + low

    def chance(self, probability: float) -> Tensor:
        """1 with the given probability, else 0; [N, 1, 1, 1]."""
        return (self.uniform(0, 1) < probability).float()

    def choice(self, values: Sequence[float]) -> Tensor:
        """One of `values` for each picture, all equally likely; [N, 1, 1, 1]."""
        table = torch.tensor(values, dtype=torch.float32, device=self.device)
        picked = torch.randint(
            len(values), (self.count, 1, 1, 1), generator=self.generator, device=self.device
        )
        return table[picked]

    def colour(self, lightness: Tensor, chroma: Tensor, hue: Tensor) -> Tensor:
        """OKLab colour [N, 3, 1, 1] from lightness, chroma and hue in turns."""
        return oklch(lightness, chroma, hue)

    def paint(self, colour: Tensor, cover: Tensor) -> None:
        """Lay `colour` ([N, 3, ..]) over the picture where `cover` ([N, 1, H, W]) is 1."""
        self.lab = torch.lerp(self.lab, colour.expand_as(self.lab), cover)

    def shade(self, factor: Tensor) -> None:
        """Multiply the light by `factor` [N, 1, H, W]; hue and saturation stay."""
        self.lab = self.lab * factor

    def edge(self, distance: Tensor, softness: float = 0.75) -> Tensor:
        """Coverage of a shape from its signed distance (positive inside), anti-aliased."""
        return (distance * (0.5 / (softness * self.pixel)) + 0.5).clamp(0, 1)


def smoothstep(low: Tensor | float, high: Tensor | float, x: Tensor) -> Tensor:
    """Cubic step from 0 at `low` to 1 at `high`."""
    t = ((x - low) / (high - low)).clamp(0, 1)
    return t * t * (3 - 2 * t)


def bump(x: Tensor, width: Tensor | float) -> Tensor:
    """Gaussian bell of height 1 around 0; `width` is where it has fallen to 1/e."""
    return torch.exp(-((x / width) ** 2))


_VOLUME = 96
_SLOPES = (1.4, 1.9, 1.25)  # amplitude ~ frequency^-slope: continents, warps, clouds


@functools.lru_cache(maxsize=4)
def _noise_volume(device: torch.device) -> Tensor:
    """Periodic band-limited noise, zero mean, unit variance, [1, 3, V + 1, V + 1, V + 1].

    One volume serves all pictures: each looks at it from its own place and angle.
    """
    generator = torch.Generator().manual_seed(20)
    frequency = torch.fft.fftfreq(_VOLUME) * _VOLUME
    k2 = frequency[:, None, None] ** 2 + frequency[None, :, None] ** 2 + frequency**2
    k = k2.sqrt().clamp(min=1)
    planes = []
    for slope in _SLOPES:
        white = torch.randn(_VOLUME, _VOLUME, _VOLUME, generator=generator)
        # in three dimensions amplitudes of k^-(slope + 1) give octaves of k^-(slope - 0.5)
        gain = k ** -(slope + 1) * torch.exp(-((k / 26) ** 4)) * (k2 >= 2)
        plane = torch.fft.ifftn(torch.fft.fftn(white) * gain).real
        planes.append(plane / plane.std())
    volume = torch.stack(planes)
    for dim in (1, 2, 3):  # one more voxel, so that interpolation wraps around
        volume = torch.cat([volume, volume.narrow(dim, 0, 1)], dim)
    return volume[None].to(device)


def noise(
    points: Tensor,  # [N, 3, H, W], one period is 1
) -> Tensor:  # [N, 3, H, W]
    """Three independent smooth noises: continents, warps, clouds; about unit variance."""
    count, _, height, width = points.shape
    volume = _noise_volume(points.device)
    wrapped = (points - points.floor()) * 2 - 1
    grid = wrapped.permute(0, 2, 3, 1).reshape(1, count * height, width, 1, 3)
    values = torch.nn.functional.grid_sample(volume, grid, mode="bilinear", align_corners=True)
    return values.reshape(3, count, height, width).transpose(0, 1)


def turn(x: Tensor, y: Tensor, angle: Tensor) -> tuple[Tensor, Tensor]:
    """Coordinates as seen from axes turned by `angle` [rad]."""
    cos, sin = torch.cos(angle), torch.sin(angle)
    return x * cos + y * sin, y * cos - x * sin


TAU = 2 * math.pi

"""The discriminator: residual blocks with a picture entrance at every resolution.

Karras et al. 2020 (StyleGAN2), section 4.1: residual discriminator, and input skips. Both together
let training start at a low resolution and grow: an entrance is already there, and a new block
comes in through a gain that starts at zero.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_TAPS = (1.0, 3.0, 3.0, 1.0)


class Conv(nn.Module):
    """Convolution with equalised learning rate; `down` halves the picture through a low-pass."""

    filter: Tensor  # [1, 1, 4, 4]

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: int,
        *,
        down: bool = False,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(out_channels, in_channels, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(out_channels)) if bias else None
        self.gain = 1 / math.sqrt(in_channels * kernel * kernel)
        self.kernel, self.down = kernel, down
        taps = torch.tensor(_TAPS)
        f = taps.outer(taps) / taps.sum() ** 2
        self.register_buffer("filter", f[None, None], persistent=False)

    def forward(self, x: Tensor, gain: float = 1.0) -> Tensor:
        """Convolve in the type of `x`; `gain` multiplies weight and bias alike."""
        weight = self.weight * (self.gain * gain)
        padding = self.kernel // 2
        if self.down:
            # Filtering first and convolving with stride 2 is one convolution with a wider kernel.
            o, i, k, _ = weight.shape
            weight = F.conv2d(weight.reshape(o * i, 1, k, k), self.filter, padding=3)
            weight = weight.reshape(o, i, k + 3, k + 3)
            padding = (k + 1) // 2
        bias = None if self.bias is None else (self.bias * gain).to(x.dtype)
        return F.conv2d(x, weight.to(x.dtype), bias, stride=2 if self.down else 1, padding=padding)


class Block(nn.Module):
    """Residual block that halves the resolution."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv0 = Conv(in_channels, in_channels, 3)
        self.conv1 = Conv(in_channels, out_channels, 3, down=True)
        self.skip = Conv(in_channels, out_channels, 1, down=True, bias=False)

    def forward(self, x: Tensor) -> Tensor:  # [N, C, r, r] -> [N, C', r / 2, r / 2]
        """Two convolutions and a shortcut, of unit gain together."""
        # leaky ReLU is positively homogeneous: its gain sqrt(2) goes into the convolution
        y = F.leaky_relu(self.conv0(x, math.sqrt(2)), 0.2)
        y = F.leaky_relu(self.conv1(y, 1.0), 0.2)  # sqrt(2) * sqrt(1/2)
        return y + self.skip(x, math.sqrt(0.5))


class Discriminator(nn.Module):
    """Pictures of any trained resolution to one logit each."""

    def __init__(
        self,
        resolution: int,
        channel_base: int = 8192,
        channel_max: int = 256,
        start: int = 4,  # blocks above this resolution come in gently
    ) -> None:
        super().__init__()
        self.resolution = resolution
        self.entrances = nn.ModuleDict()
        self.blocks = nn.ModuleDict()
        self.gains = nn.ParameterDict()
        r = resolution
        while r >= 8:
            here, below = (min(channel_base // s, channel_max) for s in (r, r // 2))
            self.entrances[f"{r}"] = Conv(3, here, 1)
            self.blocks[f"{r}"] = Block(here, below)
            initial = 0.0 if r > start else math.sqrt(0.5)
            self.gains[f"{r}"] = nn.Parameter(torch.tensor(initial))
            r //= 2
        last = min(channel_base // 4, channel_max)
        self.entrances["4"] = Conv(3, last, 1)
        self.conv = Conv(last + 1, last, 3)
        self.fc = Conv(last, last, 4)
        self.out = Conv(last, 1, 1)

    def forward(
        self,
        images: Tensor,  # [N, 3, r, r] float32 in about [-1, 1]
        dtype: torch.dtype = torch.float32,  # of all blocks above 8 px
    ) -> Tensor:  # [N] float32
        """Logits: positive for "real"."""
        r = images.shape[-1]
        images = images.contiguous(memory_format=torch.channels_last)
        x = self._enter(images, r, dtype)
        while r >= 8:
            x = self.blocks[f"{r}"](x) * self.gains[f"{r}"].to(x.dtype)
            r //= 2
            images = F.avg_pool2d(images, 2)
            kind = dtype if r > 8 else torch.float32
            x = x.to(kind) + self._enter(images, r, kind) * math.sqrt(0.5)
        x = torch.cat([x, _batch_deviation(x)], dim=1)
        x = F.leaky_relu(self.conv(x, math.sqrt(2)), 0.2)
        x = F.leaky_relu(self._project(x), 0.2)
        return self.out(x).flatten()

    def _enter(self, images: Tensor, r: int, dtype: torch.dtype) -> Tensor:
        return F.leaky_relu(self.entrances[f"{r}"](images.to(dtype), math.sqrt(2)), 0.2)

    def _project(self, x: Tensor) -> Tensor:  # [N, C, 4, 4] -> [N, C, 1, 1]
        weight = self.fc.weight * (self.fc.gain * math.sqrt(2))
        assert self.fc.bias is not None
        return F.conv2d(x, weight, self.fc.bias * math.sqrt(2))


def _batch_deviation(x: Tensor, group: int = 4) -> Tensor:  # [N, C, 4, 4] -> [N, 1, 4, 4]
    """How much neighbours in the batch differ: Karras et al. 2018, section 3.

    Groups are consecutive, so that real and generated pictures may share a batch in halves.
    """
    group = math.gcd(group, len(x))
    y = x.view(-1, group, *x.shape[1:])
    deviation = (y.var(dim=1, unbiased=False) + 1e-8).sqrt().mean([1, 2, 3])  # [N / group]
    deviation = deviation.repeat_interleave(group)
    return deviation[:, None, None, None].expand(-1, 1, *x.shape[2:])

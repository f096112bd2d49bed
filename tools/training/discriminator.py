"""The discriminator: residual blocks with a picture entrance at every resolution.

Karras et al. 2020 (StyleGAN2), section 4.1: residual discriminator, and input skips. Both together
let training start at a low resolution and grow: an entrance is already there, and a new block
comes in through a gain that starts at zero. An entrance sees blocks of 2 x 2 pixels as channels, so
that nothing runs at full resolution, where memory is slow and tensor cores idle; halving is by
averaging, so that every convolution is a plain one.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tools.training.scale_act import halve, scale_act

_PICTURE = 16  # channels of 2 x 2 pixels of 3 colours, padded as tensor cores want


class Conv(nn.Module):
    """Convolution with equalised learning rate, bias and leaky ReLU."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel: int, *, is_linear: bool = False
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(out_channels, in_channels, kernel, kernel))
        self.bias = None if is_linear else nn.Parameter(torch.zeros(out_channels))
        self.gain = 1 / math.sqrt(in_channels * kernel * kernel)

    def forward(
        self, x: Tensor, gain: float = 1.0, *, is_plain: bool = False, padding: int | None = None
    ) -> Tensor:
        """Convolve in the type of `x`; `gain` multiplies weight and bias alike.

        `is_plain`: only with operations that can be differentiated twice.
        """
        weight = self.weight * (self.gain * gain)
        spare = x.shape[1] - weight.shape[1]
        if spare:
            weight = F.pad(weight, (0, 0, 0, 0, 0, spare))
        weight = weight.to(x.dtype).contiguous(memory_format=torch.channels_last)
        x = F.conv2d(x, weight, padding=self.weight.shape[-1] // 2 if padding is None else padding)
        if self.bias is None:
            return x
        # leaky ReLU is positively homogeneous: any gain may go into the convolution
        return scale_act(x, shift=self.bias * gain, slope=0.2, is_plain=is_plain)


class Block(nn.Module):
    """Two convolutions and a shortcut; halves the picture."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv0 = Conv(in_channels, in_channels, 3)
        self.conv1 = Conv(in_channels, out_channels, 3)
        self.skip = Conv(in_channels, out_channels, 1, is_linear=True)

    def forward(self, x: Tensor, is_plain: bool) -> Tensor:  # [N, C, r, r] -> [N, C', r / 2, r / 2]
        """Two convolutions and a shortcut, of unit gain together."""
        y = self.conv0(x, math.sqrt(2), is_plain=is_plain)
        # sqrt(2) * sqrt(1/2)
        y = self.conv1(halve(y), 1.0, is_plain=is_plain)
        return y + self.skip(halve(x), math.sqrt(0.5))


class Discriminator(nn.Module):
    """Pictures of any trained resolution to one logit each.

    Blocks and entrances are named by the resolution of their features.
    """

    def __init__(
        self,
        resolution: int,
        channel_base: int = 8192,
        channel_max: int = 256,
        start: int = 8,  # pictures of more pixels come in gently
    ) -> None:
        super().__init__()
        self.resolution = resolution
        self.entrances = nn.ModuleDict()
        self.blocks = nn.ModuleDict()
        self.gains = nn.ParameterDict()
        r = resolution // 2
        while r >= 4:
            here = min(channel_base // r, channel_max)
            self.entrances[f"{r}"] = Conv(12, here, 3)
            if r > 4:
                below = min(channel_base // (r // 2), channel_max)
                self.blocks[f"{r}"] = Block(here, below)
                initial = 0.0 if 2 * r > start else math.sqrt(0.5)
                self.gains[f"{r}"] = nn.Parameter(torch.tensor(initial))
            r //= 2
        last = min(channel_base // 4, channel_max)
        self.conv = Conv(last + 1, last, 3)
        self.fc = Conv(last, last, 4)
        self.out = Conv(last, 1, 1, is_linear=True)
        self.out_bias = nn.Parameter(torch.zeros(1))

    def forward(
        self,
        images: Tensor,  # [N, 3, r, r] float32 in about [-1, 1]
        dtype: torch.dtype = torch.float32,  # of all features above 4 px
        *,
        is_plain: bool = False,  # only operations that can be differentiated twice
    ) -> Tensor:  # [N] float32
        """Logits: positive for "real"."""
        r = images.shape[-1] // 2
        x = self._enter(images, r, dtype, is_plain)
        while r > 4:
            x = self.blocks[f"{r}"](x, is_plain) * self.gains[f"{r}"].to(x.dtype)
            r //= 2
            images = F.avg_pool2d(images, 2)
            x = x + self._enter(images, r, dtype, is_plain) * math.sqrt(0.5)
        x = x.float()
        x = torch.cat([x, _batch_deviation(x)], dim=1)
        x = self.conv(x, math.sqrt(2), is_plain=is_plain)
        x = self.fc(x, math.sqrt(2), is_plain=is_plain, padding=0)
        return self.out(x).flatten() + self.out_bias

    def _enter(self, images: Tensor, r: int, dtype: torch.dtype, is_plain: bool) -> Tensor:
        x = F.pixel_unshuffle(images, 2)
        x = F.pad(x, (0, 0, 0, 0, 0, _PICTURE - x.shape[1])).to(dtype)
        x = x.contiguous(memory_format=torch.channels_last)
        return self.entrances[f"{r}"](x, math.sqrt(2), is_plain=is_plain)


def _batch_deviation(x: Tensor, group: int = 4) -> Tensor:  # [N, C, 4, 4] -> [N, 1, 4, 4]
    """How much neighbours in the batch differ: Karras et al. 2018, section 3.

    Groups are consecutive, so that real and generated pictures may share a batch in halves.
    """
    group = math.gcd(group, len(x))
    y = x.view(-1, group, *x.shape[1:])
    deviation = (y.var(dim=1, unbiased=False) + 1e-8).sqrt().mean([1, 2, 3])  # [N / group]
    deviation = deviation.repeat_interleave(group)
    return deviation[:, None, None, None].expand(-1, 1, *x.shape[2:])

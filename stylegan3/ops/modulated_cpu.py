"""Modulated convolution on a CPU: styles and demodulation go where the least has to be touched.

Channels-last throughout, as oneDNN runs such convolutions at the rate of matrix products. Where
pictures are large and weights few, styles and factors go into the weights, which are then written
for each picture; where it is the other way round, into the picture and what follows. With many
channels Winograd's algorithm spares most products (`winograd`).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from stylegan3.ops import winograd
from stylegan3.ops.memo import Memo

_FEW_PIXELS = 64**2  # up to which a matrix product is quicker than a convolution of 1x1
_WIDTH = 8  # outputs that oneDNN computes at a time: fewer take longer


def convolve(
    x: Tensor,  # [N, I, H, W], or [1, I, H, W]: the same for all
    weight: Tensor,  # [O, I, kH, kW]
    scale: Tensor,  # [N, I]
    factors: Tensor | None,  # [N, O]; None: 1
    padding: int,
    memo: Memo,
    bias: Tensor | None = None,  # [O], added last
) -> Tensor:  # [N, O, H', W'], its own memory
    """Return `factors * (weight * (scale * x)) + bias`."""
    if memo.trusts_counters and winograd.suits_winograd(x, weight, padding):
        transformed = memo.get("winograd", (weight,), lambda: winograd.transform_weight(weight))
        return winograd.convolve(x, transformed, len(weight), scale, factors, bias, padding)
    is_folded = _is_folded(x, weight, scale)
    if is_folded:
        weight = _folded(weight, scale, factors)
    else:
        weight = memo.get("packed", (weight,), lambda: _channels_last(weight))
        x = x * scale[:, :, None, None]
    x = x.contiguous(memory_format=torch.channels_last)
    own_bias = bias if factors is None or is_folded else None
    if weight.shape[2:] == (1, 1) and padding == 0:
        y = _pointwise(x, weight, own_bias)
    else:  # conv2d has slow forms of its own for few pixels or channels
        y = torch.mkldnn_convolution(x, weight, own_bias, [padding] * 2, [1, 1], [1, 1], 1)
    if factors is not None and not is_folded:
        y.mul_(factors[:, :, None, None])
        if bias is not None:
            y.add_(bias[:, None, None])
    return y


def convolve_up(
    x: Tensor,  # [N, I, H, W], or [1, I, H, W]: the same for all
    weight: Tensor,  # [O, I, kH, kW]
    scale: Tensor,  # [N, I]
    factors: Tensor | None,  # [N, O]; None: 1
    resample_filter: Tensor,  # [T, T] or [T]
    pads: tuple[int, int, int, int],  # of the filter: left, right, top, bottom
    memo: Memo,
    bias: Tensor | None = None,  # [O], added last
) -> Tensor:  # [N, O, 2 H, 2 W], its own memory
    """Do as `convolve` after inserting zeros, and filter before the bias is added.

    The convolution is a transposed one; factors go into the filter, which has a few values a
    channel.
    """
    if _is_folded(x, weight, scale):
        weight = _folded(weight, scale, None).transpose(0, 1)
    else:
        weight = memo.get("packed up", (weight,), lambda: _channels_last(weight.transpose(0, 1)))
        x = x * scale[:, :, None, None]
    x = x.contiguous(memory_format=torch.channels_last)
    y = F.conv_transpose2d(x, weight, stride=2)
    is_single = len(scale) == 1
    channels = y.shape[1]
    kernel = memo.get(
        "filter", (resample_filter,), lambda: _filter(resample_filter, channels), channels
    )
    if factors is not None and is_single:
        kernel = kernel * factors.view(channels, 1, 1, 1)
    padding = (pads[2], pads[0])
    if pads[0] != pads[1] or pads[2] != pads[3] or min(pads) < 0:
        y, padding = F.pad(y, pads), (0, 0)
    own_bias = bias if factors is None or is_single else None
    y = F.conv2d(y, kernel, own_bias, padding=padding, groups=channels)
    if factors is not None and not is_single:
        y.mul_(factors[:, :, None, None])
        if bias is not None:
            y.add_(bias[:, None, None])
    return y


def _is_folded(x: Tensor, weight: Tensor, scale: Tensor) -> bool:
    """Whether writing the weights anew touches less than scaling input and output does."""
    pixels = x.shape[2] * x.shape[3]
    return len(scale) == 1 and weight.numel() < pixels * (weight.shape[0] + weight.shape[1])


def _folded(weight: Tensor, scale: Tensor, factors: Tensor | None) -> Tensor:
    weight = weight * scale[0, :, None, None]
    if factors is not None:
        weight.mul_(factors[0, :, None, None, None])
    return _channels_last(weight)


def _channels_last(weight: Tensor) -> Tensor:
    return weight.contiguous(memory_format=torch.channels_last)


def _pointwise(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:  # [N, O, H, W]
    """Convolve with weights of 1x1."""
    channels = len(weight)
    n, channels_in, height, width = x.shape
    if n * height * width <= _FEW_PIXELS:
        pixels, weight = x.permute(0, 2, 3, 1).reshape(-1, channels_in), weight.flatten(1).t()
        y = torch.mm(pixels, weight) if bias is None else torch.addmm(bias, pixels, weight)
        return y.view(n, height, width, channels).permute(0, 3, 1, 2)
    missing = max(0, _WIDTH - channels)
    weight = F.pad(weight, (0, 0) * 3 + (0, missing))
    bias = None if bias is None else F.pad(bias, (0, missing))
    y = torch.mkldnn_convolution(x, weight, bias, [0, 0], [1, 1], [1, 1], 1)
    return y[:, :channels]


def _filter(f: Tensor, channels: int) -> Tensor:  # [C, 1, T, T]
    """Return the weights of a depthwise convolution that fills in between inserted zeros."""
    f = f if f.ndim == 2 else f[:, None] * f[None, :]
    return 4 * f.flip(0, 1).expand(channels, 1, *f.shape).contiguous()

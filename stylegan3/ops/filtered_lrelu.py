"""Leaky ReLU between an up- and a downsampling filter: StyleGAN3's alias-free nonlinearity."""

from __future__ import annotations

import math

import torch.nn.functional as F
from torch import Tensor

from stylegan3.ops.bias_act import LEAKY_SLOPE
from stylegan3.ops.upfirdn2d import Padding, upfirdn2d, upfirdn2d_ref


def filtered_lrelu(
    x: Tensor,  # [N, C, H, W]
    up_filter: Tensor | None = None,  # [T], [T, T] or None: identity
    down_filter: Tensor | None = None,  # [T], [T, T] or None: identity
    bias: Tensor | None = None,  # [C]
    *,
    up: int = 1,
    down: int = 1,
    padding: Padding = (0, 0, 0, 0),
    gain: float = math.sqrt(2),
    slope: float = LEAKY_SLOPE,
    clamp: float | None = None,
) -> Tensor:  # [N, C, H', W']
    """Bias, upsampling, leaky ReLU, gain, clamp, downsampling.

    Karras et al. 2021 (StyleGAN3), section 2.1 and appendix D: the nonlinearity is applied at a
    higher sampling rate, where the frequencies it creates do not alias. `padding` is
    [x0, x1, y0, y1] of the upsampled picture.

    Raises:
        ValueError: if shapes do not fit (see `upfirdn2d`), or `bias` has not C values.
    """
    _check(x, bias)
    if bias is not None:
        x = x + bias.to(x.dtype)[:, None, None]
    x = upfirdn2d(x, up_filter, up=up, padding=padding, gain=up**2)
    if slope != 1:
        x = F.leaky_relu(x, slope)
    if gain != 1:
        x = x * gain
    if clamp is not None:
        x = x.clamp(-clamp, clamp)
    return upfirdn2d(x, down_filter, down=down)


def filtered_lrelu_ref(
    x: Tensor,
    up_filter: Tensor | None = None,
    down_filter: Tensor | None = None,
    bias: Tensor | None = None,
    *,
    up: int = 1,
    down: int = 1,
    padding: Padding = (0, 0, 0, 0),
    gain: float = math.sqrt(2),
    slope: float = LEAKY_SLOPE,
    clamp: float | None = None,
) -> Tensor:
    """`filtered_lrelu` step by step."""
    _check(x, bias)
    if bias is not None:
        x = x + bias.to(x.dtype)[:, None, None]
    x = upfirdn2d_ref(x, up_filter, up=up, padding=padding, gain=up**2)
    x = F.leaky_relu(x, slope) * gain
    if clamp is not None:
        x = x.clamp(-clamp, clamp)
    return upfirdn2d_ref(x, down_filter, down=down)


def _check(x: Tensor, bias: Tensor | None) -> None:
    if bias is not None and bias.shape != x.shape[1:2]:
        raise ValueError(f"bias must have shape [{x.shape[1]}], not {list(bias.shape)}")

"""Leaky ReLU between an up- and a downsampling filter: StyleGAN3's alias-free nonlinearity."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from stylegan3.ops import Impl, depthwise
from stylegan3.ops.bias_act import LEAKY_SLOPE
from stylegan3.ops.memo import Memo
from stylegan3.ops.upfirdn2d import Padding, upfirdn2d, upfirdn2d_ref

CHANNEL_BLOCK = 16  # channels that one vector register holds
CHUNK = 2**21  # values of the upsampled picture worked on at a time: 8 MiB


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
    memo: Memo | None = None,  # remembers what follows from the filters alone
    impl: Impl = "auto",
) -> Tensor:  # [N, C, H', W']
    """Bias, upsampling, leaky ReLU, gain, clamp, downsampling.

    Karras et al. 2021 (StyleGAN3), section 2.1 and appendix D: the nonlinearity is applied at a
    higher sampling rate, where the frequencies it creates do not alias. `padding` is
    [x0, x1, y0, y1] of the upsampled picture.

    Raises:
        ValueError: if shapes do not fit (see `upfirdn2d`), or `bias` has not C values.
    """
    if impl == "ref":
        return filtered_lrelu_ref(
            x,
            up_filter,
            down_filter,
            bias,
            up=up,
            down=down,
            padding=padding,
            gain=gain,
            slope=slope,
            clamp=clamp,
        )
    _check(x, bias)
    is_quick = len(x) > 0 and depthwise.suits_depthwise(x)
    if is_quick and up_filter is not None and down_filter is not None:
        return _filtered_lrelu_chunks(
            x, up_filter, down_filter, bias, up, down, padding, gain, slope, clamp, memo or Memo()
        )
    if bias is not None:
        x = x + bias.to(x.dtype)[:, None, None]
    x = upfirdn2d(x, up_filter, up=up, padding=padding, gain=up**2, memo=memo)
    if slope != 1:
        x = F.leaky_relu(x, slope)
    if gain != 1:
        x = x * gain
    if clamp is not None:
        x = x.clamp(-clamp, clamp)
    return upfirdn2d(x, down_filter, down=down, memo=memo)


def _filtered_lrelu_chunks(
    x: Tensor,
    up_filter: Tensor,
    down_filter: Tensor,
    bias: Tensor | None,
    up: int,
    down: int,
    padding: Padding,
    gain: float,
    slope: float,
    clamp: float | None,
    memo: Memo,
) -> Tensor:
    """The same on a CPU, a few channels at a time so that the large picture stays in the cache.

    The gain moves before the nonlinearity, which a positive factor passes through; the clamp is
    left out where the largest value that the upsampling filter can produce is below it.
    """
    pads_x, pads_y = padding[:2], padding[2:]
    n, channels, height, width = x.shape
    step = max(CHANNEL_BLOCK, CHUNK // (height * width * up**2) // CHANNEL_BLOCK * CHANNEL_BLOCK)
    step = min(step, channels)
    up_kernels, down_kernels, peak_gain = memo.get(
        f"kernels {step} {up} {gain}",
        (up_filter, down_filter),
        lambda: (
            depthwise.up_kernels(up_filter.to(x), step, up**2 * gain),
            depthwise.down_kernels(down_filter.to(x), step),
            _sum(up_filter) ** (2 if up_filter.ndim == 1 else 1) * up**2 * abs(gain),
        ),
    )
    out: Tensor | None = None
    for sample in range(n):
        for start in range(0, channels, step):
            chunk = slice(start, min(start + step, channels))
            y = x[sample : sample + 1, chunk]
            if bias is not None:
                y = y + bias[chunk, None, None]
            y = y.contiguous(memory_format=torch.channels_last)
            # the margin covers rounding; NaN compares false and is clamped, which keeps it
            is_bounded = clamp is None or _peak(y) * peak_gain * 1.001 < clamp
            y = depthwise.upsample(y, up_kernels, up, pads_y, pads_x)
            F.leaky_relu_(y, slope)
            if not is_bounded:
                assert clamp is not None
                y.clamp_(-clamp, clamp)
            y = depthwise.downsample(y, down_kernels, down)
            if n == 1 and step >= channels:
                return y
            if out is None:
                shape = (n, channels, *y.shape[2:])
                out = torch.empty(shape, dtype=x.dtype, memory_format=torch.channels_last)
            out[sample : sample + 1, chunk] = y
    assert out is not None
    return out


def _sum(f: Tensor) -> float:
    """Sum of absolute values."""
    return float(f.detach().abs().sum())


def _peak(x: Tensor) -> float:
    """Largest absolute value; two reductions are faster than `abs` and one."""
    x = x.detach()
    return max(float(x.amax()), -float(x.amin()))


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

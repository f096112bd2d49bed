"""Convolution whose weights are scaled per sample: the place where styles act."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from stylegan3.ops import Impl, modulated_cpu
from stylegan3.ops.depthwise import suits_depthwise
from stylegan3.ops.memo import Memo
from stylegan3.ops.upfirdn2d import upfirdn2d, upfirdn2d_ref

EPSILON = 1e-8


def normalise_weight(weight: Tensor) -> Tensor:  # [O, I, kH, kW]
    """Every output channel divided by its root-mean-square; zero stays zero."""
    return weight * (weight.square().mean([1, 2, 3], keepdim=True) + EPSILON).rsqrt()


def normalise_styles(styles: Tensor) -> Tensor:  # [N, I]
    """Styles divided by their root-mean-square over the whole batch; zero stays zero."""
    return styles * (styles.square().mean() + EPSILON).rsqrt()


def modulated_conv2d(
    x: Tensor,  # [N, I, H, W], or [1, I, H, W]: the same for all styles
    weight: Tensor,  # [O, I, kH, kW]
    styles: Tensor,  # [N, I]
    *,
    demodulate: bool = True,
    padding: int = 0,
    up: int = 1,
    resample_filter: Tensor | None = None,  # [T, T], needed where up = 2
    input_gain: Tensor | None = None,  # []
    bias: Tensor | None = None,  # [O], added last
    memo: Memo | None = None,  # remembers what follows from weight alone
    impl: Impl = "auto",
) -> Tensor:  # [N, O, H', W']
    """Convolve with weights scaled per sample by `styles`, optionally after upsampling by 2.

    Weight modulation and demodulation: Karras et al. 2020 (StyleGAN2), section 2.2, equations 1-3.
    Scaling the weights of a convolution equals scaling its input and output channels, so that one
    convolution with shared weights serves the whole batch.

    Raises:
        ValueError: if channel counts disagree, or `up` is not 1 or 2.
    """
    if impl == "ref":
        return modulated_conv2d_ref(
            x,
            weight,
            styles,
            demodulate=demodulate,
            padding=padding,
            up=up,
            resample_filter=resample_filter,
            input_gain=input_gain,
            bias=bias,
        )
    _check(x, weight, styles, up, resample_filter)
    memo = memo or Memo()
    if is_quick_on_cpu(x, weight, styles, *(() if bias is None else (bias,))):
        scale = styles if input_gain is None else styles * input_gain
        factors = demodulation(weight, styles, memo) if demodulate else None
        if up == 1:
            return modulated_cpu.convolve(x, weight, scale, factors, padding, memo, bias)
        assert resample_filter is not None
        pads = up_padding(resample_filter, weight.shape[-1], padding)
        return modulated_cpu.convolve_up(
            x, weight, scale, factors, resample_filter, pads, memo, bias
        )
    is_float16 = x.dtype == torch.float16
    packed, energy = memo.get(
        f"packed {x.dtype}",
        (weight,),
        lambda: _pack(weight, x.dtype, up, is_float16 and demodulate),
    )
    if is_float16 and demodulate:
        styles = styles / styles.abs().amax(1, keepdim=True).clamp_min(EPSILON)
    scale = styles if input_gain is None else styles * input_gain
    x = x * scale.to(x.dtype)[:, :, None, None]
    if up == 1:
        x = F.conv2d(x, packed, padding=padding)
    else:
        x = F.conv_transpose2d(x, packed, stride=2)
        pads = up_padding(resample_filter, weight.shape[-1], padding)
        x = upfirdn2d(x, resample_filter, padding=pads, gain=4, memo=memo)
    if demodulate:
        factors = (styles.square() @ energy.t() + EPSILON).rsqrt().to(x.dtype)[:, :, None, None]
        x = x * factors if torch.is_grad_enabled() else x.mul_(factors)
    return x if bias is None else x + bias.to(x.dtype)[:, None, None]


def is_quick_on_cpu(x: Tensor, *others: Tensor) -> bool:
    """Whether `modulated_cpu` can convolve: all float32 on a CPU, nothing to be differentiated."""
    if torch.is_grad_enabled() and any(t.requires_grad for t in others):
        return False
    is_float32 = all(t.dtype == torch.float32 for t in others)
    return is_float32 and len(x) > 0 and suits_depthwise(x)


def demodulation(weight: Tensor, styles: Tensor, memo: Memo, gain: float = 1.0) -> Tensor:  # [N, O]
    """Return what makes the squares of a sample's modulated weights sum to `gain`^2 an output."""
    energy = memo.get("energy", (weight,), lambda: weight.square().sum([2, 3]).t() / gain**2, gain)
    return (styles.square() @ energy).add_(EPSILON / gain**2).rsqrt_()


def _pack(
    weight: Tensor, dtype: torch.dtype, up: int, limit: bool
) -> tuple[Tensor, Tensor]:  # weight as the convolution wants it, its squared sums [O, I]
    if limit:
        # keeps float16 sums in range; demodulation, from the squared sums of the same, undoes it
        peak = weight.abs().amax([1, 2, 3], keepdim=True).clamp_min(EPSILON)
        weight = weight / (peak * weight[0].numel() ** 0.5)
    packed = weight if up == 1 else weight.transpose(0, 1)
    packed = packed.to(dtype).contiguous()
    return packed, weight.square().sum([2, 3])


def modulated_conv2d_ref(
    x: Tensor,
    weight: Tensor,
    styles: Tensor,
    *,
    demodulate: bool = True,
    padding: int = 0,
    up: int = 1,
    resample_filter: Tensor | None = None,
    input_gain: Tensor | None = None,
    bias: Tensor | None = None,
) -> Tensor:
    """`modulated_conv2d` as the paper writes it: one set of weights per sample."""
    _check(x, weight, styles, up, resample_filter)
    outputs = []
    for sample, style in zip(x.expand(len(styles), -1, -1, -1).split(1), styles, strict=True):
        w = weight * style[None, :, None, None]
        if demodulate:
            w = w * (w.square().sum([1, 2, 3], keepdim=True) + EPSILON).rsqrt()
        if input_gain is not None:
            w = w * input_gain
        w = w.to(x.dtype)
        if up == 1:
            y = F.conv2d(sample, w, padding=padding)
        else:
            y = F.conv_transpose2d(sample, w.transpose(0, 1), stride=2)
            pads = up_padding(resample_filter, weight.shape[-1], padding)
            y = upfirdn2d_ref(y, resample_filter, padding=pads, gain=4)
        outputs.append(y if bias is None else y + bias.to(y.dtype)[:, None, None])
    return torch.cat(outputs)


def up_padding(
    resample_filter: Tensor | None, kernel: int, padding: int
) -> tuple[int, int, int, int]:
    """Padding after the stride-2 transposed convolution, so that H becomes 2 H."""
    assert resample_filter is not None
    taps = resample_filter.shape[0]
    # what upsampling pads and the convolution pads, less the kernel - 1 samples on either side by
    # which the transposed convolution already grew; it inserts no zero after the last sample
    low = (taps + 1) // 2 + padding - (kernel - 1)
    high = (taps - 2) // 2 + padding - (kernel - 2)
    return (low, high, low, high)


def _check(
    x: Tensor, weight: Tensor, styles: Tensor, up: int, resample_filter: Tensor | None
) -> None:
    if x.ndim != 4 or weight.ndim != 4 or weight.shape[1] != x.shape[1]:
        raise ValueError(f"weight {list(weight.shape)} does not fit x {list(x.shape)}")
    if styles.shape[1:] != x.shape[1:2] or len(x) not in (1, len(styles)):
        raise ValueError(f"styles must have shape {list(x.shape[:2])}, not {list(styles.shape)}")
    if up not in (1, 2) or (up == 2 and resample_filter is None):
        raise ValueError(f"up must be 1, or 2 with a resample_filter, not {up}")

"""A layer of StyleGAN2 in one step: modulated convolution, noise, bias and activation."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from stylegan3.ops import Impl, modulated_cpu
from stylegan3.ops.bias_act import ACTIVATIONS, LEAKY_SLOPE, bias_act, bias_act_ref
from stylegan3.ops.enlarge import crop_centre
from stylegan3.ops.memo import Memo
from stylegan3.ops.modulated_conv2d import (
    demodulation,
    is_quick_on_cpu,
    modulated_conv2d,
    modulated_conv2d_ref,
    up_padding,
)


def modulated_layer(
    x: Tensor,  # [N, I, H, W], or [1, I, H, W]: the same for all
    weight: Tensor,  # [O, I, kH, kW]
    styles: Tensor,  # [N, I]
    bias: Tensor,  # [O]
    *,
    noise: Tensor | None = None,  # [H', W'] or [N, 1, H', W'], added to all channels
    padding: int = 0,
    up: int = 1,
    resample_filter: Tensor | None = None,  # [T, T], needed where up = 2
    size: tuple[int, int] | None = None,  # height and width to crop to; None: as it comes
    act: str = "lrelu",
    gain: float = 1.0,  # on top of the activation's own
    clamp: float | None = None,
    memo: Memo | None = None,  # remembers what follows from weight alone
    impl: Impl = "auto",
) -> Tensor:  # [N, O, H', W']
    """Convolve with the demodulated weights of each sample, add noise and bias, activate.

    Karras et al. 2020 (StyleGAN2), figure 2c: `clamp(act(conv(x) + noise + bias) * gain)`. The
    leaky ReLU lets a positive gain through, so that on a CPU it goes before the noise, into the
    convolution.

    Raises:
        ValueError: if shapes do not fit, or the activation is unknown.
    """
    if impl == "ref":
        y = modulated_conv2d_ref(
            x, weight, styles, padding=padding, up=up, resample_filter=resample_filter
        )
        y = y if size is None else crop_centre(y, size)
        y = y if noise is None else y + noise.to(y.dtype)
        return bias_act_ref(y, bias, act=act, gain=_gain(act, gain), clamp=clamp)
    if act == "lrelu" and gain > 0 and is_quick_on_cpu(x, weight, styles, bias):
        return _quick(
            x, weight, styles, bias, noise, padding, up, resample_filter, size, gain, clamp, memo
        )
    y = modulated_conv2d(
        x, weight, styles, padding=padding, up=up, resample_filter=resample_filter, memo=memo
    )
    y = y if size is None else crop_centre(y, size)
    y = y if noise is None else y + noise.to(y.dtype)
    return bias_act(y, bias, act=act, gain=_gain(act, gain), clamp=clamp)


def _quick(
    x: Tensor,
    weight: Tensor,
    styles: Tensor,
    bias: Tensor,
    noise: Tensor | None,
    padding: int,
    up: int,
    resample_filter: Tensor | None,
    size: tuple[int, int] | None,
    gain: float,
    clamp: float | None,
    memo: Memo | None,
) -> Tensor:
    """Do all behind the convolution in place."""
    memo = memo or Memo()
    gain = _gain("lrelu", gain)
    factors = demodulation(weight, styles, memo, gain)
    bias = bias * gain
    if up == 1:
        y = modulated_cpu.convolve(x, weight, styles, factors, padding, memo, bias)
    else:
        assert resample_filter is not None
        pads = up_padding(resample_filter, weight.shape[-1], padding)
        f = resample_filter.to(x)
        y = modulated_cpu.convolve_up(x, weight, styles, factors, f, pads, memo, bias)
    y = y if size is None else crop_centre(y, size)
    if noise is not None:
        y.add_(noise, alpha=gain)
    F.leaky_relu_(y, LEAKY_SLOPE)
    return y if clamp is None else y.clamp_(-clamp, clamp)


def _gain(act: str, gain: float) -> float:
    """Return the whole gain.

    Raises:
        ValueError: if the activation is unknown.
    """
    if act not in ACTIVATIONS:
        raise ValueError(f"activation must be one of {', '.join(ACTIVATIONS)}, not {act!r}")
    return ACTIVATIONS[act].gain * gain

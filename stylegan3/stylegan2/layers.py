"""StyleGAN2's layers: Karras et al. 2020, and the shortcut of its resnet variant."""

from __future__ import annotations

import math
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from stylegan3.layers import check_noise_mode
from stylegan3.mapping import FullyConnected
from stylegan3.ops.bias_act import bias_act
from stylegan3.ops.enlarge import enlarge_noise
from stylegan3.ops.filters import resample_filter
from stylegan3.ops.memo import Memo
from stylegan3.ops.modulated_conv2d import modulated_conv2d
from stylegan3.ops.modulated_layer import modulated_layer
from stylegan3.ops.upfirdn2d import upsample2d
from stylegan3.stylegan2.config import StyleGAN2Config


class SynthesisLayer(nn.Module):
    """Modulated convolution, noise, bias, activation: section 2.2."""

    noise_const: Tensor  # [H, W]
    resample_filter: Tensor  # [T, T]

    def __init__(
        self,
        config: StyleGAN2Config,
        in_channels: int,
        out_channels: int,
        size: tuple[int, int],  # height and width of its output [px]
        up: int,
    ) -> None:
        super().__init__()
        self._memo = Memo()
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.w_dim = config.w_dim
        self.size = size
        self.resolution = size[0]
        self.up = up
        self.padding = config.conv_kernel // 2
        self.use_noise = config.use_noise
        self.activation = config.activation
        self.conv_clamp = config.conv_clamp
        self.affine = FullyConnected(config.w_dim, in_channels, bias_init=1.0)
        kernel = config.conv_kernel
        self.weight = nn.Parameter(torch.randn(out_channels, in_channels, kernel, kernel))
        self.register_buffer("resample_filter", resample_filter(config.resample_filter))
        if config.use_noise:
            self.noise_strength = nn.Parameter(torch.zeros([]))
            self.register_buffer("noise_const", torch.randn(size))
        self.bias = nn.Parameter(torch.zeros(out_channels))

    def forward(
        self,
        x: Tensor,  # [N, C_in, H, W], or [1, C_in, H, W]: the same for all w, noise too
        w: Tensor,  # [N, w_dim]
        noise_mode: str = "const",  # "const": noise_const; "random": fresh; "none"
        fused_modconv: bool | None = None,  # how the published code computes; accepted, unused
        gain: float = 1.0,
        size: tuple[int, int] | None = None,  # height and width of its output on another canvas
    ) -> Tensor:  # [N, C_out, *size]
        """Convolve with the styles of `w`; `gain` scales activation and clamp alike."""
        check_noise_mode(noise_mode)
        noise = None
        if self.use_noise and noise_mode != "none":
            own = size or self.size
            if noise_mode == "random":
                noise = self.noise_const.new_empty(len(x), 1, *own).normal_()
                noise = noise * self.noise_strength
            else:
                noise = self._const_noise(own)
        return modulated_layer(
            x,
            self.weight,
            self.affine(w),
            self.bias,
            noise=noise,
            padding=self.padding,
            up=self.up,
            resample_filter=self.resample_filter if self.up > 1 else None,
            size=size,
            act=self.activation,
            gain=gain,
            clamp=None if self.conv_clamp is None else self.conv_clamp * gain,
            memo=self._memo,
        )

    def _const_noise(self, size: tuple[int, int]) -> Tensor:  # [*size]
        noise, strength = self.noise_const, self.noise_strength
        if size != self.size:
            large = partial(enlarge_noise, noise, size)
            noise = self._memo.get("large noise", (noise,), large, size)
        if not self._memo.trusts_counters:  # comparing it would cost more than the product
            return noise * strength
        return self._memo.get("noise", (noise, strength), lambda: noise * strength)


class ToRGBLayer(nn.Module):
    """1x1 modulated convolution to picture channels, not demodulated."""

    def __init__(self, config: StyleGAN2Config, in_channels: int) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.out_channels = config.img_channels
        self.w_dim = config.w_dim
        self.conv_clamp = config.conv_clamp
        self.weight_gain = 1 / math.sqrt(in_channels)
        self.affine = FullyConnected(config.w_dim, in_channels, bias_init=1.0)
        self.weight = nn.Parameter(torch.randn(config.img_channels, in_channels, 1, 1))
        self.bias = nn.Parameter(torch.zeros(config.img_channels))

    def forward(
        self, x: Tensor, w: Tensor, fused_modconv: bool | None = None
    ) -> Tensor:  # [N, C, H, W], [N, w_dim] -> [N, img_channels, H, W]
        """Picture contribution of features `x`."""
        styles = self.affine(w) * self.weight_gain
        y = modulated_conv2d(x, self.weight, styles, demodulate=False, bias=self.bias)
        return bias_act(y, clamp=self.conv_clamp)


class SkipLayer(nn.Module):
    """1x1 convolution without bias, then upsampling by 2: the resnet variant's shortcut."""

    resample_filter: Tensor  # [T, T]

    def __init__(self, config: StyleGAN2Config, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self._memo = Memo()
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.weight_gain = 1 / math.sqrt(in_channels)
        self.weight = nn.Parameter(torch.randn(out_channels, in_channels, 1, 1))
        self.register_buffer("resample_filter", resample_filter(config.resample_filter))

    def forward(self, x: Tensor, gain: float = 1.0) -> Tensor:  # [N, C_out, 2 H, 2 W]
        """Convolve, then upsample."""
        weight = self.weight * (self.weight_gain * gain)
        return upsample2d(F.conv2d(x, weight.to(x.dtype)), self.resample_filter, memo=self._memo)

"""StyleGAN1's layers and blocks: Karras et al. 2019, section 2 and appendix C."""

from __future__ import annotations

import math
from functools import partial
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from stylegan3.canvas import Fill
from stylegan3.mapping import FullyConnected
from stylegan3.ops.bias_act import bias_act
from stylegan3.ops.enlarge import enlarge_constant, enlarge_noise
from stylegan3.ops.filters import resample_filter
from stylegan3.ops.memo import Memo
from stylegan3.ops.upfirdn2d import upfirdn2d
from stylegan3.stylegan1.config import StyleGAN1Config
from stylegan3.stylegan1.names import tensor_layers

Kind = Literal["const", "plain", "up"]


class SynthesisLayer(nn.Module):
    """A constant or 3x3 convolution; then noise, bias, activation, instance norm and style.

    `Conv0_up` doubles every pixel in both directions, convolves, and blurs. Doubling and
    convolution are one transposed convolution with a 4x4 kernel.
    """

    noise_const: Tensor  # [r, r]
    resample_filter: Tensor  # [T, T]

    def __init__(
        self, config: StyleGAN1Config, in_channels: int, out_channels: int, size: int, kind: Kind
    ) -> None:
        super().__init__()
        self._memo = Memo()
        self.layer_name = ""  # as the program calls it
        self.size = size
        self.kind = kind
        self.use_noise = config.use_noise
        self.activation = config.activation
        self.is_bias_blurred = config.is_bias_blurred and kind == "up"
        self.norm_epsilon = config.norm_epsilon if config.use_instance_norm else None
        self.weight_gain = math.sqrt(2 / (9 * in_channels))
        if kind == "const":
            self.const = nn.Parameter(torch.randn(out_channels, size, size))
        else:
            self.weight = nn.Parameter(torch.randn(out_channels, in_channels, 3, 3))
        if kind == "up":
            self.register_buffer("resample_filter", resample_filter(config.blur_filter))
        if config.use_noise:
            self.noise_strength = nn.Parameter(torch.zeros(out_channels))
            self.register_buffer("noise_const", torch.randn(size, size))
        if kind != "const" or config.has_const_bias:
            self.bias = nn.Parameter(torch.zeros(out_channels))
        starts = [1.0] * out_channels + [0.0] * out_channels  # factors, offsets
        self.affine = FullyConnected(config.w_dim, 2 * out_channels, bias_init=starts)

    def convolve(self, x: Tensor) -> Tensor:  # [N, C_in, H, W] -> [N, C_out, size, size]
        """What noise, bias and the rest act on; of the constant's layer `x` is the constant."""
        if self.kind == "const":
            return x
        if self.kind == "plain":
            weight = self._memo.get("plain", (self.weight,), lambda: self.weight * self.weight_gain)
            return F.conv2d(x, weight, padding=1)
        kernel = self._memo.get("up", (self.weight,), self._doubling_kernel)
        x = F.conv_transpose2d(x, kernel, stride=2, padding=1)
        if self.is_bias_blurred:
            x = x + self.bias[:, None, None]
        pad = (self.resample_filter.shape[0] - 1) // 2
        return upfirdn2d(x, self.resample_filter, padding=(pad, pad, pad, pad), memo=self._memo)

    def forward(
        self,
        x: Tensor,  # [N, C_out, size, size], from `convolve`; or [1, ..]: the same for all w
        w: Tensor,  # [N, w_dim]
        noise: Tensor | None,  # [size, size] or [N, 1, size, size]
    ) -> Tensor:  # [N, C_out, size, size]
        """Noise, bias, activation, instance norm, style: figure 1b and equation 1."""
        if noise is not None:
            x = x + noise * self.noise_strength[:, None, None]
        # of upsampling layers it may have been added before the blur
        bias = None if self.is_bias_blurred else self._parameters.get("bias")
        x = bias_act(x, bias, act=self.activation, gain=1.0)
        factor, offset = self.affine(w)[:, :, None, None].chunk(2, dim=1)
        if self.norm_epsilon is not None:
            variance, mean = torch.var_mean(x, dim=(2, 3), correction=0, keepdim=True)
            x = x - mean  # before the product: a mean far from 0 would cost digits after it
            factor = factor * (variance + self.norm_epsilon).rsqrt()
        return torch.addcmul(offset, x, factor)

    def constant(self, size: tuple[int, int] | None, fill: Fill) -> Tensor:  # [C, *size]
        """The learned constant, continued to `size`; None: as it is."""
        if size is None:
            return self.const
        make = partial(enlarge_constant, self.const, size, fill)
        return self._memo.get("constant", (self.const,), make, (size, fill))

    def noise(self, size: tuple[int, int] | None) -> Tensor:  # [*size]
        """The stored noise, continued to `size`; None: as it is."""
        if size is None:
            return self.noise_const
        make = partial(enlarge_noise, self.noise_const, size)
        return self._memo.get("noise", (self.noise_const,), make, size)

    def _doubling_kernel(self) -> Tensor:  # [C_in, C_out, 4, 4]
        """The kernel whose transposed convolution doubles pixels and then convolves."""
        kernel = F.pad(self.weight.flip(2, 3).transpose(0, 1) * self.weight_gain, (1, 1, 1, 1))
        rows = kernel[:, :, 1:] + kernel[:, :, :-1]
        return (rows[:, :, :, 1:] + rows[:, :, :, :-1]).contiguous()


class ToRGBLayer(nn.Module):
    """1x1 convolution to picture channels."""

    def __init__(self, config: StyleGAN1Config, in_channels: int) -> None:
        super().__init__()
        self.layer_name = ""  # as the program calls it
        self.weight_gain = 1 / math.sqrt(in_channels)
        self.weight = nn.Parameter(torch.randn(config.img_channels, in_channels, 1, 1))
        self.bias = nn.Parameter(torch.zeros(config.img_channels))

    def forward(self, x: Tensor) -> Tensor:  # [N, img_channels, r, r]
        """Picture of features `x`."""
        return F.conv2d(x, self.weight * self.weight_gain, self.bias)


class SynthesisBlock(nn.Module):
    """The two layers of one resolution, and its ToRGB where that is run."""

    def __init__(self, config: StyleGAN1Config, resolution: int) -> None:
        super().__init__()
        channels = config.channels(resolution)
        is_first = resolution == 4
        before = channels if is_first else config.channels(resolution // 2)
        kinds: tuple[Kind, Kind] = ("const" if is_first else "up", "plain")
        widths = (before, channels)
        self._names = tensor_layers(resolution)
        for name, kind, width in zip(self._names, kinds, widths, strict=True):
            self.add_module(name, SynthesisLayer(config, width, channels, resolution, kind))
        if config.torgb_weight(resolution) > 0:
            self.add_module("ToRGB", ToRGBLayer(config, channels))

    @property
    def layers(self) -> tuple[SynthesisLayer, SynthesisLayer]:
        """The first and the second layer."""
        first, second = map(self.get_submodule, self._names)
        assert isinstance(first, SynthesisLayer) and isinstance(second, SynthesisLayer)
        return first, second

    @property
    def torgb(self) -> ToRGBLayer | None:
        """The layer that makes the picture, None where it is not run."""
        torgb = self._modules.get("ToRGB")
        assert torgb is None or isinstance(torgb, ToRGBLayer)
        return torgb

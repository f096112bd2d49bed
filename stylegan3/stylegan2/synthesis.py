"""StyleGAN2's synthesis network: Karras et al. 2020, and its resnet and orig variants."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from stylegan3.layers import LayerSpec, check_ws, resolve_layer
from stylegan3.mapping import FullyConnected
from stylegan3.ops.bias_act import ACTIVATIONS, bias_act
from stylegan3.ops.filters import resample_filter
from stylegan3.ops.memo import Memo
from stylegan3.ops.modulated_conv2d import modulated_conv2d
from stylegan3.ops.upfirdn2d import upsample2d
from stylegan3.stylegan2.config import StyleGAN2Config
from stylegan3.synthesis import Synthesis

NOISE_MODES = ("const", "random", "none")


class SynthesisLayer(nn.Module):
    """3x3 modulated convolution, noise, bias, activation: section 2.2."""

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
        self.size = size
        self.up = up
        self.use_noise = config.use_noise
        self.activation = config.activation
        self.conv_clamp = config.conv_clamp
        self.affine = FullyConnected(config.w_dim, in_channels, bias_init=1.0)
        self.weight = nn.Parameter(torch.randn(out_channels, in_channels, 3, 3))
        self.register_buffer("resample_filter", resample_filter(config.resample_filter))
        if config.use_noise:
            self.noise_strength = nn.Parameter(torch.zeros([]))
            self.register_buffer("noise_const", torch.randn(size))
        self.bias = nn.Parameter(torch.zeros(out_channels))

    def forward(
        self, x: Tensor, w: Tensor, noise_mode: str = "const", gain: float = 1.0
    ) -> Tensor:  # [N, C_in, H, W], [N, w_dim] -> [N, C_out, *size]
        """Convolve with the styles of `w`; `gain` scales activation and clamp alike."""
        x = modulated_conv2d(
            x,
            self.weight,
            self.affine(w),
            padding=1,
            up=self.up,
            resample_filter=self.resample_filter if self.up > 1 else None,
            memo=self._memo,
        )
        if self.use_noise and noise_mode != "none":
            noise = self.noise_const
            if noise_mode == "random":
                noise = noise.new_empty(len(x), 1, *self.size).normal_()
            x = x + (noise * self.noise_strength).to(x.dtype)
        return bias_act(
            x,
            self.bias,
            act=self.activation,
            gain=ACTIVATIONS[self.activation].gain * gain,
            clamp=None if self.conv_clamp is None else self.conv_clamp * gain,
        )


class ToRGBLayer(nn.Module):
    """1x1 modulated convolution to picture channels, not demodulated."""

    def __init__(self, config: StyleGAN2Config, in_channels: int) -> None:
        super().__init__()
        self.conv_clamp = config.conv_clamp
        self.weight_gain = 1 / math.sqrt(in_channels)
        self.affine = FullyConnected(config.w_dim, in_channels, bias_init=1.0)
        self.weight = nn.Parameter(torch.randn(config.img_channels, in_channels, 1, 1))
        self.bias = nn.Parameter(torch.zeros(config.img_channels))

    def forward(self, x: Tensor, w: Tensor) -> Tensor:  # [N, img_channels, H, W]
        """Picture contribution of features `x`."""
        styles = self.affine(w) * self.weight_gain
        x = modulated_conv2d(x, self.weight, styles, demodulate=False)
        return bias_act(x, self.bias, clamp=self.conv_clamp)


class SkipLayer(nn.Module):
    """1x1 convolution without bias, then upsampling by 2: the resnet variant's shortcut."""

    resample_filter: Tensor  # [T, T]

    def __init__(self, config: StyleGAN2Config, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self._memo = Memo()
        self.weight_gain = 1 / math.sqrt(in_channels)
        self.weight = nn.Parameter(torch.randn(out_channels, in_channels, 1, 1))
        self.register_buffer("resample_filter", resample_filter(config.resample_filter))

    def forward(self, x: Tensor, gain: float = 1.0) -> Tensor:  # [N, C_out, 2 H, 2 W]
        """Convolve, then upsample."""
        weight = self.weight * (self.weight_gain * gain)
        return upsample2d(F.conv2d(x, weight.to(x.dtype)), self.resample_filter, memo=self._memo)


class SynthesisBlock(nn.Module):
    """The layers of one resolution."""

    resample_filter: Tensor  # [T, T]

    def __init__(self, config: StyleGAN2Config, resolution: int) -> None:
        super().__init__()
        channels = config.channels(resolution)
        self._memo = Memo()
        self.name = f"b{resolution}"
        self.resolution = resolution
        size = config.size(resolution)
        self.is_first = resolution == 4
        self.is_resnet = config.architecture == "resnet" and not self.is_first
        self.has_torgb = config.has_torgb(resolution)
        self.num_conv = 1 if self.is_first else 2
        self.register_buffer("resample_filter", resample_filter(config.resample_filter))
        if self.is_first:
            self.const = nn.Parameter(torch.randn(channels, *size))
        else:
            before = config.channels(resolution // 2)
            self.conv0 = SynthesisLayer(config, before, channels, size, up=2)
        self.conv1 = SynthesisLayer(config, channels, channels, size, up=1)
        if self.has_torgb:
            self.torgb = ToRGBLayer(config, channels)
        if self.is_resnet:
            self.skip = SkipLayer(config, config.channels(resolution // 2), channels)

    @property
    def layer_names(self) -> tuple[str, ...]:
        """Layers of this block in the order they run, the block itself last."""
        names = [] if self.is_first else ["conv0"]
        names += ["conv1"] + ["skip"] * self.is_resnet + ["torgb"] * self.has_torgb
        return (*(f"{self.name}.{name}" for name in names), self.name)

    def forward(
        self,
        x: Tensor,  # [N, C_in, H / 2, W / 2]; for b4 the constant
        img: Tensor | None,  # [N, img_channels, H / 2, W / 2]
        ws: Tensor,  # [N, num_conv + 1, w_dim]
        noise_mode: str,
        dtype: torch.dtype,
        layer: str | None = None,  # stop at this one of `layer_names`
    ) -> tuple[Tensor, Tensor | None]:
        """Features and picture after this block; with `layer`, that layer's output first."""
        rows = iter(ws.unbind(1))
        gain = math.sqrt(0.5) if self.is_resnet else 1.0
        shortcut = None
        x = x.to(dtype)
        if not self.is_first:
            if self.is_resnet and layer not in (f"{self.name}.conv0", f"{self.name}.conv1"):
                shortcut = self.skip(x, gain=gain)
            x = self.conv0(x, next(rows), noise_mode)
            if layer == f"{self.name}.conv0":
                return x, None
        x = self.conv1(x, next(rows), noise_mode, gain)
        if layer == f"{self.name}.conv1":
            return x, None
        if shortcut is not None:
            x = shortcut + x
        # the published code adds into the output of skip, so that what it shows there is the sum
        if layer in (self.name, f"{self.name}.skip"):
            return x, None
        if img is not None:
            img = upsample2d(img, self.resample_filter, memo=self._memo)
        if self.has_torgb and (layer is None or layer == f"{self.name}.torgb"):
            y = self.torgb(x, next(rows)).to(ws.dtype)
            if layer is not None:
                return y, None
            img = y if img is None else img + y
        return x, img


class StyleGAN2Synthesis(Synthesis):
    """`ws` to the picture, or to the output of one layer."""

    def __init__(self, config: StyleGAN2Config) -> None:
        super().__init__(config)
        self.config = config
        self.block_resolutions = config.block_resolutions
        height, width = config.init_res
        specs = [LayerSpec("input", "b4", height, config.channels(4), width)]
        for resolution in config.block_resolutions:
            block = SynthesisBlock(config, resolution)
            self.add_module(block.name, block)
            for name in block.layer_names:
                is_rgb = name.endswith(".torgb")
                channels = config.img_channels if is_rgb else config.channels(resolution)
                height, width = config.size(resolution)
                specs.append(LayerSpec(name, block.name, height, channels, width))
        self.layers = tuple(specs)
        self.layer_names = tuple(spec.name for spec in specs)

    def forward(
        self,
        ws: Tensor,  # [N, num_ws, w_dim]
        noise_mode: str = "const",  # "const": noise_const; "random": fresh; "none"
        *,
        layer: str | None = None,  # stop at this layer and return its output
        force_fp32: bool = False,  # never use float16 on a GPU
        update_emas: bool = False,  # nothing to update here; accepted as StyleGAN3 does
    ) -> Tensor:  # [N, img_channels, H, W], about [-1, 1]
        """Run the network up to `layer`, or to the end.

        Raises:
            ValueError: if `ws` or the noise mode is wrong, or no layer is called `layer`.
        """
        check_ws(tuple(ws.shape), self.num_ws, self.w_dim)
        if noise_mode not in NOISE_MODES:
            raise ValueError(f"noise_mode must be const, random or none, not {noise_mode!r}")
        if layer is not None:
            layer = resolve_layer(layer, self.layers)
        first = self.get_submodule("b4")
        assert isinstance(first, SynthesisBlock)
        ws = ws.to(first.const.dtype)
        x = first.const.expand(len(ws), -1, -1, -1)
        if layer == "input":
            return x
        use_fp16 = ws.is_cuda and ws.dtype == torch.float32 and not force_fp32
        img = None
        row = 0
        for resolution in self.block_resolutions:
            block = self.get_submodule(f"b{resolution}")
            assert isinstance(block, SynthesisBlock)
            is_fp16 = use_fp16 and self.config.is_fp16(resolution)
            dtype = torch.float16 if is_fp16 else ws.dtype
            stop = layer if layer in block.layer_names else None
            rows = ws[:, row : row + block.num_conv + 1]
            x, img = block(x, img, rows, noise_mode, dtype, stop)
            if stop is not None:
                return x
            row += block.num_conv
        assert img is not None
        return img

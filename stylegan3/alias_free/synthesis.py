"""StyleGAN3's synthesis: Karras et al. 2021, "Alias-Free Generative Adversarial Networks"."""

from __future__ import annotations

import math
from dataclasses import fields

import numpy as np
import torch
from torch import Tensor, nn

from stylegan3.alias_free.config import StyleGAN3Config
from stylegan3.alias_free.geometry import AliasFreeLayer, layers_on
from stylegan3.canvas import Canvas
from stylegan3.layers import LayerSpec, check_noise_mode, resolve_layer
from stylegan3.mapping import FullyConnected
from stylegan3.ops.filtered_lrelu import filtered_lrelu
from stylegan3.ops.filters import lowpass_filter
from stylegan3.ops.memo import Memo
from stylegan3.ops.modulated_conv2d import (
    modulated_conv2d,
    normalise_styles,
    normalise_weight,
)
from stylegan3.ops.regions import Regions
from stylegan3.synthesis import Synthesis

MAGNITUDE_FLOOR = 1e-8  # edits and unclamped blends may drive magnitude_ema below zero


class SynthesisInput(nn.Module):
    """Fourier features on an infinite plane, turned and moved by `w`: section 3, appendix F.

    Attributes:
        size: width and height of the sampling grid.
        sampling_rate: samples per picture height.
        bandwidth: of the pass band [cycles per picture height].
    """

    freqs: Tensor  # [C, 2] (x, y) cycles per picture height
    phases: Tensor  # [C] turns
    transform: Tensor  # [3, 3] inverse of the transform the user sees

    def __init__(
        self,
        w_dim: int,
        channels: int,
        size: int,  # height of the sampling grid
        rate: int,
        bandwidth: float,
        width: int | None = None,  # of the sampling grid; None: as its height
    ) -> None:
        super().__init__()
        self.w_dim = w_dim
        self.channels = channels
        self.size = np.array([size if width is None else width, size])
        self.sampling_rate = rate
        self.bandwidth = bandwidth
        # frequencies uniform on the disc of the pass band
        with torch.device("cpu"):  # arithmetic on a "meta" device would import all of torch._dynamo
            radius = bandwidth * torch.rand(channels).sqrt()
            angle = 2 * math.pi * torch.rand(channels)
            freqs = torch.stack([radius * angle.cos(), radius * angle.sin()], dim=1)
        self.weight = nn.Parameter(torch.randn(channels, channels))
        self.affine = FullyConnected(w_dim, 4, weight_init=0, bias_init=(1.0, 0.0, 0.0, 0.0))
        self.register_buffer("transform", torch.tensor(np.eye(3, dtype=np.float32)))
        self.register_buffer("freqs", freqs.to(self.weight.device))
        self.register_buffer("phases", torch.rand(channels).sub_(0.5))

    def forward(
        self,
        w: Tensor,  # [N, w_dim]
        size: tuple[int, int] | None = None,  # width and height of the grid; None: its own
    ) -> Tensor:  # [N, C, height, width]
        """Features on the sampling grid; rows run along y."""
        freqs, phases = self._transformed(self.affine(w))
        norm = freqs.norm(dim=2)  # [N, C]
        transition = self.sampling_rate / 2 - self.bandwidth
        amplitudes = (1 - (norm - self.bandwidth) / transition).clamp(0, 1)
        width, height = size or map(int, self.size)
        x = freqs[:, :, 0, None] * self._grid(width, freqs)  # [N, C, width]
        y = freqs[:, :, 1, None] * self._grid(height, freqs) + phases[:, :, None]
        features = torch.sin((x[:, :, None, :] + y[:, :, :, None]) * (2 * math.pi))
        features = features * amplitudes[:, :, None, None]
        weight = self.weight.to(freqs.dtype) / math.sqrt(self.channels)
        return torch.einsum("oi,nihw->nohw", weight, features)

    def _grid(self, count: int, like: Tensor) -> Tensor:  # [count]
        """Pixel centres over +-count / rate / 2: pixels are square, whatever the picture."""
        grid = torch.arange(count, device=like.device, dtype=like.dtype)
        return (grid + 0.5 - count / 2) / self.sampling_rate

    def _transformed(self, t: Tensor) -> tuple[Tensor, Tensor]:  # [N, 4] -> [N, C, 2], [N, C]
        # |(rc, rs)| = 0 has no direction: the floor leaves all four zero instead of NaN
        t = t / t[:, :2].norm(dim=1, keepdim=True).clamp_min(1e-12)
        rc, rs, tx, ty = t.unbind(1)
        zero, one = torch.zeros_like(rc), torch.ones_like(rc)
        rotate = torch.stack([rc, -rs, zero, rs, rc, zero, zero, zero, one], dim=1)
        translate = torch.stack([one, zero, -tx, zero, one, -ty, zero, zero, one], dim=1)
        m = rotate.view(-1, 3, 3) @ translate.view(-1, 3, 3) @ self.transform.to(t.dtype)
        freqs = self.freqs.to(t.dtype)
        phases = self.phases.to(t.dtype) + (freqs @ m[:, :2, 2:]).squeeze(2)
        return freqs @ m[:, :2, :2], phases


class SynthesisLayer(nn.Module):
    """Modulated convolution and alias-free nonlinearity: section 3.2, appendix D.

    It has the attributes of its `geometry`, but for three, which are as published:

    Attributes:
        in_size, out_size: width and height [px].
        padding: of the upsampled signal: left, right, top, bottom.
    """

    magnitude_ema: Tensor  # [] running mean of the squared input
    up_filter: Tensor | None  # [6 up]
    down_filter: Tensor | None  # [6 down], radial [6 down, 6 down]

    def __init__(self, config: StyleGAN3Config, geometry: AliasFreeLayer, use_fp16: bool) -> None:
        super().__init__()
        g = geometry
        self.geometry = g
        for field in fields(g):
            setattr(self, field.name, getattr(g, field.name))
        self._memo = Memo()
        self.w_dim = config.w_dim
        self.use_fp16 = use_fp16
        self.in_size = np.array([g.in_width, g.in_size])
        self.out_size = np.array([g.out_width, g.out_size])
        self.padding = [*g.row_padding, *g.padding]
        self.conv_clamp = config.conv_clamp
        self.magnitude_ema_beta = config.magnitude_ema_beta
        self.affine = FullyConnected(config.w_dim, g.in_channels, bias_init=1.0)
        self.weight = nn.Parameter(
            torch.randn(g.out_channels, g.in_channels, g.conv_kernel, g.conv_kernel)
        )
        self.bias = nn.Parameter(torch.zeros(g.out_channels))
        self.register_buffer("magnitude_ema", torch.ones([]))
        up = lowpass_filter(g.up_taps, g.in_cutoff, g.in_half_width * 2, g.tmp_sampling_rate)
        down = lowpass_filter(
            g.down_taps,
            g.out_cutoff,
            g.out_half_width * 2,
            g.tmp_sampling_rate,
            radial=g.is_down_radial,
        )
        self.register_buffer("up_filter", up)
        self.register_buffer("down_filter", down)

    def forward(
        self,
        x: Tensor,  # [N, C_in, H, W], or [1, C_in, H, W]: the same for all w
        w: Tensor,  # [N, w_dim]
        noise_mode: str = "const",  # there is no noise; accepted, so that callers need not know
        force_fp32: bool = False,  # never use float16 on a GPU
        update_emas: bool = False,
        *,
        geometry: AliasFreeLayer | None = None,  # on another canvas; None: its own
    ) -> Tensor:  # [N, C_out, H', W']
        """Convolve with the styles of `w`, then filter, bend and filter."""
        check_noise_mode(noise_mode)
        g = geometry or self.geometry
        if x.is_cuda and self.weight.dtype == torch.float32:
            x = x.to(torch.float16 if self.use_fp16 and not force_fp32 else torch.float32)
        if update_emas and len(x):
            energy = x.detach().to(self.magnitude_ema.dtype).square().mean()
            self.magnitude_ema.copy_(energy.lerp(self.magnitude_ema, self.magnitude_ema_beta))
        styles = self.affine(w)
        weight = self.weight
        if g.is_torgb:
            styles = styles * (1 / math.sqrt(g.in_channels * g.conv_kernel**2))
        else:
            weight = self._memo.get("normalised", (weight,), lambda: normalise_weight(self.weight))
            styles = normalise_styles(styles)
        x = modulated_conv2d(
            x,
            weight,
            styles,
            demodulate=not g.is_torgb,
            padding=g.conv_kernel - 1,
            input_gain=self.magnitude_ema.clamp_min(MAGNITUDE_FLOOR).rsqrt(),
            bias=self.bias,
            memo=self._memo,
        )
        return filtered_lrelu(
            x,
            self.up_filter,
            self.down_filter,
            up=g.up_factor,
            down=g.down_factor,
            padding=(*g.row_padding, *g.padding),
            gain=1.0 if g.is_torgb else math.sqrt(2),
            slope=1.0 if g.is_torgb else 0.2,
            clamp=self.conv_clamp,
            memo=self._memo,
        )


class AliasFreeSynthesis(Synthesis):
    """`ws` to the picture, or to the output of one layer."""

    def __init__(self, config: StyleGAN3Config) -> None:
        super().__init__(config)
        self.config = config
        first = config.layers[0]
        self.input = SynthesisInput(
            config.w_dim,
            first.in_channels,
            first.in_size,
            first.in_sampling_rate,
            first.in_cutoff,
            first.in_width,
        )
        self.num_layers = len(config.layers) - 1
        self.num_critical = config.num_critical
        self.margin_size = config.margin_size
        self.output_scale = config.output_scale
        specs = [LayerSpec("input", "input", first.in_size, first.in_channels, first.in_width)]
        for place, g in enumerate(config.layers):  # numbers in names may have a gap
            self.add_module(g.name, SynthesisLayer(config, g, config.is_fp16(place)))
            group = f"L{g.index}"
            specs.append(LayerSpec(g.name, group, g.out_size, g.out_channels, g.out_width))
        self.layers = tuple(specs)
        self._on_canvas: tuple[Canvas, tuple[AliasFreeLayer, ...]] | None = None  # the last one

    def forward(
        self,
        ws: Tensor | np.ndarray,  # [N, num_ws, w_dim]
        noise_mode: str = "const",  # StyleGAN3 has no noise; accepted so that callers need not know
        *,
        layer: str | None = None,  # stop at this layer ("L6") and return its output
        force_fp32: bool = False,  # never use float16 on a GPU
        update_emas: bool = False,
        fused_modconv: bool | None = None,  # accepted as StyleGAN2 does
        canvas: Canvas | None = None,  # make a picture of another size; None: of its own
        regions: Regions | None = None,  # mix the N latents into one picture; None: a batch
    ) -> Tensor:  # [N, img_channels, H, W], about [-1, 1]; with `regions` N is 1
        """Run the network up to `layer`, or to the end.

        Raises:
            ValueError: if `ws`, the noise mode or the canvas is wrong, or no layer is called
                `layer`.
        """
        ws = self._checked(ws, noise_mode, self.input.weight)
        if layer is not None:
            layer = resolve_layer(layer, self.layers)
        canvas = self._checked_canvas(canvas)
        geometries = self._layers_on(canvas)
        first = geometries[0]
        rows = ws.unbind(1) if regions is None else regions.rows(ws)
        x = self.input(rows[0], None if canvas is None else (first.in_width, first.in_size))
        x = x if regions is None else regions.mix(x, first.in_sampling_rate)
        if layer == "input":
            return x
        options = {"force_fp32": force_fp32, "update_emas": update_emas}
        for place, g in enumerate(geometries):
            run = self.get_submodule(g.name)
            here = {} if canvas is None else {"geometry": g}
            x = run(x, rows[place + 1], **options, **here)
            if regions is not None:
                x = regions.mix(x, g.out_sampling_rate)
            if layer == g.name:
                return x
        return x.to(ws.dtype) * self.output_scale

    def _sizes_on(self, canvas: Canvas) -> list[tuple[int, int]]:
        geometries = layers_on(self.config.layers, canvas)
        first = (geometries[0].in_size, geometries[0].in_width)
        return [first, *((g.out_size, g.out_width) for g in geometries)]

    def _layers_on(self, canvas: Canvas | None) -> tuple[AliasFreeLayer, ...]:
        """Return the geometry of all layers for pictures of the size of `canvas`."""
        if canvas is None:
            return self.config.layers
        if self._on_canvas is None or self._on_canvas[0] != canvas:
            self._on_canvas = canvas, layers_on(self.config.layers, canvas)
        return self._on_canvas[1]

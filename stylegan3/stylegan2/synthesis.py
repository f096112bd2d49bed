"""StyleGAN2's synthesis network: Karras et al. 2020, and its resnet and orig variants."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from stylegan3.canvas import Canvas
from stylegan3.layers import LayerSpec, resolve_layer
from stylegan3.ops.enlarge import crop_centre, enlarge_constant
from stylegan3.ops.filters import resample_filter
from stylegan3.ops.memo import Memo
from stylegan3.ops.regions import Regions
from stylegan3.ops.upfirdn2d import doubled, upsample2d
from stylegan3.stylegan2.config import StyleGAN2Config
from stylegan3.stylegan2.layers import SkipLayer, SynthesisLayer, ToRGBLayer
from stylegan3.synthesis import Synthesis


class SynthesisBlock(nn.Module):
    """The layers of one resolution, called as published: `x, img = block(x, img, ws)`.

    Attributes:
        num_conv, num_torgb: rows of `ws` that it reads; the last is the first of the next block.
    """

    resample_filter: Tensor  # [T, T]

    def __init__(self, config: StyleGAN2Config, resolution: int) -> None:
        super().__init__()
        channels = config.channels(resolution)
        self._memo = Memo()
        self.name = f"b{resolution}"
        self.resolution = resolution
        size = config.size(resolution)
        self._height = size[0]
        self.is_first = resolution == 4
        self.is_last = resolution == config.run_resolution
        self.is_resnet = config.architecture == "resnet" and not self.is_first
        self.has_torgb = config.has_torgb(resolution)
        self.torgb_weight = config.torgb_weight(resolution) if config.lod else 1.0
        self.architecture = config.architecture
        self._size_on = partial(config.size_on, resolution)
        self.use_fp16 = config.is_fp16(resolution)
        self.w_dim = config.w_dim
        self.img_channels = config.img_channels
        self.in_channels = 0 if self.is_first else config.channels(resolution // 2)
        self.out_channels = channels
        self.num_conv = 1 if self.is_first else 2
        self.num_torgb = int(self.has_torgb)
        self.register_buffer("resample_filter", resample_filter(config.resample_filter))
        if self.is_first:
            self.const = nn.Parameter(torch.randn(channels, *size))
        else:
            self.conv0 = SynthesisLayer(config, self.in_channels, channels, size, up=2)
        self.conv1 = SynthesisLayer(config, channels, channels, size, up=1)
        if self.has_torgb:
            self.torgb = ToRGBLayer(config, channels)
        if self.is_resnet:
            self.skip = SkipLayer(config, self.in_channels, channels)

    @property
    def layer_names(self) -> tuple[str, ...]:
        """Layers of this block in the order they run, the block itself last."""
        names = [] if self.is_first else ["conv0"]
        names += ["conv1"] + ["skip"] * self.is_resnet + ["torgb"] * self.has_torgb
        return (*(f"{self.name}.{name}" for name in names), self.name)

    def forward(
        self,
        x: Tensor | None,  # [N, C_in, H / 2, W / 2]; b4 does not look at it
        img: Tensor | None,  # [N, img_channels, H / 2, W / 2]
        ws: Tensor,  # [N, num_conv + num_torgb, w_dim], or more rows
        force_fp32: bool = False,  # never use float16 on a GPU
        fused_modconv: bool | None = None,  # how the published code computes; accepted, unused
        update_emas: bool = False,  # there are none
        *,
        noise_mode: str = "const",
        layer: str | None = None,  # stop at this one of `layer_names`
        canvas: Canvas | None = None,  # make a picture of another size; None: of its own
        regions: Regions | None = None,  # mix the N latents into one picture; None: a batch
        row: int = 0,  # of all rows, for `regions`: which one the first of `ws` is
    ) -> tuple[Tensor, Tensor | None]:
        """Features and picture after this block; with `layer`, that layer's output first.

        Raises:
            ValueError: if there are too few rows of `ws`, or `x` is missing.
        """
        if ws.ndim != 3 or ws.shape[1] < self.num_conv + self.num_torgb:
            count = self.num_conv + self.num_torgb
            raise ValueError(f"ws must have shape [N, {count}, {self.w_dim}], not {list(ws.shape)}")
        rows = ws.unbind(1) if regions is None else regions.rows(ws, row)
        if self.is_first:
            count = len(ws) if regions is None else 1
            x = self.constant(canvas).expand(count, -1, -1, -1)
        elif x is None:
            raise ValueError(f"{self.name} needs the features of the block before it")
        is_fp16 = self.use_fp16 and not force_fp32 and ws.is_cuda and ws.dtype == torch.float32
        x = x.to(torch.float16 if is_fp16 else ws.dtype)
        return self._run(x, img, rows, noise_mode, layer, canvas, regions)

    def constant(self, canvas: Canvas | None = None) -> Tensor:  # [C, H, W]
        """The learned constant as it is on `canvas`; only b4 has one."""
        if canvas is None:
            return self.const
        size, fill = self._size_on(canvas), canvas.fill
        make = partial(enlarge_constant, self.const, size, fill)
        return self._memo.get("constant", (self.const,), make, (size, fill))

    def _run(
        self,
        x: Tensor,
        img: Tensor | None,
        ws: Sequence[Tensor],  # [N, w_dim] each
        noise_mode: str,
        layer: str | None,
        canvas: Canvas | None,
        regions: Regions | None,
    ) -> tuple[Tensor, Tensor | None]:
        size = None if canvas is None else self._size_on(canvas)
        mixed = partial(_mixed, regions, self._height)
        rows = iter(ws)
        gain = math.sqrt(0.5) if self.is_resnet else 1.0
        shortcut = None
        if not self.is_first:
            if self.is_resnet and layer not in (f"{self.name}.conv0", f"{self.name}.conv1"):
                shortcut = self.skip(x, gain=gain)
                shortcut = shortcut if size is None else crop_centre(shortcut, size)
            x = mixed(self.conv0(x, next(rows), noise_mode, size=size))
            if layer == f"{self.name}.conv0":
                return x, None
        x = mixed(self.conv1(x, next(rows), noise_mode, gain=gain, size=size))
        if layer == f"{self.name}.conv1":
            return x, None
        if shortcut is not None:
            x = shortcut + x
        # the published code adds into the output of skip, so that what it shows there is the sum
        if layer in (self.name, f"{self.name}.skip"):
            return x, None
        if img is not None:
            if self.torgb_weight < 1:
                img = doubled(img)  # as the programs that grow networks do
            else:
                img = upsample2d(img, self.resample_filter, memo=self._memo)
            img = img if size is None else crop_centre(img, size)
        if self.has_torgb and (layer is None or layer == f"{self.name}.torgb"):
            y = mixed(self.torgb(x, next(rows)).to(ws[0].dtype))
            if layer is not None:
                return y, None
            y = y if self.torgb_weight == 1 else y * self.torgb_weight
            img = y if img is None else img + y
        return x, img


def _mixed(regions: Regions | None, rate: int, x: Tensor) -> Tensor:
    return x if regions is None else regions.mix(x, rate)


class StyleGAN2Synthesis(Synthesis):
    """`ws` to the picture, or to the output of one layer."""

    def __init__(self, config: StyleGAN2Config) -> None:
        super().__init__(config)
        self.config = config
        self.block_resolutions = list(config.block_resolutions)
        self.img_resolution_log2 = config.img_resolution.bit_length() - 1
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

    def forward(
        self,
        ws: Tensor | np.ndarray,  # [N, num_ws, w_dim]
        noise_mode: str = "const",  # "const": noise_const; "random": fresh; "none"
        *,
        layer: str | None = None,  # stop at this layer and return its output
        force_fp32: bool = False,  # never use float16 on a GPU
        update_emas: bool = False,  # nothing to update here; accepted as StyleGAN3 does
        fused_modconv: bool | None = None,  # how the published code computes; accepted, unused
        canvas: Canvas | None = None,  # make a picture of another size; None: of its own
        regions: Regions | None = None,  # mix the N latents into one picture; None: a batch
    ) -> Tensor:  # [N, img_channels, H, W], about [-1, 1]; with `regions` N is 1
        """Run the network up to `layer`, or to the end.

        Raises:
            ValueError: if `ws`, the noise mode or the canvas is wrong, or no layer is called
                `layer`.
        """
        first = self.get_submodule("b4")
        assert isinstance(first, SynthesisBlock)
        ws = self._checked(ws, noise_mode, first.const)
        if layer is not None:
            layer = resolve_layer(layer, self.layers)
        canvas = self._checked_canvas(canvas)
        if layer == "input":
            count = len(ws) if regions is None else 1
            return first.constant(canvas).expand(count, -1, -1, -1)
        x = img = None
        row = 0
        for resolution in self.block_resolutions:
            block = self.get_submodule(f"b{resolution}")
            assert isinstance(block, SynthesisBlock)
            stop = layer if layer in block.layer_names else None
            rows = ws[:, row : row + block.num_conv + block.num_torgb]
            options = {"noise_mode": noise_mode, "layer": stop, "canvas": canvas}
            x, img = block(x, img, rows, force_fp32, **options, regions=regions, row=row)
            if stop is not None:
                return x
            row += block.num_conv
        assert img is not None
        resolution = self.config.run_resolution
        while resolution < self.config.img_resolution:
            resolution, img = 2 * resolution, doubled(img)
            if canvas is not None:
                img = crop_centre(img, self.config.size_on(resolution, canvas))
        return img

    def _sizes_on(self, canvas: Canvas) -> list[tuple[int, int]]:
        resolutions = (int(layer.group.removeprefix("b")) for layer in self.layers)
        return [self.config.size_on(resolution, canvas) for resolution in resolutions]

"""StyleGAN1's synthesis network: Karras et al. 2019, section 2."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from stylegan3.canvas import Canvas
from stylegan3.layers import LayerSpec, resolve_layer
from stylegan3.ops.enlarge import crop_centre
from stylegan3.ops.regions import Regions
from stylegan3.ops.upfirdn2d import doubled
from stylegan3.stylegan1.config import StyleGAN1Config
from stylegan3.stylegan1.layers import SynthesisBlock, SynthesisLayer
from stylegan3.stylegan1.names import NamedOutput, every_name, named_outputs
from stylegan3.synthesis import Synthesis


class StyleGAN1Synthesis(Synthesis):
    """`ws` to the picture, or to the output of one layer."""

    def __init__(self, config: StyleGAN1Config) -> None:
        super().__init__(config)
        self.config = config
        for resolution in config.block_resolutions:
            self.add_module(f"b{resolution}", SynthesisBlock(config, resolution))
        self._outputs = every_name(config)
        outputs = named_outputs(config, config.program)
        self.layers = tuple(map(self._spec, outputs))
        for output in outputs:
            self._tell_name(output)

    def forward(
        self,
        ws: Tensor | np.ndarray,  # [N, num_ws, w_dim]
        noise_mode: str = "const",  # "const": noise_const; "random": fresh; "none"
        *,
        layer: str | None = None,  # stop at this layer and return its output
        force_fp32: bool = False,  # float16 is never used; accepted as the others do
        update_emas: bool = False,  # nothing to update here; accepted as StyleGAN3 does
        fused_modconv: bool | None = None,  # accepted as StyleGAN2 does
        canvas: Canvas | None = None,  # make a picture of another size; None: of its own
        regions: Regions | None = None,  # mix the N latents into one picture; None: a batch
    ) -> Tensor:  # [N, img_channels, R, R] or as the canvas, about [-1, 1]; with `regions` N is 1
        """Run the network up to `layer`, or to the end.

        A layer is found by the name that any of the three programs has for it.

        Raises:
            ValueError: if `ws`, the noise mode or the canvas is wrong, or no layer is called
                `layer`.
        """
        first = self._block(4).layers[0]
        ws = self._checked(ws, noise_mode, first.const)
        canvas = self._checked_canvas(canvas)
        if layer is not None and layer not in self._outputs:
            layer = resolve_layer(layer, self.layers)
        stop = None if layer is None else self._outputs[layer]
        size = self._size(4, canvas)
        count = len(ws) if regions is None else 1
        x = first.constant(size, canvas.fill if canvas else "tile").expand(count, -1, -1, -1)
        image: Tensor | None = None
        rows = iter(ws.unbind(1) if regions is None else regions.rows(ws))
        for resolution in self.config.block_resolutions:
            block = self._block(resolution)
            place = stop.place if stop and stop.resolution == resolution else None
            noise, size = None, self._size(resolution, canvas)
            for own, part in zip(("first", "second"), block.layers, strict=True):
                x = self._cropped(part.convolve(x), size)
                if place == "convolution":
                    return x
                if noise is None or not self.config.is_noise_shared or noise_mode == "const":
                    noise = self._noise(part, noise_mode, x, size)
                x = part(x, next(rows), noise)
                if regions is not None:
                    x = regions.mix(x, resolution)
                if place == own:
                    return x
            if image is not None:
                image = self._cropped(doubled(image), size)
            if block.torgb is not None:
                y = block.torgb(x)
                if place == "torgb":
                    return y
                share = self.config.torgb_weight(resolution)
                y = y if share == 1 else y * share
                image = y if image is None else image + y
        assert image is not None
        resolution = self.config.run_resolution
        for _ in range(self.config.lod_of(resolution)):
            resolution *= 2
            image = self._cropped(doubled(image), self._size(resolution, canvas))
        return image

    def _sizes_on(self, canvas: Canvas) -> list[tuple[int, int]]:
        resolutions = (self._outputs[layer.name].resolution for layer in self.layers)
        return [self.config.size_on(resolution, canvas) for resolution in resolutions]

    def _size(self, resolution: int, canvas: Canvas | None) -> tuple[int, int] | None:
        return None if canvas is None else self.config.size_on(resolution, canvas)

    def _cropped(self, x: Tensor, size: tuple[int, int] | None) -> Tensor:
        return x if size is None else crop_centre(x, size)

    def _block(self, resolution: int) -> SynthesisBlock:
        block = self.get_submodule(f"b{resolution}")
        assert isinstance(block, SynthesisBlock)
        return block

    def _noise(
        self, layer: SynthesisLayer, mode: str, x: Tensor, size: tuple[int, int] | None
    ) -> Tensor | None:
        if not layer.use_noise or mode == "none":
            return None
        if mode == "const":
            return layer.noise(size)
        return x.new_empty(len(x), 1, *(size or (layer.size, layer.size))).normal_()

    def _spec(self, output: NamedOutput) -> LayerSpec:
        config, resolution = self.config, output.resolution
        channels = config.channels(resolution)
        if output.place == "torgb":
            channels = config.img_channels
        return LayerSpec(output.name, f"b{resolution}", resolution, channels)

    def _tell_name(self, output: NamedOutput) -> None:
        """Let the module whose output this is know how it is called."""
        block = self._block(output.resolution)
        modules = dict(zip(("first", "second"), block.layers, strict=True), torgb=block.torgb)
        module = modules.get(output.place)
        if module is not None and not module.layer_name:
            module.layer_name = output.name


def fixed_noise(shape: tuple[int, ...]) -> Tensor:
    """A noise picture for files without any, always the same for a shape.

    The programs that write such files draw noise anew for every picture.
    """
    draw = torch.Generator().manual_seed(0)
    return torch.randn(shape, generator=draw)

"""What the synthesis network of every family offers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from torch import Tensor, nn

from stylegan3.canvas import Canvas
from stylegan3.config import Config
from stylegan3.layers import LayerSpec, check_noise_mode, check_ws
from stylegan3.mapping import as_tensor
from stylegan3.ops.regions import Regions


class Synthesis(nn.Module):
    """`ws` to the picture, or to the output of one layer.

    Attributes:
        layers: what can be shown, in the order it is computed.
    """

    layers: tuple[LayerSpec, ...]

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.w_dim = config.w_dim
        self.num_ws = config.num_ws
        self.img_resolution = config.img_resolution
        self.img_height = config.img_height
        self.img_width = config.img_width
        self.img_channels = config.img_channels
        self.num_fp16_res = config.num_fp16_res

    @property
    def layer_names(self) -> list[str]:
        """Names of the layers behind the input, as StyleGAN3's are published."""
        return [layer.name for layer in self.layers if layer.name != "input"]

    def layers_on(self, canvas: Canvas | None) -> tuple[LayerSpec, ...]:
        """Return `layers` with the sizes that their outputs have on `canvas`.

        Raises:
            ValueError: if the canvas is not for this network.
        """
        canvas = self._checked_canvas(canvas)
        if canvas is None:
            return self.layers
        sizes = zip(self.layers, self._sizes_on(canvas), strict=True)
        return tuple(replace(spec, size=height, width=width) for spec, (height, width) in sizes)

    def _sizes_on(self, canvas: Canvas) -> Sequence[tuple[int, int]]:
        """Return height and width of the output of each of `layers`."""
        raise NotImplementedError

    def forward(
        self,
        ws: Tensor | np.ndarray,  # [N, num_ws, w_dim]
        noise_mode: str = "const",  # of families with noise: "const", "random", "none"
        *,
        layer: str | None = None,  # stop at this layer ("L6") and return its output
        force_fp32: bool = False,  # never use float16 on a GPU
        update_emas: bool = False,  # move running means as training does, where there are some
        fused_modconv: bool | None = None,  # how the published code computes; accepted, unused
        canvas: Canvas | None = None,  # make a picture of another size; None: of its own
        regions: Regions | None = None,  # mix the N latents into one picture; None: a batch
    ) -> Tensor:  # [N, img_channels, img_height, img_width] or as the canvas, about [-1, 1]
        """Run the network up to `layer`, or to the end.

        Raises:
            ValueError: if `ws`, the noise mode or the canvas is wrong, or no layer is called
                `layer`.
        """
        raise NotImplementedError

    def _checked(self, ws: Tensor | np.ndarray, noise_mode: str, like: Tensor) -> Tensor:
        """Return `ws` in the number format of `like`.

        Raises:
            ValueError: if `ws` or the noise mode is wrong.
        """
        ws = as_tensor(ws, like, "ws")
        check_ws(tuple(ws.shape), self.num_ws, self.w_dim)
        check_noise_mode(noise_mode)
        return ws

    def _checked_canvas(self, canvas: Canvas | None) -> Canvas | None:
        """Return the canvas, None where it is of the network's own size.

        Raises:
            ValueError: if it is not for this network.
        """
        if canvas is None or (canvas.width, canvas.height) == (self.img_width, self.img_height):
            return None
        canvas.check((self.img_width, self.img_height))
        return canvas

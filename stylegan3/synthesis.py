"""What the synthesis network of every family offers."""

from __future__ import annotations

from torch import Tensor, nn

from stylegan3.config import Config
from stylegan3.layers import LayerSpec


class Synthesis(nn.Module):
    """`ws` to the picture, or to the output of one layer.

    Attributes:
        layers: what can be shown, in the order it is computed.
        layer_names: the names of `layers`.
    """

    layers: tuple[LayerSpec, ...]
    layer_names: tuple[str, ...]

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.w_dim = config.w_dim
        self.num_ws = config.num_ws
        self.img_resolution = config.img_resolution
        self.img_height = config.img_height
        self.img_width = config.img_width
        self.img_channels = config.img_channels

    def forward(
        self,
        ws: Tensor,  # [N, num_ws, w_dim]
        noise_mode: str = "const",  # of families with noise: "const", "random", "none"
        *,
        layer: str | None = None,  # stop at this layer and return its output
        force_fp32: bool = False,  # never use float16 on a GPU
        update_emas: bool = False,  # move running means as training does, where there are some
    ) -> Tensor:  # [N, img_channels, img_height, img_width], about [-1, 1]
        """Run the network up to `layer`, or to the end.

        Raises:
            ValueError: if `ws` or the noise mode is wrong, or no layer is called `layer`.
        """
        raise NotImplementedError

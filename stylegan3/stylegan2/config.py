"""StyleGAN2's configuration, and the sizes of its blocks that follow from it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Literal

from stylegan3.canvas import Canvas, beyond
from stylegan3.config import Config

Architecture = Literal["skip", "resnet", "orig"]
LARGEST_KERNEL = 15
ACTIVATIONS = (
    "linear",
    "relu",
    "lrelu",
    "tanh",
    "sigmoid",
    "elu",
    "selu",
    "softplus",
    "swish",
)


@dataclass(frozen=True)
class StyleGAN2Config(Config):
    """A StyleGAN2 generator (Karras et al. 2020), as published with StyleGAN2-ADA and StyleGAN3.

    Raises:
        ValueError: if a value is out of range; the message names the field.
    """

    embed_features: int | None = None  # width of the label embedding; None: w_dim
    layer_features: int | None = None  # width of the hidden mapping layers; None: w_dim
    architecture: Architecture = "skip"
    resample_filter: tuple[float, ...] = (1.0, 3.0, 3.0, 1.0)  # 1-D taps
    use_noise: bool = True
    activation: str = "lrelu"
    mapping_activation: str = "lrelu"
    block_channels: tuple[int, ...] | None = None  # feature maps of each block, 4 px first (of
    # pruned networks, `channels_dict` as published); None: by channel_base and channel_max
    init_res: tuple[int, int] = (4, 4)  # height and width of the constant [px]; block r is r / 4
    # times as large, so that img_resolution is the picture's side only where this is 4 x 4
    label_concat: bool = False  # labels are mapped without bias, and normalised together with z
    conv_kernel: int = 3  # side of the convolutions' kernels; odd
    lod: float = 0.0  # how far progressive growing (architecture orig) had still to go: 0 is done,
    # 1 is half the size

    family: ClassVar[str] = "stylegan2"
    mapping_options: ClassVar[Mapping[str, str]] = {
        **Config.mapping_options,
        "embed_features": "embed_features",
        "layer_features": "layer_features",
        "activation": "mapping_activation",
        "label_concat": "label_concat",
    }
    largest: ClassVar[Mapping[str, float]] = {
        **Config.largest,
        "embed_features": 1 << 16,
        "layer_features": 1 << 16,
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("embed_features", "layer_features"):
            if getattr(self, name) is not None:
                self.require_integer(name, 1)
        if self.img_resolution < 4 or self.img_resolution & (self.img_resolution - 1):
            raise ValueError(
                f"img_resolution must be a power of two of at least 4, not {self.img_resolution}"
            )
        if self.channel_base < self.img_resolution:
            raise ValueError(
                f"channel_base must be at least img_resolution ({self.img_resolution}),"
                f" not {self.channel_base}"
            )
        self._require_init_res()
        self.require_integer("conv_kernel", 1, LARGEST_KERNEL)
        if self.conv_kernel % 2 == 0:
            raise ValueError(f"conv_kernel must be odd, not {self.conv_kernel}")
        self.require_number("lod", least=0, most=self.img_resolution.bit_length() - 3)
        object.__setattr__(self, "lod", float(self.lod))
        if self.lod and self.architecture != "orig":
            raise ValueError(f"lod must be 0 in the architecture {self.architecture}")
        if self.block_channels is not None:
            self._require_block_channels()
        if self.architecture not in ("skip", "resnet", "orig"):
            raise ValueError(
                f"architecture must be skip, resnet or orig, not {self.architecture!r}"
            )
        for name in ("activation", "mapping_activation"):
            if getattr(self, name) not in ACTIVATIONS:
                raise ValueError(
                    f"{name} must be one of {', '.join(ACTIVATIONS)}, not {getattr(self, name)!r}"
                )
        taps = tuple(float(v) for v in self.resample_filter)
        if len(taps) < 1 or not all(map(math.isfinite, taps)) or sum(taps) == 0:
            raise ValueError(
                f"resample_filter must be finite taps with a non-zero sum, not {taps!r}"
            )
        object.__setattr__(self, "resample_filter", taps)

    def _require_init_res(self) -> None:
        sides = self.init_res
        is_whole = isinstance(sides, tuple) and all(type(side) is int for side in sides)
        if not is_whole or len(sides) != 2 or not all(1 <= side <= 1 << 10 for side in sides):
            raise ValueError(f"init_res must be a height and a width [px], not {sides!r}")
        if max(self.img_height, self.img_width) > 1 << 13:
            raise ValueError(f"init_res {sides!r} makes pictures that are far too large")

    def _require_block_channels(self) -> None:
        widths = self.block_channels
        count = len(self.block_resolutions)
        is_listed = isinstance(widths, tuple) and len(widths) == count
        if not is_listed or not all(type(n) is int and 1 <= n <= 1 << 16 for n in widths or ()):
            raise ValueError(
                f"block_channels must be {count} integers of 1 to {1 << 16}, not {widths!r}"
            )
        if widths == tuple(map(self._width_by_rule, self.block_resolutions)):
            object.__setattr__(self, "block_channels", None)

    def _width_by_rule(self, resolution: int) -> int:
        return min(self.channel_base // resolution, self.channel_max)

    @property
    def run_resolution(self) -> int:
        """Of the finest block that is run: the picture's, but for growing networks."""
        return self.img_resolution >> math.floor(self.lod)

    @cached_property
    def block_resolutions(self) -> tuple[int, ...]:
        """4, 8, .. run_resolution [px]."""
        return tuple(2**i for i in range(2, self.run_resolution.bit_length()))

    def size(self, resolution: int) -> tuple[int, int]:
        """Height and width of the block of `resolution` [px]."""
        height, width = self.init_res
        return height * resolution // 4, width * resolution // 4

    def size_on(self, resolution: int, canvas: Canvas) -> tuple[int, int]:
        """Height and width of the block of `resolution` [px] for pictures as large as `canvas`."""
        height, width = self.size(resolution)
        rows = beyond(canvas.height, self.img_height, height, self.img_height)
        columns = beyond(canvas.width, self.img_width, width, self.img_width)
        return height + 2 * rows, width + 2 * columns

    @property
    def img_height(self) -> int:
        """Height of the picture [px]."""
        return self.size(self.img_resolution)[0]

    @property
    def img_width(self) -> int:
        """Width of the picture [px]."""
        return self.size(self.img_resolution)[1]

    def channels(self, resolution: int) -> int:
        """Feature maps of the block of `resolution`."""
        if self.block_channels is not None:
            return self.block_channels[resolution.bit_length() - 3]
        return self._width_by_rule(resolution)

    def is_fp16(self, resolution: int) -> bool:
        """Whether the published network runs this block in float16 on a GPU."""
        lowest = 2 ** (self.img_resolution.bit_length() - self.num_fp16_res)
        return resolution >= max(lowest, 8)

    def has_torgb(self, resolution: int) -> bool:
        """Whether the block of `resolution` has a `torgb` layer."""
        return self.architecture == "skip" or self.torgb_weight(resolution) > 0

    def torgb_weight(self, resolution: int) -> float:
        """Share of the block's `torgb` in the picture where that is of one or two blocks alone."""
        share = self.lod - math.floor(self.lod)
        if resolution == self.run_resolution:
            return 1.0 - share
        return share if 2 * resolution == self.run_resolution else 0.0

    @property
    def num_ws(self) -> int:
        """Rows of `ws`: one per convolution, run or not, and one for the last `torgb`."""
        return 2 * (self.img_resolution.bit_length() - 2)

"""StyleGAN2's configuration, and the sizes of its blocks that follow from it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Literal

from stylegan3.config import Config

Architecture = Literal["skip", "resnet", "orig"]
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

    family: ClassVar[str] = "stylegan2"
    mapping_options: ClassVar[Mapping[str, str]] = {
        **Config.mapping_options,
        "embed_features": "embed_features",
        "layer_features": "layer_features",
        "activation": "mapping_activation",
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

    def _require_block_channels(self) -> None:
        widths = self.block_channels
        count = len(self.block_resolutions)
        is_whole = isinstance(widths, tuple) and all(type(width) is int for width in widths)
        if not is_whole or len(widths) != count or not all(1 <= n <= 1 << 16 for n in widths):
            raise ValueError(
                f"block_channels must be {count} integers of 1 to {1 << 16}, not {widths!r}"
            )
        if widths == tuple(map(self._width_by_rule, self.block_resolutions)):
            object.__setattr__(self, "block_channels", None)

    def _width_by_rule(self, resolution: int) -> int:
        return min(self.channel_base // resolution, self.channel_max)

    @cached_property
    def block_resolutions(self) -> tuple[int, ...]:
        """4, 8, .. img_resolution [px]."""
        return tuple(2**i for i in range(2, self.img_resolution.bit_length()))

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
        return self.architecture == "skip" or resolution == self.img_resolution

    @property
    def num_ws(self) -> int:
        """Rows of `ws`: one per convolution, and one for the last `torgb`."""
        return 2 * len(self.block_resolutions)

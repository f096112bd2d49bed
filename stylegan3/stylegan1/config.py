"""StyleGAN1's configuration, and the sizes of its blocks that follow from it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Literal

from stylegan3.canvas import Canvas, beyond
from stylegan3.config import Config

Program = Literal["tensorflow", "rosinality", "genforce"]
PROGRAMS: tuple[Program, ...] = ("tensorflow", "rosinality", "genforce")
ACTIVATIONS = ("relu", "lrelu")  # both have the gain that is folded into the mapping's biases


@dataclass(frozen=True)
class StyleGAN1Config(Config):
    """A StyleGAN generator (Karras et al. 2019).

    Raises:
        ValueError: if a value is out of range; the message names the field.
    """

    channel_base: int = 16384
    num_fp16_res: int = 0  # instance norm has no clamping to keep it in the range of float16
    conv_clamp: float | None = None
    layer_features: int | None = None  # width of the hidden mapping layers; None: w_dim
    label_concat: bool = False  # labels are mapped without bias, and normalised together with z
    block_channels: tuple[int, ...] | None = None  # feature maps of each block that is run, 4 px
    # first; None: by channel_base and channel_max
    blur_filter: tuple[float, ...] = (1.0, 2.0, 1.0)  # 1-D taps
    use_noise: bool = True
    use_instance_norm: bool = True
    activation: str = "lrelu"
    mapping_activation: str = "lrelu"
    program: Program = "tensorflow"  # whose names the layers have, and whose small differences
    lod: float = 0.0  # how far progressive growing had still to go: 0 is done, 1 is half the size

    family: ClassVar[str] = "stylegan1"
    mapping_options: ClassVar[Mapping[str, str]] = {
        **Config.mapping_options,
        "layer_features": "layer_features",
        "label_concat": "label_concat",
        "activation": "mapping_activation",
    }
    largest: ClassVar[Mapping[str, float]] = {**Config.largest, "layer_features": 1 << 16}

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.layer_features is not None:
            self.require_integer("layer_features", 1)
        if self.img_resolution < 4 or self.img_resolution & (self.img_resolution - 1):
            raise ValueError(
                f"img_resolution must be a power of two of at least 4, not {self.img_resolution}"
            )
        for name in ("use_noise", "use_instance_norm"):
            if not isinstance(getattr(self, name), bool):
                raise ValueError(f"{name} must be true or false, not {getattr(self, name)!r}")
        if self.program not in PROGRAMS:
            raise ValueError(f"program must be one of {', '.join(PROGRAMS)}, not {self.program!r}")
        for name in ("activation", "mapping_activation"):
            if getattr(self, name) not in ACTIVATIONS:
                raise ValueError(
                    f"{name} must be one of {', '.join(ACTIVATIONS)}, not {getattr(self, name)!r}"
                )
        self.require_number("lod", least=0, most=self.img_resolution.bit_length() - 3)
        object.__setattr__(self, "lod", float(self.lod))
        self._require_widths()
        taps = tuple(float(v) for v in self.blur_filter)
        if len(taps) % 2 == 0 or not all(map(math.isfinite, taps)) or sum(taps) == 0:
            raise ValueError(
                f"blur_filter must be finite taps, an odd number with a non-zero sum, not {taps!r}"
            )
        object.__setattr__(self, "blur_filter", taps)

    def _require_widths(self) -> None:
        widths, count = self.block_channels, len(self.block_resolutions)
        if widths is None:
            if self.channel_base < self.run_resolution:
                raise ValueError(
                    f"channel_base must be at least {self.run_resolution}, not {self.channel_base}"
                )
            return
        is_whole = isinstance(widths, tuple) and all(type(width) is int for width in widths)
        if not is_whole or len(widths) != count or not all(1 <= n <= 1 << 16 for n in widths):
            raise ValueError(
                f"block_channels must be {count} integers of 1 to {1 << 16}, not {widths!r}"
            )

    @property
    def run_resolution(self) -> int:
        """Of the finest block that is run [px]: the picture's, but for growing networks."""
        return self.img_resolution >> math.floor(self.lod)

    @cached_property
    def block_resolutions(self) -> tuple[int, ...]:
        """4, 8, .. run_resolution [px]."""
        return tuple(2**i for i in range(2, self.run_resolution.bit_length()))

    def size_on(self, resolution: int, canvas: Canvas) -> tuple[int, int]:
        """Height and width of the block of `resolution` [px] for pictures as large as `canvas`."""
        own = self.img_resolution
        rows = beyond(canvas.height, own, resolution, own)
        columns = beyond(canvas.width, own, resolution, own)
        return resolution + 2 * rows, resolution + 2 * columns

    def channels(self, resolution: int) -> int:
        """Feature maps of the block of `resolution`."""
        if self.block_channels is not None:
            return self.block_channels[resolution.bit_length() - 3]
        return min(self.channel_base // resolution, self.channel_max)

    def lod_of(self, resolution: int) -> int:
        """How often `resolution` must be doubled to be the picture's."""
        return self.img_resolution.bit_length() - resolution.bit_length()

    def torgb_weight(self, resolution: int) -> float:
        """Share of the block's ToRGB in the picture; 0 where it is not run."""
        share = self.lod - math.floor(self.lod)
        if resolution == self.run_resolution:
            return 1.0 - share
        return share if 2 * resolution == self.run_resolution else 0.0

    @property
    def norm_epsilon(self) -> float:
        """What instance norm adds to the variance."""
        return 1e-5 if self.program == "rosinality" else 1e-8

    @property
    def is_bias_blurred(self) -> bool:
        """Whether upsampling layers add the bias before the blur, which fades it at the border."""
        return self.program == "rosinality"

    @property
    def has_const_bias(self) -> bool:
        """Whether a bias is added to the constant."""
        return self.program != "rosinality"

    @property
    def is_noise_shared(self) -> bool:
        """Whether both layers of a block see the same fresh noise."""
        return self.program == "rosinality"

    @property
    def num_ws(self) -> int:
        """Rows of `ws`: two for each resolution, also for those not yet run."""
        return 2 * (self.img_resolution.bit_length() - 2)

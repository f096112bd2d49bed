"""Frozen configurations of the generators, and the per-layer sizes that follow from them.

`StyleGAN2Config` and `StyleGAN3Config` carry the published option names and defaults. What the
papers derive from them (channels, sampling rates, cutoffs, sizes, layer names) is computed here, so
that readers of checkpoints can predict every tensor's shape without building a network.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, ClassVar, Literal

import numpy as np

from stylegan3.alias_free.geometry import AliasFreeLayer
from stylegan3.options import Options

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
class StyleGAN2Config(Options):
    """A StyleGAN2 generator (Karras et al. 2020), as published with StyleGAN2-ADA and StyleGAN3.

    Raises:
        ValueError: if a value is out of range; the message names the field.
    """

    num_mapping_layers: int = 8
    embed_features: int | None = None  # width of the label embedding; None: w_dim
    layer_features: int | None = None  # width of the hidden mapping layers; None: w_dim
    architecture: Architecture = "skip"
    resample_filter: tuple[float, ...] = (1.0, 3.0, 3.0, 1.0)  # 1-D taps
    use_noise: bool = True
    activation: str = "lrelu"
    mapping_activation: str = "lrelu"

    family: ClassVar[str] = "stylegan2"

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require_integer("num_mapping_layers", 1, 256)
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

    @cached_property
    def block_resolutions(self) -> tuple[int, ...]:
        """4, 8, .. img_resolution [px]."""
        return tuple(2**i for i in range(2, self.img_resolution.bit_length()))

    def channels(self, resolution: int) -> int:
        """Feature maps of the block of `resolution`."""
        return min(self.channel_base // resolution, self.channel_max)

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


@dataclass(frozen=True)
class StyleGAN3Config(Options):
    """A StyleGAN3 generator (Karras et al. 2021); the defaults are those of stylegan3-t.

    stylegan3-r is `conv_kernel=1, use_radial_filters=True, channel_base=65536, channel_max=1024`.

    Raises:
        ValueError: if a value is out of range; the message names the field.
    """

    num_mapping_layers: int = 2
    num_layers: int = 14  # not counting input and ToRGB
    num_critical: int = 2  # critically sampled layers at the end
    first_cutoff: float = 2.0
    first_stopband: float = 2**2.1
    last_stopband_rel: float = 2**0.3
    margin_size: int = 10  # [px] around the picture
    output_scale: float = 0.25
    conv_kernel: int = 3
    filter_size: int = 6  # taps per unit of resampling factor
    lrelu_upsampling: int = 2
    use_radial_filters: bool = False
    magnitude_ema_beta: float = 0.999  # decay of `magnitude_ema` in training

    family: ClassVar[str] = "stylegan3"

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("num_layers", "conv_kernel", "filter_size", "lrelu_upsampling"):
            self.require_integer(name, 1, 256)
        self.require_integer("num_mapping_layers", 1, 256)
        self.require_integer("margin_size", 0)
        self.require_integer("num_critical", 0)
        for name in ("first_cutoff", "first_stopband", "last_stopband_rel"):
            self.require_number(name, above=0)
        self.require_number("output_scale")
        self.require_number("magnitude_ema_beta", least=0, most=1)
        if self.num_critical >= self.num_layers:
            raise ValueError(
                f"num_critical must be below num_layers ({self.num_layers}),"
                f" not {self.num_critical}"
            )
        if self.img_resolution / 2 <= self.first_cutoff:
            raise ValueError(
                f"img_resolution must exceed 2 * first_cutoff = {2 * self.first_cutoff:g} px,"
                f" not {self.img_resolution}"
            )
        if self.channels.min() < 1:
            raise ValueError(f"channel_base is too small for any channel: {self.channel_base}")
        for layer in self.layers:
            if layer.tmp_sampling_rate % layer.in_sampling_rate:
                raise ValueError(f"{layer.name}: sampling rates are no multiples of each other")

    @cached_property
    def _exponents(self) -> np.ndarray:
        steps = np.arange(self.num_layers + 1) / (self.num_layers - self.num_critical)
        return np.minimum(steps, 1)

    @cached_property
    def cutoffs(self) -> np.ndarray:
        """Cutoff frequency at layer 0..num_layers [cycles per picture width]."""
        last = self.img_resolution / 2
        return self.first_cutoff * (last / self.first_cutoff) ** self._exponents

    @cached_property
    def stopbands(self) -> np.ndarray:
        """Minimum stopband frequency at layer 0..num_layers [cycles per picture width]."""
        last = self.img_resolution / 2 * self.last_stopband_rel
        return self.first_stopband * (last / self.first_stopband) ** self._exponents

    @cached_property
    def sampling_rates(self) -> np.ndarray:
        """Sampling rate at layer 0..num_layers [samples per picture width]."""
        rates = 2 ** np.ceil(np.log2(np.minimum(self.stopbands * 2, self.img_resolution)))
        return rates.astype(np.int64)

    @cached_property
    def half_widths(self) -> np.ndarray:
        """Transition half-width at layer 0..num_layers [cycles per picture width]."""
        return np.maximum(self.stopbands, self.sampling_rates / 2) - self.cutoffs

    @cached_property
    def sizes(self) -> np.ndarray:
        """Width and height of the features at layer 0..num_layers [px]."""
        sizes = self.sampling_rates + self.margin_size * 2
        sizes[-2:] = self.img_resolution
        return sizes

    @cached_property
    def channels(self) -> np.ndarray:
        """Feature maps at layer 0..num_layers; the last is `img_channels`."""
        channels = np.rint(np.minimum(self.channel_base / 2 / self.cutoffs, self.channel_max))
        channels[-1] = self.img_channels
        return channels.astype(np.int64)

    @property
    def num_ws(self) -> int:
        """Rows of `ws`: input, `num_layers` layers, ToRGB."""
        return self.num_layers + 2

    def is_fp16(self, index: int) -> bool:
        """Whether the published network runs layer `index` in float16 on a GPU."""
        return bool(self.sampling_rates[index] * 2**self.num_fp16_res > self.img_resolution)

    @cached_property
    def layers(self) -> tuple[AliasFreeLayer, ...]:
        """Geometry of L0 .. L{num_layers}; the last is ToRGB."""
        return tuple(AliasFreeLayer.of(self, i) for i in range(self.num_layers + 1))


Config = StyleGAN2Config | StyleGAN3Config


def config_from_dict(values: dict[str, Any]) -> Config:
    """Read back what `to_dict` wrote.

    Raises:
        ValueError: if the family is unknown, or a field is unknown or out of range.
    """
    families = {cls.family: cls for cls in (StyleGAN2Config, StyleGAN3Config)}
    family = values.get("family")
    if family not in families:
        raise ValueError(f"family must be one of {', '.join(families)}, not {family!r}")
    cls = families[family]
    unknown = sorted(values.keys() - {f.name for f in fields(cls)} - {"family"})
    if unknown:
        raise ValueError(f"{family} has no option {', '.join(map(repr, unknown))}")
    options: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
    del options["family"]
    return cls(**options)

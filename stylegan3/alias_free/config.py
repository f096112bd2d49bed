"""StyleGAN3's configuration, and the rates, cutoffs and sizes that follow from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from stylegan3.alias_free.geometry import AliasFreeLayer
from stylegan3.config import Config


@dataclass(frozen=True)
class StyleGAN3Config(Config):
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
    square: bool = True  # False: half as wide as high, as StyleGAN-Human's

    family: ClassVar[str] = "stylegan3"
    largest: ClassVar[Mapping[str, float]] = {
        **Config.largest,
        "num_layers": 64,
        "num_critical": 64,
        "margin_size": 1 << 10,
        "conv_kernel": 15,
        "filter_size": 32,
        "lrelu_upsampling": 4,
        "first_cutoff": 1 << 12,
        "first_stopband": 1 << 14,
        "last_stopband_rel": 64,
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("num_layers", "conv_kernel", "filter_size", "lrelu_upsampling"):
            self.require_integer(name, 1, 256)
        self.require_integer("margin_size", 0)
        self.require_integer("num_critical", 0)
        for name in ("first_cutoff", "first_stopband", "last_stopband_rel"):
            self.require_number(name, above=0)
        self.require_number("output_scale")
        if not isinstance(self.square, bool):
            raise ValueError(f"square must be true or false, not {self.square!r}")
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
        """Cutoff frequency at layer 0..num_layers [cycles per picture height]."""
        last = self.img_resolution / 2
        return self.first_cutoff * (last / self.first_cutoff) ** self._exponents

    @cached_property
    def stopbands(self) -> np.ndarray:
        """Minimum stopband frequency at layer 0..num_layers [cycles per picture height]."""
        last = self.img_resolution / 2 * self.last_stopband_rel
        return self.first_stopband * (last / self.first_stopband) ** self._exponents

    @cached_property
    def sampling_rates(self) -> np.ndarray:
        """Sampling rate at layer 0..num_layers [samples per picture height]."""
        rates = 2 ** np.ceil(np.log2(np.minimum(self.stopbands * 2, self.img_resolution)))
        return rates.astype(np.int64)

    @cached_property
    def half_widths(self) -> np.ndarray:
        """Transition half-width at layer 0..num_layers [cycles per picture height]."""
        return np.maximum(self.stopbands, self.sampling_rates / 2) - self.cutoffs

    @cached_property
    def sizes(self) -> np.ndarray:
        """Height of the features at layer 0..num_layers [px]; and width, where they are square."""
        sizes = self.sampling_rates + self.margin_size * 2
        sizes[-2:] = self.img_resolution
        return sizes

    @property
    def widths(self) -> np.ndarray:
        """Width of the features at layer 0..num_layers [px]."""
        return self.sizes if self.square else self.sizes // 2

    @property
    def img_width(self) -> int:
        """Width of the picture [px]."""
        return int(self.widths[-1])

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
        return tuple(map(self._layer, range(self.num_layers + 1)))

    def _layer(self, index: int) -> AliasFreeLayer:
        before = max(index - 1, 0)

        def integers(values: np.ndarray) -> tuple[int, int]:
            return int(values[before]), int(values[index])

        def numbers(values: np.ndarray) -> tuple[float, float]:
            return float(values[before]), float(values[index])

        return AliasFreeLayer.between(
            index,
            is_torgb=index == self.num_layers,
            is_critically_sampled=index >= self.num_layers - self.num_critical,
            channels=integers(self.channels),
            sizes=integers(self.sizes),
            widths=integers(self.widths),
            sampling_rates=integers(self.sampling_rates),
            cutoffs=numbers(self.cutoffs),
            half_widths=numbers(self.half_widths),
            conv_kernel=self.conv_kernel,
            filter_size=self.filter_size,
            lrelu_upsampling=self.lrelu_upsampling,
            use_radial_filters=self.use_radial_filters,
        )

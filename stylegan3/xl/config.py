"""StyleGAN-XL's configuration: a stem, and the superresolution stages that were grown on it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from stylegan3.alias_free.config import StyleGAN3Config
from stylegan3.alias_free.geometry import AliasFreeLayer

NUM_CRITICAL = 2  # critically sampled layers of a superresolution stage, without ToRGB


@dataclass(frozen=True)
class Stage(StyleGAN3Config):
    """A superresolution stage: StyleGAN3 that continues the features of the network below.

    `first_cutoff` and `first_stopband` are those of the last layer that remains below, and so are
    sampling rate and channels. Nothing is resampled in between.
    """

    first_rate: int = 16  # [samples per picture width]
    first_channels: int = 512

    @cached_property
    def sampling_rates(self) -> np.ndarray:
        """Sampling rate at layer 0..num_layers [samples per picture width]."""
        rates = super().sampling_rates.copy()
        rates[0] = self.first_rate
        return rates

    @cached_property
    def channels(self) -> np.ndarray:
        """Feature maps at layer 0..num_layers; the last is `img_channels`."""
        channels = super().channels.copy()
        channels[0] = self.first_channels
        return channels


@dataclass(frozen=True)
class StyleGANXLConfig(StyleGAN3Config):
    """A StyleGAN-XL generator (Sauer et al. 2022); the defaults are those of an unconditional stem.

    `num_layers` counts the layers of the stem; `img_resolution` is that of the whole network.

    Raises:
        ValueError: if a value is out of range; the message names the field.
    """

    z_dim: int = 64
    img_resolution: int = 16
    num_layers: int = 10  # of the stem, not counting input and ToRGB
    head_layers: tuple[int, ...] = ()  # of each superresolution stage, not counting ToRGB
    up_factors: tuple[int, ...] = ()  # of each superresolution stage
    embed_classes: int = 1000  # rows of the class embedding; 0: there is none
    embed_features: int = 320  # numbers in the embedding of a class

    family: ClassVar[str] = "stylegan-xl"
    largest: ClassVar[Mapping[str, float]] = {
        **StyleGAN3Config.largest,
        "embed_classes": 1 << 20,
        "embed_features": 1 << 16,
    }

    def __post_init__(self) -> None:
        self.require_integer("embed_classes", 0)
        self.require_integer("embed_features", 1)
        for name in ("head_layers", "up_factors"):
            values = getattr(self, name)
            least = 2 if name == "up_factors" else NUM_CRITICAL + 1
            if not isinstance(values, tuple) or len(values) > 8:
                raise ValueError(f"{name} must be at most 8 integers, not {values!r}")
            if not all(type(value) is int and least <= value <= 64 for value in values):
                raise ValueError(f"{name} must be integers of {least} to 64, not {values!r}")
        if len(self.head_layers) != len(self.up_factors):
            raise ValueError("head_layers and up_factors must be of the same number of stages")
        self.require_integer("img_resolution", 1)
        if self.img_resolution % math.prod(self.up_factors):
            raise ValueError(
                f"img_resolution must be a multiple of {math.prod(self.up_factors)} px,"
                f" not {self.img_resolution}"
            )
        self.require_integer("num_layers", 1, 256)
        if self.head_layers and self.num_layers <= NUM_CRITICAL + 1:
            raise ValueError(f"num_layers must exceed 3 in a stem, not {self.num_layers}")
        if self.head_layers and self.num_critical != NUM_CRITICAL:
            raise ValueError(f"num_critical must be {NUM_CRITICAL}, not {self.num_critical}")
        super().__post_init__()
        if self.c_dim > self.embed_classes:
            raise ValueError(
                f"embed_classes must be at least c_dim = {self.c_dim}, not {self.embed_classes}"
            )

    @property
    def stem_resolution(self) -> int:
        """Width and height of the picture that the stem made before it grew [px]."""
        return self.img_resolution // math.prod(self.up_factors)

    @cached_property
    def stem(self) -> StyleGAN3Config:
        """The stem as a network of its own."""
        options: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(StyleGAN3Config)}
        options["img_resolution"] = self.stem_resolution
        return StyleGAN3Config(**options)

    @cached_property
    def _grown(self) -> tuple[tuple[AliasFreeLayer, ...], tuple[bool, ...]]:
        """Layers of the whole, and which of them run in float16 on a GPU."""
        layers, is_fp16 = layers_of(self.stem), fp16_of(self.stem)
        resolution = self.stem_resolution
        for num_layers, up_factor in zip(self.head_layers, self.up_factors, strict=True):
            resolution *= up_factor
            kept = kept_below(layers)
            stage = grow(self.stem, kept, num_layers, resolution)
            layers = (*kept, *layers_of(stage, len(kept) + 1))
            is_fp16 = (*is_fp16[: len(kept)], *fp16_of(stage))
        return layers, is_fp16

    @cached_property
    def layers(self) -> tuple[AliasFreeLayer, ...]:
        """Geometry of all layers in order; the last is ToRGB. Their numbers may have a gap."""
        return self._grown[0]

    @property
    def num_ws(self) -> int:
        """Rows of `ws`: input and all layers."""
        return len(self.layers) + 1

    def is_fp16(self, index: int) -> bool:
        """Whether the published network runs the layer at place `index` in float16 on a GPU."""
        return self._grown[1][index]

    @cached_property
    def cutoffs(self) -> np.ndarray:
        """Cutoff frequency behind every layer [cycles per picture width]."""
        return np.array([layer.out_cutoff for layer in self.layers])

    @cached_property
    def sampling_rates(self) -> np.ndarray:
        """Sampling rate behind every layer [samples per picture width]."""
        return np.array([layer.out_sampling_rate for layer in self.layers])

    @cached_property
    def half_widths(self) -> np.ndarray:
        """Transition half-width behind every layer [cycles per picture width]."""
        return np.array([layer.out_half_width for layer in self.layers])

    @cached_property
    def stopbands(self) -> np.ndarray:
        """Stopband frequency behind every layer [cycles per picture width]."""
        return self.cutoffs + self.half_widths

    @cached_property
    def sizes(self) -> np.ndarray:
        """Width and height of the features behind every layer [px]."""
        return np.array([layer.out_size for layer in self.layers])

    @cached_property
    def channels(self) -> np.ndarray:
        """Feature maps behind every layer; the last is `img_channels`."""
        return np.array([layer.out_channels for layer in self.layers])


def kept_below(layers: tuple[AliasFreeLayer, ...]) -> tuple[AliasFreeLayer, ...]:
    """What remains of a network when a stage grows on it: all but the critically sampled layers."""
    return layers[: -NUM_CRITICAL - 1]


def grow(
    stem: StyleGAN3Config, kept: tuple[AliasFreeLayer, ...], num_layers: int, resolution: int
) -> Stage:
    """The stage of `num_layers` layers up to `resolution` [px] that follows the layers `kept`."""
    last = kept[-1]
    options: dict[str, Any] = {f.name: getattr(stem, f.name) for f in fields(StyleGAN3Config)}
    options |= {
        "img_resolution": resolution,
        "num_layers": num_layers,
        "first_cutoff": last.out_cutoff,
        "first_stopband": last.out_cutoff + last.out_half_width,
        "first_rate": last.out_sampling_rate,
        "first_channels": last.out_channels,
    }
    return Stage(**options)


def layers_of(stage: StyleGAN3Config, first_number: int = 0) -> tuple[AliasFreeLayer, ...]:
    """Layers of a stem or stage, numbered from `first_number`."""

    def numbered(g: AliasFreeLayer) -> AliasFreeLayer:
        index = g.index + first_number
        return replace(g, index=index, name=f"L{index}_{g.out_size}_{g.out_channels}")

    return tuple(map(numbered, stage.layers))


def fp16_of(stage: StyleGAN3Config) -> tuple[bool, ...]:
    """Which layers of a stem or stage run in float16 on a GPU."""
    return tuple(map(stage.is_fp16, range(stage.num_layers + 1)))

"""The published networks' layers and filters, and how a result is compared with its reference."""

from __future__ import annotations

from torch import Tensor, isfinite

from stylegan3.alias_free.config import StyleGAN3Config
from stylegan3.alias_free.geometry import AliasFreeLayer
from stylegan3.fast.kernels.filtered_lrelu.geometry import FilterGeometry
from stylegan3.ops.filters import lowpass_filter


def published_config(radial: bool, resolution: int = 1024) -> StyleGAN3Config:
    """Return stylegan3-r or -t."""
    return StyleGAN3Config(
        img_resolution=resolution,
        conv_kernel=1 if radial else 3,
        channel_base=65536 if radial else 32768,
        channel_max=1024 if radial else 512,
        use_radial_filters=radial,
    )


def published_layers(radial: bool) -> list[AliasFreeLayer]:
    """Return the layers of the 1024 px network, ToRGB left out."""
    config = published_config(radial)
    return list(config.layers[: config.num_layers])


def published_geometry(layer: int, *, radial: bool, resolution: int = 1024) -> FilterGeometry:
    """Return the filters of a layer of stylegan3-t or -r."""
    return layer_geometry(published_config(radial, resolution).layers[layer])


def layer_geometry(g: AliasFreeLayer) -> FilterGeometry:
    """Return the filters of a layer."""
    up = lowpass_filter(g.up_taps, g.in_cutoff, g.in_half_width * 2, g.tmp_sampling_rate)
    down = lowpass_filter(
        g.down_taps,
        g.out_cutoff,
        g.out_half_width * 2,
        g.tmp_sampling_rate,
        radial=g.is_down_radial,
    )
    taps = [None if f is None else f.double().numpy() for f in (up, down)]
    return FilterGeometry(taps[0], taps[1], g.up_factor, g.down_factor, g.padding * 2)


def relative_error(actual: Tensor, expected: Tensor) -> float:
    """Relative Euclidean error; NaN counts as infinite."""
    difference = (actual.cpu().double() - expected).norm() / expected.norm()
    return float(difference) if isfinite(difference) else float("inf")

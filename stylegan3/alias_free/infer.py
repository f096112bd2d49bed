"""StyleGAN3's configuration from the names and shapes of its tensors."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from stylegan3.alias_free.config import StyleGAN3Config
from stylegan3.layers import alias_free_name
from stylegan3.shapes import Shapes, mapping_options, shape_of


def infer_stylegan3(shapes: Shapes) -> dict[str, Any]:
    """Options of the network that has such tensors; what shapes do not show keeps its default.

    Raises:
        ValueError: if no published network has such tensors.
    """
    mapping = mapping_options(shapes)
    found = (name for name in map(alias_free_name, shapes) if name and name.tensor)
    layers = sorted({replace(name, tensor="") for name in found})
    if len(layers) < 3 or [layer.index for layer in layers] != list(range(len(layers))):
        raise ValueError("layers are missing: their names do not count from L0 upwards")
    names = tuple(layer.name for layer in layers)
    kernel = shape_of(shapes, f"synthesis.{names[0]}.weight", 4)[2]
    is_radial = len(shapes.get(f"synthesis.{names[0]}.down_filter", ())) == 2
    options: dict[str, Any] = {
        "img_resolution": layers[-1].size,
        "img_channels": layers[-1].channels,
        "num_layers": len(layers) - 1,
        "conv_kernel": kernel,
        "use_radial_filters": is_radial,
    }
    for name, value in options.items():
        StyleGAN3Config.check_option(name, value)
    try:
        bare = StyleGAN3Config(channel_base=1 << 20, **options)
        options["margin_size"] = (layers[0].size - int(bare.sampling_rates[0])) // 2
        options["channel_max"] = max(layer.channels for layer in layers[:-1])
        options["channel_base"] = channel_base(bare, [layer.channels for layer in layers[:-1]])
        is_match = tuple(layer.name for layer in StyleGAN3Config(**options).layers) == names
    except (ValueError, ArithmeticError):
        is_match = False
    if not is_match:
        raise ValueError("its layers follow no published configuration")
    return mapping | options


def channel_base(config: StyleGAN3Config, channels: list[int]) -> int:
    """The roundest base of which every width is rint(min(base / 2 / cutoff, widest)).

    Raises:
        ValueError: if there is none.
    """
    widest, low, high = max(channels), 1, math.inf
    for width, cutoff in zip(channels, config.cutoffs, strict=False):
        # between the halves, which are rounded to either side
        low = max(low, math.floor((width - 0.5) * 2 * cutoff) + 1)
        if width < widest:
            high = min(high, math.ceil((width + 0.5) * 2 * cutoff) - 1)
    if high == math.inf:
        return 1 << (low - 1).bit_length()
    for step in (1 << i for i in range(23, -1, -1)):
        base = -(-low // step) * step
        if base <= high:
            return base
    raise ValueError("no channel base fits")

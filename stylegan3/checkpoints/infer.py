"""Configurations from the shapes of tensors, for files that do not state them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from stylegan3.checkpoints.errors import UnusableError
from stylegan3.checkpoints.found import check_option
from stylegan3.config import Config, StyleGAN2Config, StyleGAN3Config
from stylegan3.layers import alias_free_name, block_name

LARGEST_FILTER = 32  # taps

Shapes = Mapping[str, tuple[int, ...]]


def infer_config(cls: type[Config], shapes: Shapes) -> dict[str, Any]:
    """Options of the network that has tensors of these published names and shapes.

    What shapes do not show (clamping, float16 layers, learning rates) keeps its default.

    Raises:
        UnusableError: if no published network has such tensors.
    """
    options = _mapping(shapes)
    options |= _stylegan2(shapes) if cls is StyleGAN2Config else _stylegan3(shapes)
    for name, value in options.items():
        check_option(name, value)
    return options


def _shape(shapes: Shapes, name: str, rank: int) -> tuple[int, ...]:
    shape = shapes.get(name)
    if shape is None:
        raise UnusableError(f"tensor {name} is missing")
    if len(shape) != rank or min(shape) < 1:
        raise UnusableError(f"tensor {name} has the shape {list(shape)}, which no network has")
    return shape


def _mapping(shapes: Shapes) -> dict[str, Any]:
    count = 0
    while f"mapping.fc{count}.weight" in shapes:
        count += 1
    width, inputs = _shape(shapes, "mapping.fc0.weight", 2)
    w_dim = _shape(shapes, f"mapping.fc{count - 1}.weight", 2)[0]
    options: dict[str, Any] = {"z_dim": inputs, "w_dim": w_dim, "num_mapping_layers": count}
    if "mapping.embed.weight" in shapes:
        features, c_dim = _shape(shapes, "mapping.embed.weight", 2)
        options |= {"z_dim": inputs - features, "c_dim": c_dim}
        if features != w_dim:
            options["embed_features"] = features
    if count > 1 and width != w_dim:
        options["layer_features"] = width
    return options


def _stylegan2(shapes: Shapes) -> dict[str, Any]:
    blocks = map(block_name, shapes)
    resolutions = sorted({block.resolution for block in blocks if block and block.tensor})
    last = resolutions[-1]
    const = _shape(shapes, "synthesis.b4.const", 3)
    if const[1:] != (4, 4):
        raise UnusableError(
            f"its pictures are not square (they grow from {const[2]} x {const[1]}), which is not"
            " supported"
        )
    channels = {r: _shape(shapes, f"synthesis.b{r}.conv1.weight", 4)[0] for r in resolutions}
    widest = max(channels.values())
    narrow = [r for r in resolutions if channels[r] < widest]
    options: dict[str, Any] = {
        "img_resolution": last,
        "img_channels": _shape(shapes, f"synthesis.b{last}.torgb.weight", 4)[0],
        "channel_max": widest,
        "channel_base": channels[narrow[0]] * narrow[0] if narrow else widest * last,
        "use_noise": any(name.endswith(".noise_strength") for name in shapes),
    }
    if any(channels[r] != min(options["channel_base"] // r, widest) for r in resolutions):
        raise UnusableError("the widths of its layers follow no published rule")
    filter_shape = shapes.get("synthesis.b4.conv1.resample_filter", (4, 4))
    if filter_shape[0] != 4 and len(filter_shape) == 2 and filter_shape[0] <= LARGEST_FILTER:
        # Binomial, as the default (1, 3, 3, 1) is; the buffers hold the true taps.
        taps = filter_shape[0]
        options["resample_filter"] = tuple(float(math.comb(taps - 1, i)) for i in range(taps))
    if any(name.endswith(".skip.weight") for name in shapes):
        options["architecture"] = "resnet"
    elif "synthesis.b4.torgb.weight" not in shapes and last > 4:
        options["architecture"] = "orig"
    return options


def _stylegan3(shapes: Shapes) -> dict[str, Any]:
    found = (name for name in map(alias_free_name, shapes) if name and name.tensor)
    layers = sorted({replace(name, tensor="") for name in found})
    if len(layers) < 3 or [layer.index for layer in layers] != list(range(len(layers))):
        raise UnusableError("layers are missing: their names do not count from L0 upwards")
    names = tuple(layer.name for layer in layers)
    kernel = _shape(shapes, f"synthesis.{names[0]}.weight", 4)[2]
    is_radial = len(shapes.get(f"synthesis.{names[0]}.down_filter", ())) == 2
    options: dict[str, Any] = {
        "img_resolution": layers[-1].size,
        "img_channels": layers[-1].channels,
        "num_layers": len(layers) - 1,
        "conv_kernel": kernel,
        "use_radial_filters": is_radial,
    }
    for name, value in options.items():
        check_option(name, value)
    try:
        bare = StyleGAN3Config(channel_base=1 << 20, **options)
        options["margin_size"] = (layers[0].size - int(bare.sampling_rates[0])) // 2
        options["channel_max"] = max(layer.channels for layer in layers[:-1])
        options["channel_base"] = _channel_base(bare, [layer.channels for layer in layers[:-1]])
        is_match = tuple(layer.name for layer in StyleGAN3Config(**options).layers) == names
    except (ValueError, ArithmeticError):
        is_match = False
    if not is_match:
        raise UnusableError("its layers follow no published configuration")
    return options


def _channel_base(config: StyleGAN3Config, channels: list[int]) -> int:
    """The roundest base of which every width is rint(min(base / 2 / cutoff, widest)).

    Raises:
        ValueError: if there is none.
    """
    widest, low, high = max(channels), 1, math.inf
    for width, cutoff in zip(channels, config.cutoffs, strict=False):
        low = max(low, math.ceil((width - 0.5) * 2 * cutoff))
        if width < widest:
            high = min(high, math.floor((width + 0.5) * 2 * cutoff))
    if high == math.inf:
        return 1 << (low - 1).bit_length()
    for step in (1 << i for i in range(23, -1, -1)):
        base = -(-low // step) * step
        if base <= high:
            return base
    raise ValueError("no channel base fits")

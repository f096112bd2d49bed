"""StyleGAN2's configuration from the shapes of its tensors."""

from __future__ import annotations

import math
from typing import Any

from stylegan3.layers import block_name
from stylegan3.shapes import Shapes, mapping_options, shape_of

LARGEST_FILTER = 32  # taps


def infer_stylegan2(shapes: Shapes) -> dict[str, Any]:
    """Options of the network that has such tensors; what shapes do not show keeps its default.

    Raises:
        ValueError: if no published network has such tensors.
    """
    mapping = mapping_options(shapes)
    blocks = map(block_name, shapes)
    resolutions = sorted({block.resolution for block in blocks if block and block.tensor})
    last = resolutions[-1]
    const = shape_of(shapes, "synthesis.b4.const", 3)
    channels = {r: shape_of(shapes, f"synthesis.b{r}.conv1.weight", 4)[0] for r in resolutions}
    widest = max(channels.values())
    narrow = [r for r in resolutions if channels[r] < widest]
    options: dict[str, Any] = {
        "img_resolution": last,
        "init_res": const[1:],
        "img_channels": shape_of(shapes, f"synthesis.b{last}.torgb.weight", 4)[0],
        "channel_max": widest,
        "channel_base": channels[narrow[0]] * narrow[0] if narrow else widest * last,
        "conv_kernel": shape_of(shapes, f"synthesis.b{last}.conv1.weight", 4)[3],
        "use_noise": any(name.endswith(".noise_strength") for name in shapes),
    }
    if any(channels[r] != min(options["channel_base"] // r, widest) for r in resolutions):
        options["block_channels"] = tuple(channels.values())
    filter_shape = _filter_shape(shapes)
    if filter_shape[0] != 4 and len(filter_shape) == 2 and filter_shape[0] <= LARGEST_FILTER:
        # Binomial, as the default (1, 3, 3, 1) is; the buffers hold the true taps.
        taps = filter_shape[0]
        options["resample_filter"] = tuple(float(math.comb(taps - 1, i)) for i in range(taps))
    if any(name.endswith(".skip.weight") for name in shapes):
        options["architecture"] = "resnet"
    elif "synthesis.b4.torgb.weight" not in shapes and last > 4:
        options["architecture"] = "orig"
    return mapping | options


def _filter_shape(shapes: Shapes) -> tuple[int, ...]:
    """Shape of the filter of a layer that upsamples; `conv1` may hold another, which is unused."""
    for layer in ("b8.conv0", "b8", "b8.skip", "b4"):
        shape = shapes.get(f"synthesis.{layer}.resample_filter")
        if shape is not None:
            return shape
    return (4, 4)

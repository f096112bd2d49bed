"""StyleGAN1's configuration from the shapes of its tensors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from stylegan3.layers import block_name
from stylegan3.shapes import Shapes, mapping_options, shape_of

CONST = "synthesis.b4.Const.const"


def is_stylegan1(tensors: Iterable[str]) -> bool:
    """Return whether tensors are named as in this family."""
    return CONST in tensors


def infer_stylegan1(shapes: Shapes) -> dict[str, Any]:
    """Options of the network that has such tensors; what shapes do not show keeps its default.

    Of a network that was saved while it grew, the picture is taken to be as large as the finest
    block.

    Raises:
        ValueError: if no published network has such tensors.
    """
    options = mapping_options(shapes)
    if options.get("label_concat") is None and "c_dim" in options:
        raise ValueError("its label is mapped as in no StyleGAN1")
    blocks = map(block_name, shapes)
    resolutions = sorted({block.resolution for block in blocks if block and block.tensor})
    const = shape_of(shapes, CONST, 3)
    if const[1:] != (4, 4):
        raise ValueError(f"its pictures grow from {const[2]} × {const[1]}, which no StyleGAN1 does")
    widths = [const[0]]
    for resolution in resolutions[1:]:
        widths.append(shape_of(shapes, f"synthesis.b{resolution}.Conv1.weight", 4)[0])
    last = resolutions[-1]
    widest = max(widths)
    narrow = [(r, width) for r, width in zip(resolutions, widths, strict=True) if width < widest]
    base = narrow[0][0] * narrow[0][1] if narrow else widest * last
    options |= {
        "img_resolution": last,
        "img_channels": shape_of(shapes, f"synthesis.b{last}.ToRGB.weight", 4)[0],
        "channel_max": widest,
        "channel_base": base,
        "use_noise": any(name.endswith(".noise_strength") for name in shapes),
    }
    if widths != [min(base // r, widest) for r in resolutions]:
        options["block_channels"] = tuple(widths)
    return options

"""StyleGAN1 weights of rosinality's style-based-gan-pytorch: `.model` files.

Weights called `weight_orig` are used times sqrt(2 / fan_in); convolutions here have that gain by
themselves, the others get what they lack.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from stylegan3.checkpoints.errors import naming
from stylegan3.checkpoints.found import FoundGenerator, Part
from stylegan3.checkpoints.pickle.values import TensorRef
from stylegan3.checkpoints.readers.stylegan1.parts import (
    SQRT2,
    found_generator,
    layer_prefix,
    part_of,
    times,
    turned,
)

CONST = "generator.progression.0.conv1.input"
BLOCK = r"generator\.progression\.(\d{1,2})\.(.+)"
# Last parts of names in a block -> its layer, the published name; by the groups of the pattern.
HALVES = (
    r"(?P<kind>noise|adain)(?P<half>[12])\.(?:style\.linear\.)?(?P<last>weight_orig|bias)",
    r"conv(?P<half>[12])\.(?P<kind>input)()",
    r"conv(?P<half>[12])\.(?:1\.)?(?P<kind>conv)\.(?P<last>weight_orig|bias)",
    r"conv(?P<half>1)\.0\.(?P<kind>)(?P<last>weight|bias)",
)


def is_rosinality_stylegan1(tensors: Mapping[str, TensorRef]) -> bool:
    """Whether a state dict has this layout."""
    return CONST in tensors and "style.1.linear.weight_orig" in tensors


@naming("StyleGAN1")
def convert_rosinality_stylegan1(
    tensors: Mapping[str, TensorRef], notes: list[str]
) -> FoundGenerator:
    """Rename the tensors of such a state dict.

    Raises:
        UnusableError: if they are no StyleGAN1 generator.
    """
    parts: dict[str, Part] = {}
    for name, ref in tensors.items():
        found = _mapping_part(name, ref) or _block_part(name, ref) or _torgb_part(name, ref)
        if found is not None:
            parts[found[0]] = found[1]
        elif not re.search(r"\.conv1\.[12]\.weight(_flip)?$", name):  # blur, always the same
            parts[name] = Part.of(ref)  # surplus: reported by name
    options = {"program": "rosinality", "mapping_lr_multiplier": 1.0}
    return found_generator(parts, options, "rosinality checkpoint of StyleGAN1", notes)


def _mapping_part(name: str, ref: TensorRef) -> tuple[str, Part] | None:
    match = re.fullmatch(r"style\.(\d{1,3})\.linear\.(weight_orig|bias)", name)
    if match is None or int(match[1]) % 2 == 0:
        return None
    layer = f"mapping.fc{int(match[1]) // 2}"
    if match[2] == "bias":
        return f"{layer}.bias", part_of(name, ref, (0,), times(1 / SQRT2))
    return f"{layer}.weight", part_of(name, ref, (0, 1))


def _block_part(name: str, ref: TensorRef) -> tuple[str, Part] | None:
    block = re.fullmatch(BLOCK, name)
    rest = "" if block is None else block[2]
    match = next(filter(None, (re.fullmatch(pattern, rest) for pattern in HALVES)), None)
    if block is None or match is None:
        return None
    kind, is_bias = match["kind"], rest.endswith(".bias")
    layer = layer_prefix(2 * int(block[1]) + int(match["half"]) - 1)
    if kind == "input":
        return f"{layer}const", part_of(name, ref, (1, 2, 3), rank=4)
    if kind == "noise":
        gain = math.sqrt(2 / max(ref.shape[1] if len(ref.shape) == 4 else 1, 1))
        return f"{layer}noise_strength", part_of(name, ref, (1,), times(gain), rank=4)
    if kind == "adain":
        if is_bias:
            return f"{layer}affine.bias", part_of(name, ref, (0,))
        return f"{layer}affine.weight", part_of(name, ref, (0, 1), times(SQRT2))
    if is_bias:
        return f"{layer}bias", part_of(name, ref, (0,))
    if kind == "conv":
        return f"{layer}weight", part_of(name, ref, (0, 1, 2, 3))
    return f"{layer}weight", part_of(name, ref, (1, 0, 2, 3), turned(0.25))  # fused


def _torgb_part(name: str, ref: TensorRef) -> tuple[str, Part] | None:
    match = re.fullmatch(r"generator\.to_rgb\.(\d{1,2})\.conv\.(weight_orig|bias)", name)
    if match is None:
        return None
    layer = f"synthesis.b{4 << int(match[1])}.ToRGB"
    if match[2] == "bias":
        return f"{layer}.bias", part_of(name, ref, (0,))
    return f"{layer}.weight", part_of(name, ref, (0, 1, 2, 3), times(SQRT2))

"""StyleGAN1 weights of GenForce, `.pth`: the mathematics of TensorFlow's under other names."""

from __future__ import annotations

import re
from collections.abc import Mapping

from stylegan3.checkpoints.errors import naming
from stylegan3.checkpoints.found import FoundGenerator, Part
from stylegan3.checkpoints.pickle.values import TensorRef
from stylegan3.checkpoints.readers.stylegan1.parts import (
    FUSED_FROM,
    SQRT2,
    Convert,
    first_half_plus_one,
    found_generator,
    layer_prefix,
    part_of,
    read_number,
    times,
    turned,
)
from stylegan3.checkpoints.source import Source

LOD = "synthesis.lod"
# Last parts of names in a layer -> published name, axes, conversion, axes in the file.
LAYER: dict[str, tuple[str, tuple[int, ...], Convert | None, int]] = {
    "const": ("const", (1, 2, 3), None, 4),
    "weight": ("weight", (0, 1, 2, 3), None, 4),
    "bias": ("bias", (0,), None, 1),
    "apply_noise.weight": ("noise_strength", (0,), None, 1),
    "apply_noise.noise": ("noise_const", (2, 3), None, 4),
    "style.weight": ("affine.weight", (0, 1), None, 2),
    "style.bias": ("affine.bias", (0,), first_half_plus_one, 1),
}


def is_genforce_stylegan1(tensors: Mapping[str, TensorRef]) -> bool:
    """Whether a state dict has this layout."""
    names = ("mapping.dense0.weight", "synthesis.layer0.const", "synthesis.layer0.style.weight")
    return all(name in tensors for name in names)


@naming("StyleGAN1")
def convert_genforce_stylegan1(
    source: Source, tensors: Mapping[str, TensorRef], notes: list[str]
) -> FoundGenerator:
    """Rename the tensors of such a state dict.

    Raises:
        UnusableError: if they are no StyleGAN1 generator.
    """
    parts: dict[str, Part] = {}
    for name, ref in tensors.items():
        if name == LOD or name.endswith(".blur.kernel"):  # blur: always the same
            continue
        published, part = _part(name, ref) or (name, Part.of(ref))  # else surplus: reported
        parts[published] = part
    options = {"program": "genforce", "lod": read_number(source, LOD, tensors.get(LOD))}
    return found_generator(parts, options, "GenForce checkpoint of StyleGAN1", notes)


def _part(name: str, ref: TensorRef) -> tuple[str, Part] | None:
    if name == "truncation.w_avg":
        return "mapping.w_avg", part_of(name, ref, (0,))
    if name == "mapping.label_weight":
        return "mapping.embed.weight", part_of(name, ref, (1, 0))
    if dense := re.fullmatch(r"mapping\.dense(\d{1,3})\.(weight|bias)", name):
        if dense[2] == "weight":
            return f"mapping.fc{dense[1]}.weight", part_of(name, ref, (0, 1))
        return f"mapping.fc{dense[1]}.bias", part_of(name, ref, (0,), times(1 / SQRT2))
    if torgb := re.fullmatch(r"synthesis\.output(\d{1,2})\.(weight|bias)", name):
        published = f"synthesis.b{4 << int(torgb[1])}.ToRGB.{torgb[2]}"
        return published, part_of(name, ref, (0, 1, 2, 3) if torgb[2] == "weight" else (0,))
    layer = re.fullmatch(r"synthesis\.layer(\d{1,2})\.(.+)", name)
    if layer is None or layer[2] not in LAYER:
        return None
    index = int(layer[1])
    last, axes, convert, rank = LAYER[layer[2]]
    is_up = index >= 2 and index % 2 == 0
    if last == "weight" and is_up and 4 << index // 2 >= FUSED_FROM:
        convert = turned()
    is_buffer = last == "noise_const"
    return f"{layer_prefix(index)}{last}", part_of(name, ref, axes, convert, rank, is_buffer)

"""TensorFlow pickles of StyleGAN1: networks of version 2 and 3 with `StyleMod` layers."""

from __future__ import annotations

import re
from collections.abc import Mapping

from stylegan3.checkpoints.errors import UnusableError, naming
from stylegan3.checkpoints.found import FoundGenerator, Part
from stylegan3.checkpoints.pickle.values import ArrayRef, Stub, TensorRef
from stylegan3.checkpoints.readers.stylegan1.parts import (
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
from stylegan3.checkpoints.readers.stylegan1.tensorflow_options import stated_options
from stylegan3.checkpoints.source import Source

# Variable name -> published name, axes in the published order, conversion, axes in the file.
RULES: tuple[tuple[str, str, tuple[int, ...], Convert | None, int], ...] = (
    (r"dlatent_avg", "mapping.w_avg", (0,), None, 1),
    (r"mapping/Dense(\d{1,3})/weight", "mapping.fc{0}.weight", (1, 0), None, 2),
    (r"mapping/Dense(\d{1,3})/bias", "mapping.fc{0}.bias", (0,), times(1 / SQRT2), 1),
    (r"mapping/LabelConcat/weight", "mapping.embed.weight", (1, 0), None, 2),
    (r"LAYER/const", "LAYER.const", (1, 2, 3), None, 4),
    (r"LAYER/weight", "LAYER.weight", (3, 2, 0, 1), None, 4),
    (r"LAYER/bias", "LAYER.bias", (0,), None, 1),
    (r"LAYER/Noise/weight", "LAYER.noise_strength", (0,), None, 1),
    (r"LAYER/StyleMod/weight", "LAYER.affine.weight", (1, 0), None, 2),
    (r"LAYER/StyleMod/bias", "LAYER.affine.bias", (0,), first_half_plus_one, 1),
)
LAYER = r"synthesis/(\d{1,6})x\1/(Const|Conv0_up|Conv1|Conv)(?=/)"


def is_stylegan1(variables: Mapping[str, TensorRef]) -> bool:
    """Whether a network with such variables is of this family."""
    return any("/StyleMod/" in name for name in variables)


@naming("StyleGAN1")
def convert_stylegan1(
    source: Source, network: Stub, variables: Mapping[str, TensorRef], notes: list[str]
) -> FoundGenerator:
    """Rename the variables of such a network.

    Raises:
        UnusableError: if they are no generator, or options are set that nobody has described.
    """
    options, fused_from = stated_options(network)
    options["lod"] = _lod(source, network)
    finest = max((int(m[1]) for m in map(re.compile(LAYER).match, variables) if m), default=4)
    parts: dict[str, Part] = {}
    for name, ref in variables.items():
        if name != "lod" and not name.endswith("/lod"):
            published, part = _part(name, ref, finest, fused_from)
            parts[published] = part
    if "mapping.fc0.weight" not in parts or "synthesis.b4.Const.const" not in parts:
        raise UnusableError("it is a TensorFlow network of StyleGAN1, but not a generator")
    return found_generator(parts, options, "TensorFlow pickle of StyleGAN1", notes)


def _part(name: str, ref: TensorRef, finest: int, fused_from: float) -> tuple[str, Part]:
    """A variable's published name, and how it becomes the published tensor."""
    if noise := re.fullmatch(r"synthesis/noise(\d{1,3})", name):
        published = f"{layer_prefix(int(noise[1]))}noise_const"
        return published, part_of(name, ref, (2, 3), rank=4, is_buffer=True)
    if torgb := re.fullmatch(r"synthesis/ToRGB_lod(\d{1,2})/(weight|bias)", name):
        published = f"synthesis.b{finest >> int(torgb[1])}.ToRGB.{torgb[2]}"
        return published, part_of(name, ref, (3, 2, 0, 1) if torgb[2] == "weight" else (0,))
    layer = re.match(LAYER, name)
    short = name if layer is None else f"LAYER{name[layer.end() :]}"
    for pattern, published, axes, convert, rank in RULES:
        if match := re.fullmatch(pattern, short):
            if layer is not None:
                is_fused = layer[2] == "Conv0_up" and int(layer[1]) >= fused_from
                convert = turned() if is_fused and pattern == "LAYER/weight" else convert
                published = published.replace("LAYER", f"synthesis.b{layer[1]}.{layer[2]}")
            return published.format(*match.groups()), part_of(name, ref, axes, convert, rank)
    return name, Part.of(ref)  # surplus: reported by name


def _lod(source: Source, network: Stub) -> float:
    """How far the network had still to grow; its synthesis' own word counts first."""
    components = network.state.get("components")
    synthesis = components.get("synthesis") if isinstance(components, dict) else None
    for current in (synthesis, network):
        state = current.state if isinstance(current, Stub) else None
        variables = state.get("variables") if isinstance(state, dict) else None
        for pair in variables if isinstance(variables, list) else ():
            if isinstance(pair, tuple | list) and len(pair) == 2 and pair[0] == "lod":
                value = pair[1].ref if isinstance(pair[1], ArrayRef) else pair[1]
                return read_number(source, "lod", value)
    return 0.0

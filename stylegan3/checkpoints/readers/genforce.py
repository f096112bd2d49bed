"""StyleGAN2 weights of GenForce and SeFa, `.pth`: TensorFlow's layout under other names.

Names are those that people list in the programs' issue trackers; older files have `.fc.` before
the weights of dense layers. Kernels are stored as TensorFlow's, so those of upsampling layers are
turned here; style biases lack the 1 that modulation adds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from torch import Tensor

from stylegan3.checkpoints.errors import WHERE, UnusableError, naming
from stylegan3.checkpoints.found import FoundGenerator, Part, configure, infer_options
from stylegan3.checkpoints.pickle.values import TensorRef
from stylegan3.families import FAMILIES

STYLEGAN2 = FAMILIES["stylegan2"]
CONST = "synthesis.early_layer.const"
MAPPING = ("mapping.dense0.weight", "mapping.dense0.fc.weight")
# Last parts of names in a layer -> published name, number of axes.
LAST: Mapping[str, tuple[str, int]] = {
    "weight": ("weight", 4),
    "bias": ("bias", 1),
    "noise_strength": ("noise_strength", 0),
    "noise": ("noise_const", 2),
    "style.weight": ("affine.weight", 2),
    "style.bias": ("affine.bias", 1),
}


def is_genforce(tensors: Mapping[str, TensorRef]) -> bool:
    """Whether a state dict has this layout."""
    return CONST in tensors and any(name in tensors for name in MAPPING)


@naming("StyleGAN2 of GenForce")
def convert_genforce(tensors: Mapping[str, TensorRef]) -> FoundGenerator:
    """Rename the tensors of such a state dict.

    Raises:
        UnusableError: if they are no StyleGAN2 generator, or one of the resnet architecture.
    """
    if any(name.startswith("synthesis.skip_layer") for name in tensors):
        raise UnusableError(
            "it is StyleGAN2 of GenForce in the architecture resnet, of which only skip is"
            f" supported; {WHERE}"
        )
    parts: dict[str, Part] = {}
    for name, ref in tensors.items():
        if name.endswith(".kernel"):  # [1, 3, 3, 1], always the same
            continue
        published, part = _part(name, ref) or (name, Part.of(ref))  # else surplus: reported
        parts[published] = part
    options = infer_options(STYLEGAN2, {name: part.shape for name, part in parts.items()})
    options |= {"conv_clamp": None, "num_fp16_res": 0}
    config = configure(STYLEGAN2.config, options)
    return FoundGenerator(config, parts, "GenForce checkpoint of StyleGAN2")


def _part(name: str, ref: TensorRef) -> tuple[str, Part] | None:
    name = name.replace(".fc.weight", ".weight")
    if name == "truncation.w_avg":
        return "mapping.w_avg", _squeezed(name, ref, 1)
    if name == "mapping.label_weight":
        return "mapping.embed.weight", Part(ref, ref.shape[::-1], lambda x: x.T)
    if name == CONST:
        return "synthesis.b4.const", _squeezed(name, ref, 3)
    if dense := re.fullmatch(r"mapping\.dense(\d{1,3})\.(weight|bias)", name):
        return f"mapping.fc{dense[1]}.{dense[2]}", Part.of(ref)
    layer = re.fullmatch(r"synthesis\.(layer|output)(\d{1,2})\.(.+)", name)
    if layer is None or layer[3] not in LAST:
        return None
    index, (last, rank) = int(layer[2]), LAST[layer[3]]
    is_up = layer[1] == "layer" and index % 2 == 1
    if layer[1] == "output":
        place = f"b{4 << index}.torgb"
    else:
        place = f"b{4 << (index + 1) // 2}.{'conv0' if is_up else 'conv1'}"
    convert = _turned if is_up and last == "weight" else None
    convert = _plus_one if last == "affine.bias" else convert
    return f"synthesis.{place}.{last}", _squeezed(name, ref, rank, convert)


def _squeezed(
    name: str, ref: TensorRef, rank: int, convert: Callable[[Tensor], Tensor] | None = None
) -> Part:
    """A tensor without leading axes of length one.

    Raises:
        UnusableError: if it has another number of axes, or an empty one.
    """
    shape = ref.shape[max(len(ref.shape) - rank, 0) :]
    dropped = ref.shape[: len(ref.shape) - len(shape)]
    if len(shape) != rank or 0 in ref.shape or any(side != 1 for side in dropped):
        raise UnusableError(f"tensor {name[:120]} has the shape {list(ref.shape)}, not {rank} axes")
    is_buffer = name.endswith((".noise", ".w_avg"))

    def converted(x: Tensor) -> Tensor:
        x = x.reshape(shape)
        return x if convert is None else convert(x)

    return Part(ref, shape, converted, is_buffer)


def _turned(x: Tensor) -> Tensor:
    return x.flip(2, 3)


def _plus_one(x: Tensor) -> Tensor:
    return x + 1

"""TensorFlow pickles of StyleGAN2 and StyleGAN2-ADA: the tuple (G, D, Gs) of `Network` objects.

Weights are stored `[kH, kW, in, out]` and dense weights `[in, out]`; style biases are stored
without the 1 that modulation adds; the kernels of upsampling layers are stored flipped.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from typing import Any

from torch import Tensor

from stylegan3.checkpoints.errors import UnusableError, brief
from stylegan3.checkpoints.found import FoundGenerator, Part, configure, infer_options
from stylegan3.checkpoints.pickle.values import ArrayRef, Stub, TensorRef
from stylegan3.checkpoints.readers.stylegan1.tensorflow import convert_stylegan1, is_stylegan1
from stylegan3.checkpoints.source import Source
from stylegan3.families import FAMILIES

STYLEGAN2 = FAMILIES["stylegan2"]
DEEPEST_NETWORK = 8
MOST_VARIABLES = 20_000  # published generators have about 150
OLDEST_VERSION = 4  # networks of StyleGAN2; StyleGAN1 wrote 2 and 3, Progressive GAN 2
# static_kwargs of the network -> configuration; what shapes show is taken from them instead.
OPTIONS = {
    "architecture": "architecture",
    "resample_kernel": "resample_filter",
    "resample_filter": "resample_filter",
    "nonlinearity": "activation",
    "mapping_nonlinearity": "mapping_activation",
    "mapping_lrmul": "mapping_lr_multiplier",
    "conv_clamp": "conv_clamp",
    "num_fp16_res": "num_fp16_res",
}


def _dense(x: Tensor) -> Tensor:
    return x.T


def _convolution(x: Tensor) -> Tensor:
    return x.permute(3, 2, 0, 1)


def _flipped(x: Tensor) -> Tensor:
    return x.flip(0, 1).permute(3, 2, 0, 1)


def _plus_one(x: Tensor) -> Tensor:
    return x + 1


def _first(x: Tensor) -> Tensor:
    return x[0]


def _first_plane(x: Tensor) -> Tensor:
    return x[0, 0]


# Variable name -> published name, conversion, and the axes that remain, in the published order.
Rule = tuple[str, str, Callable[[Tensor], Tensor] | None, tuple[int, ...] | None]
_DENSE, _CONV = (1, 0), (3, 2, 0, 1)
RULES: tuple[Rule, ...] = (
    (r"dlatent_avg", "mapping.w_avg", None, None),
    (r"mapping/Dense(\d+)/weight", "mapping.fc{0}.weight", _dense, _DENSE),
    (r"mapping/Dense(\d+)/bias", "mapping.fc{0}.bias", None, None),
    (r"mapping/LabelEmbed/weight", "mapping.embed.weight", _dense, _DENSE),
    (r"mapping/LabelEmbed/bias", "mapping.embed.bias", None, None),
    (r"synthesis/4x4/Const/const", "synthesis.b4.const", _first, (1, 2, 3)),
    (r"synthesis/(\d+)x\d+/Conv0_up/weight", "synthesis.b{0}.conv0.weight", _flipped, _CONV),
    (r"synthesis/(\d+)x\d+/Conv0_up/(.*)", "synthesis.b{0}.conv0.{1}", None, None),
    (r"synthesis/4x4/Conv/weight", "synthesis.b4.conv1.weight", _convolution, _CONV),
    (r"synthesis/4x4/Conv/(.*)", "synthesis.b4.conv1.{0}", None, None),
    (r"synthesis/(\d+)x\d+/Conv1/weight", "synthesis.b{0}.conv1.weight", _convolution, _CONV),
    (r"synthesis/(\d+)x\d+/Conv1/(.*)", "synthesis.b{0}.conv1.{1}", None, None),
    (r"synthesis/(\d+)x\d+/ToRGB/weight", "synthesis.b{0}.torgb.weight", _convolution, _CONV),
    (r"synthesis/(\d+)x\d+/ToRGB/(.*)", "synthesis.b{0}.torgb.{1}", None, None),
    (r"synthesis/(\d+)x\d+/Skip/weight", "synthesis.b{0}.skip.weight", _flipped, _CONV),
)  # fmt: skip


def read_tensorflow(source: Source, tree: Any) -> FoundGenerator | None:
    """The averaged generator of a TensorFlow pickle, or None if the file is something else.

    Raises:
        UnusableError: if there is a network that cannot be used.
    """
    networks = [n for n in (tree if isinstance(tree, tuple | list) else [tree]) if _is_network(n)]
    if not networks:
        return None
    notes: list[str] = []
    if len(networks) == 3:
        network = networks[2]
    else:
        averaged = [n for n in networks if n.state.get("name") == "Gs"]
        network = averaged[0] if averaged else networks[0]
        if not averaged:
            notes.append("it has no averaged weights (Gs), so its first network is used")
    variables = _variables(network)
    if is_stylegan1(variables):
        return convert_stylegan1(source, network, variables, notes)
    version = network.state.get("version")
    if type(version) is not int or version < OLDEST_VERSION:
        raise UnusableError(
            f"it is a TensorFlow network of version {brief(version)} without the layers of"
            " StyleGAN1: Progressive GAN is not supported, and StyleGAN2 has version 4 and up"
        )
    parts = dict(_parts(variables))
    if "mapping.fc0.weight" not in parts or "synthesis.b4.const" not in parts:
        raise UnusableError("it is a TensorFlow network, but not a StyleGAN2 generator")
    options = infer_options(STYLEGAN2, {name: part.shape for name, part in parts.items()})
    options |= {"conv_clamp": None, "num_fp16_res": 0} | _options(network)
    config = configure(STYLEGAN2.config, options)
    return FoundGenerator(config, parts, "TensorFlow pickle of StyleGAN2", notes)


def _is_network(value: Any) -> bool:
    return (
        isinstance(value, Stub) and value.class_name == "Network" and isinstance(value.state, dict)
    )


def _options(network: Stub) -> dict[str, Any]:
    given = network.state.get("static_kwargs")
    given = given if isinstance(given, dict) else {}
    sides = [given.get(name) for name in ("resolution_w", "resolution_h")]
    # Types first: lists within lists compare as slowly as they print.
    if not all(side is None or type(side) is int for side in sides) or sides[0] != sides[1]:
        raise UnusableError(
            f"its pictures are not square ({brief(sides[0])} x {brief(sides[1])}), which is not"
            " supported"
        )
    options = {}
    for name, option in OPTIONS.items():
        value = given.get(name)
        if value is not None:
            options[option] = tuple(value) if isinstance(value, list) else value
    return options


def _variables(network: Stub) -> dict[str, TensorRef]:
    """All variables of a network and its components, named with their component."""
    found = {}
    pending, visited = [("", network, 0)], 0
    while pending:
        scope, current, depth = pending.pop()
        variables = current.state.get("variables")
        variables = variables if isinstance(variables, list) else []
        components = current.state.get("components")
        components = components if isinstance(components, dict) else {}
        visited += 1 + len(variables) + len(components)
        if depth > DEEPEST_NETWORK or visited > MOST_VARIABLES:
            raise UnusableError("its networks are nested more deeply than any network's")
        for pair in variables:
            if isinstance(pair, tuple | list) and len(pair) == 2:
                name, value = pair
                if isinstance(name, str) and isinstance(value, ArrayRef) and value.ref:
                    found[scope + name[:100]] = value.ref
        for name, component in components.items():
            if isinstance(name, str) and _is_network(component):
                pending.append((f"{scope}{name[:100]}/", component, depth + 1))
    return found


def _parts(variables: dict[str, TensorRef]) -> Iterator[tuple[str, Part]]:
    for name, ref in variables.items():
        if name == "lod" or name.endswith("/lod"):
            continue  # progressive growing, unused since StyleGAN2
        if "LabelConcat" in name:
            raise UnusableError(
                "it is a class-conditional StyleGAN2 network from before StyleGAN2-ADA, which is"
                " not supported"
            )
        if noise := re.fullmatch(r"synthesis/noise(\d{1,3})", name):
            index = int(noise[1])
            layer = f"b{4 << (index + 1) // 2}.conv{0 if index % 2 else 1}"
            part = Part(ref, ref.shape[2:], _first_plane, is_buffer=True)
            _require_rank(name, ref, 4)
            yield f"synthesis.{layer}.noise_const", part
            continue
        for pattern, published, convert, axes in RULES:
            if match := re.fullmatch(pattern, name):
                yield _part(name, published.format(*match.groups()), ref, convert, axes)
                break
        else:
            yield name, Part.of(ref)  # surplus: reported by name


def _part(
    name: str,
    published: str,
    ref: TensorRef,
    convert: Callable[[Tensor], Tensor] | None,
    axes: tuple[int, ...] | None,
) -> tuple[str, Part]:
    stem, _, last = published.rpartition(".")
    if last == "mod_weight":
        published, convert, axes = f"{stem}.affine.weight", _dense, _DENSE
    elif last == "mod_bias":
        published, convert = f"{stem}.affine.bias", _plus_one
    if axes is None:
        return published, Part(ref, ref.shape, convert)
    _require_rank(name, ref, max(axes) + 1)
    return published, Part(ref, tuple(ref.shape[axis] for axis in axes), convert)


def _require_rank(name: str, ref: TensorRef, rank: int) -> None:
    if len(ref.shape) != rank or math.prod(ref.shape) == 0:
        raise UnusableError(f"variable {name} has the shape {list(ref.shape)}, not {rank} axes")

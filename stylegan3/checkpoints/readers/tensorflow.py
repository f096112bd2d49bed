"""TensorFlow pickles of StyleGAN2 and StyleGAN2-ADA: the tuple (G, D, Gs) of `Network` objects.

Which of its networks plays and whether it can; `tensorflow_variables` has its tensors,
`tensorflow_options` what it says about itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import torch

from stylegan3.checkpoints.container.tensors import read_tensor
from stylegan3.checkpoints.errors import WHERE, UnusableError, naming
from stylegan3.checkpoints.found import FoundGenerator, configure, infer_options
from stylegan3.checkpoints.pickle.values import ArrayRef, Stub, TensorRef
from stylegan3.checkpoints.readers.stylegan1.tensorflow import convert_stylegan1, is_stylegan1
from stylegan3.checkpoints.readers.tensorflow_options import check_geometry, configuration_options
from stylegan3.checkpoints.readers.tensorflow_variables import (
    GROWN_RGB,
    Stages,
    as_grown,
    parts_of,
    without_other_noise,
)
from stylegan3.checkpoints.source import Source
from stylegan3.families import FAMILIES

STYLEGAN2 = FAMILIES["stylegan2"]
DEEPEST_NETWORK = 8
MOST_VARIABLES = 20_000  # published generators have about 150
OLDEST_VERSION = 4  # networks of StyleGAN2; StyleGAN1 wrote 2 and 3, Progressive GAN 2
CONST = re.compile(r"synthesis/(\d{1,5})x(\d{1,5})/Const/const", re.ASCII)


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
    pairs = tuple(_pairs(network))
    variables = _refs(pairs)
    if is_stylegan1(variables):
        return convert_stylegan1(source, network, variables, notes)
    _refuse_older(network, variables)
    first = next((match for match in map(CONST.fullmatch, variables) if match), None)
    if first is None:
        raise UnusableError(
            "it is a TensorFlow network, but not a StyleGAN2 generator: that has a constant,"
            f" 4x4/Const/const; {WHERE}"
        )
    given = _static_kwargs(network)
    stages = Stages(int(first[1]), int(first[2]))
    is_grown = any(map(GROWN_RGB.fullmatch, variables))
    lod = _lod(source, pairs) if is_grown else 0.0
    resolution = 4 << stages.count(variables)
    if is_grown:
        variables = as_grown(variables, stages, lod, notes)
    with naming("StyleGAN2"):
        parts = dict(parts_of(variables, stages))
    if "mapping.fc0.weight" not in parts:
        raise UnusableError(
            "it is a StyleGAN2 synthesis network without the mapping network that belongs to it"
            f" (Dense0/weight): open the file that has both; {WHERE}"
        )
    options = infer_options(STYLEGAN2, {name: part.shape for name, part in parts.items()})
    options |= {"conv_clamp": None, "num_fp16_res": 0} | configuration_options(given)
    if is_grown:
        options |= {"architecture": "orig", "lod": lod, "img_resolution": resolution}
    config = configure(STYLEGAN2.config, options)
    check_geometry(given, config, options["init_res"])
    if "resolution_h" in given:
        parts = without_other_noise(parts, options["init_res"])
    return FoundGenerator(config, parts, "TensorFlow pickle of StyleGAN2", notes)


def _is_network(value: Any) -> bool:
    return (
        isinstance(value, Stub) and value.class_name == "Network" and isinstance(value.state, dict)
    )


def _refuse_older(network: Stub, variables: dict[str, TensorRef]) -> None:
    """Refuse what is no StyleGAN2.

    Raises:
        UnusableError: naming the family.
    """
    version = network.state.get("version")
    if type(version) is not int or version < OLDEST_VERSION:
        if "4x4/Dense/weight" in variables:
            raise UnusableError(
                f"it is Progressive GAN (a TensorFlow network{_of_version(version)}, with"
                f" 4x4/Dense), which is not supported; {WHERE}"
            )
        raise UnusableError(
            f"it is a TensorFlow network{_of_version(version)} without the layers of StyleGAN1:"
            " Progressive GAN is not supported, and StyleGAN2 has version 4 and up;"
            f" {WHERE}"
        )


def _of_version(version: Any) -> str:
    is_short = version is None or isinstance(version, str) or type(version) is int
    return f" of version {str(version)[:20]}" if is_short and _is_small(version) else ""


def _is_small(value: Any) -> bool:
    return not isinstance(value, int) or abs(value) < 1 << 62


def _static_kwargs(network: Stub) -> dict[Any, Any]:
    """Options of the network and of its components; those of the network itself count more."""
    components = network.state.get("components")
    below = list(components.values())[:8] if isinstance(components, dict) else []
    given: dict[Any, Any] = {}
    for part in (*filter(_is_network, below), network):
        options = part.state.get("static_kwargs")
        given |= options if isinstance(options, dict) else {}
    return given


def _pairs(network: Stub) -> Iterator[tuple[str, Any]]:
    """Names and values of all variables of a network and its components.

    Raises:
        UnusableError: if networks are nested without end.
    """
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
            if isinstance(pair, tuple | list) and len(pair) == 2 and isinstance(pair[0], str):
                yield scope + pair[0][:100], pair[1]
        for name, component in components.items():
            if isinstance(name, str) and _is_network(component):
                pending.append((f"{scope}{name[:100]}/", component, depth + 1))


def _refs(pairs: Iterable[tuple[str, Any]]) -> dict[str, TensorRef]:
    return {name: value.ref for name, value in pairs if isinstance(value, ArrayRef) and value.ref}


def _lod(source: Source, pairs: Iterable[tuple[str, Any]]) -> float:
    """How far a network had still to grow, in doublings; 0: not at all."""
    lod = 0.0
    for name, value in pairs:
        if name in ("synthesis/lod", "lod"):
            ref = value.ref if isinstance(value, ArrayRef) else None
            if ref and ref.numel == 1:
                lod = max(lod, float(read_tensor(source, "lod", ref, torch.float64)))
            elif isinstance(value, int | float) and abs(value) < 1 << 20:
                lod = max(lod, float(value))
    return lod

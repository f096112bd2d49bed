"""A loaded network: the generator as it came from its file, and a description of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Protocol

from torch import Tensor, nn

from sgview.state.status import LayerInfo, NetworkStatus, TensorInfo
from stylegan3 import family_of

_LAYER_OF_TENSOR = re.compile(r"synthesis\.(?:(L\d+)_[^.]*|(b\d+)|(input))\.")
_DEMODULATED = re.compile(r"synthesis\.(?:L\d+_\d+_\d+|b\d+\.conv\d)\.weight")


class GeneratorLike(Protocol):
    """What the engine asks of a generator; `stylegan3.Generator` is one."""

    z_dim: int
    c_dim: int
    w_dim: int
    num_ws: int
    img_resolution: int
    img_channels: int
    config: Any
    mapping: Any
    synthesis: Any


@dataclass(frozen=True, eq=False)
class Network:
    """A generator that nobody writes to: the engine plays a copy of it.

    The tensors of `generator` are the pristine ones, on the CPU. Two networks are equal only if
    they are the same object.
    """

    generator: nn.Module  # a GeneratorLike
    status: NetworkStatus

    @classmethod
    def of(cls, generator: nn.Module, name: str, path: str = "") -> Network:
        """Describe `generator`; `path` is the file it came from, "" for a built-in network."""
        generator.eval().requires_grad_(False)
        return cls(generator, describe(generator, name, path))


def tensors_of(generator: nn.Module) -> dict[str, Tensor]:
    """Return the parameters and buffers of `generator` themselves, by their published names."""
    return dict(generator.state_dict(keep_vars=True))


def group_of(tensor: str) -> str:
    """Return the blend group of a tensor: "mapping", "input", "L6" or "b16"."""
    match = _LAYER_OF_TENSOR.match(tensor)
    if match:
        return next(group for group in match.groups() if group)
    return tensor.partition(".")[0]


def describe(generator: Any, name: str, path: str) -> NetworkStatus:
    """Return the layers and tensors of `generator`, and its sizes."""
    layers = tuple(
        LayerInfo(name=spec.name, group=spec.group, size=spec.size, channels=spec.channels)
        for spec in generator.synthesis.layers
    )
    tensors = tensors_of(generator)
    to_rgb = last_layer(tensors)
    return NetworkStatus(
        name=name,
        path=path,
        family=family_of(generator.config),
        z_dim=generator.z_dim,
        c_dim=generator.c_dim,
        w_dim=generator.w_dim,
        num_ws=generator.num_ws,
        img_resolution=generator.img_resolution,
        img_channels=generator.img_channels,
        num_parameters=sum(parameter.numel() for parameter in generator.parameters()),
        layers=layers,
        tensors=tuple(
            TensorInfo(
                name=key,
                group=group_of(key),
                shape=tuple(tensor.shape),
                # Demodulation divides the factor out again (StyleGAN2, section 2.2); the last
                # StyleGAN3 layer is ToRGB and has none.
                is_scale_invariant=bool(_DEMODULATED.fullmatch(key)) and group_of(key) != to_rgb,
            )
            for key, tensor in tensors.items()
        ),
    )


def last_layer(tensors: dict[str, Tensor]) -> str:
    """Return the group of StyleGAN3's ToRGB layer, "" for a network without L layers."""
    indices = [int(g[1:]) for g in map(group_of, tensors) if re.fullmatch(r"L\d+", g)]
    return f"L{max(indices)}" if indices else ""

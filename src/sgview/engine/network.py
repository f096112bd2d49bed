"""A loaded network: the generator as it came from its file, and a description of it."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from msgspec.structs import replace
from torch import Tensor, nn

from sgview.state.networks import LayerInfo, NetworkStatus, TensorInfo
from stylegan3 import family_of, group_of, scale_invariant


class GeneratorLike(Protocol):
    """What the engine asks of a generator; `stylegan3.Generator` is one."""

    z_dim: int
    c_dim: int
    w_dim: int
    num_ws: int
    img_resolution: int
    img_width: int
    img_height: int
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
    def of(
        cls,
        generator: nn.Module,
        name: str,  # for people
        path: str = "",  # of the file it came from; "" for a built-in network
        class_names: tuple[str, ...] = (),
    ) -> Network:
        """Describe `generator`."""
        generator.eval().requires_grad_(False)
        status = replace(describe(generator, name, path), class_names=class_names)
        return cls(generator, status)


def tensors_of(generator: nn.Module) -> dict[str, Tensor]:
    """Return the parameters and buffers of `generator` themselves, by their published names."""
    return dict(generator.state_dict(keep_vars=True))


def describe(generator: Any, name: str, path: str) -> NetworkStatus:
    """Return the layers and tensors of `generator`, and its sizes."""
    layers = tuple(
        LayerInfo(**asdict(spec))  # the one place where the library's layers become the state's
        for spec in generator.synthesis.layers
    )
    tensors = tensors_of(generator)
    invariant = scale_invariant(tensors)
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
        img_width=generator.img_width,
        img_height=generator.img_height,
        num_parameters=sum(parameter.numel() for parameter in generator.parameters()),
        layers=layers,
        tensors=tuple(
            TensorInfo(
                name=key,
                group=group_of(key),
                shape=tuple(tensor.shape),
                is_scale_invariant=key in invariant,
            )
            for key, tensor in tensors.items()
        ),
    )


def fingerprint(generator: Any) -> str:
    """Return a hash of the mapping network: of what z and w mean, so that latents fit.

    Networks that were trained on from one another with their mapping left alone share it.
    """
    digest = hashlib.sha256()
    for name, tensor in sorted(generator.mapping.state_dict().items()):
        digest.update(f"{name} {list(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().float().contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]


def style_fingerprint(generator: Any) -> str:
    """Return a hash of the mapping network and of what turns w into styles.

    Directions in w, and names for them, are of networks that share it.
    """
    digest = hashlib.sha256(fingerprint(generator).encode())
    for name, tensor in sorted(generator.synthesis.state_dict().items()):
        if name.endswith("affine.weight"):
            digest.update(f"{name} {list(tensor.shape)}".encode())
            digest.update(tensor.detach().cpu().float().contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]

"""Writes checkpoint files as other programs write them, without having those programs.

`Name` and `Call` stand for classes and calls that do not exist here; `dump` pickles them with the
spelling, protocol and storages asked for.
"""

from __future__ import annotations

import io
import pickle
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from stylegan3 import Generator, StyleGAN2Config, StyleGAN3Config
from stylegan3.checkpoints import CheckpointError, read
from tests.support import DATA

# What refusals say of a network's inside, after its container was read.
OF_A_NETWORK = ("misshapen", "surplus", "configuration is impossible", "which no network has")

SMALL2 = StyleGAN2Config(
    z_dim=8, w_dim=8, img_resolution=16, channel_base=64, channel_max=8, num_mapping_layers=2
)
SMALL3 = StyleGAN3Config(
    z_dim=8, w_dim=8, img_resolution=16, channel_base=64, channel_max=8, num_layers=4
)


@dataclass(eq=False)
class Name:
    """A class or function by name."""

    module: str
    name: str


@dataclass(eq=False)
class Call:
    """A call in a pickle, with the state that follows it."""

    function: Name
    args: tuple = ()
    state: Any = None
    opcode: bytes = b"R"
    kwargs: dict | None = None
    items: list = field(default_factory=list)


class Forger(pickle._Pickler):
    """Python's own pickler, with names it cannot check and NumPy's older spelling on request."""

    dispatch = pickle._Pickler.dispatch.copy()

    def __init__(self, file: io.BytesIO, protocol: int, numpy_1: bool) -> None:
        super().__init__(file, protocol)
        self.numpy_1 = numpy_1

    def save_name(self, value: Name) -> None:
        if self.proto >= 4:
            self.save(value.module)
            self.save(value.name)
            self.write(b"\x93")
        else:
            self.write(f"c{value.module}\n{value.name}\n".encode())
        self.memoize(value)

    def save_call(self, value: Call) -> None:
        self.save(value.function)
        self.save(value.args)
        if value.kwargs is not None:
            self.save(value.kwargs)
        self.write(value.opcode)
        self.memoize(value)
        for item in value.items:
            self.save(item)
            self.write(b"a")
        if value.state is not None:
            self.save(value.state)
            self.write(b"b")

    def save_global(self, value: Any, name: str | None = None) -> None:
        module = getattr(value, "__module__", "") or ""
        if self.numpy_1 and module.startswith("numpy._core"):
            self.save_name(Name(module.replace("_core", "core"), value.__name__))
        else:
            super().save_global(value, name)

    dispatch[Name] = save_name
    dispatch[Call] = save_call
    dispatch[type(np.ufunc)] = save_global
    dispatch[type(lambda: None)] = save_global


def dump(value: Any, protocol: int = 4, numpy_1: bool = False) -> bytes:
    """A pickle of `value`."""
    file = io.BytesIO()
    Forger(file, protocol, numpy_1).dump(value)
    return file.getvalue()


class TorchForger(Forger):
    """The same inside a `torch.save` file."""

    def __init__(self, file: io.BytesIO, protocol: int = 2) -> None:
        super().__init__(file, protocol, numpy_1=False)


# What `torch.save` wants as its pickle module.
PICKLE_MODULE = SimpleNamespace(__name__="forger", Pickler=TorchForger, dump=pickle.dump)

PERSISTENT = Name("torch_utils.persistence", "_reconstruct_persistent_obj")


def persistent(
    module: nn.Module,
    kwargs: dict[str, Any] | None = None,
    *,
    name: str = "Generator",
    attributes: dict[str, dict[str, Any]] | None = None,  # dotted module name -> attributes
    buffers: dict[str, dict[str, Tensor]] | None = None,  # extra buffers, the same way
    args: tuple = (),
    cast: torch.dtype = torch.float32,
    drop: tuple[str, ...] = (),  # dotted tensor names left out
    plain: bool = False,  # a class pickled without the persistence decorator
) -> Call:
    """A module as NVIDIA's programs pickle it, from one of ours."""

    def open_module(part: nn.Module, prefix: str) -> Call:
        def kept(tensors: dict[str, Tensor | None]) -> dict[str, Tensor | None]:
            return {
                key: None if tensor is None else tensor.to(cast)
                for key, tensor in tensors.items()
                if prefix + key not in drop
            }

        dotted = prefix.removesuffix(".")
        state = {
            "training": False,
            "_parameters": {k: nn.Parameter(v) for k, v in kept(part._parameters).items()},
            "_buffers": kept(part._buffers) | (buffers or {}).get(dotted, {}),
            "_modules": {k: open_module(m, f"{prefix}{k}.") for k, m in part._modules.items()},
        }
        if not prefix:
            state |= {"_init_args": args, "_init_kwargs": kwargs or {}}
        state |= (attributes or {}).get(dotted, {})
        if plain:
            return Call(Name("training.networks", name), (), state, b"\x81")
        meta = {
            "type": "class",
            "version": 6,
            "module_src": "raise SystemError('source was run')",
            "class_name": name if not prefix else type(part).__name__,
            "state": state,
        }
        return Call(PERSISTENT, (meta,))

    return open_module(module, "")


def sg3_kwargs(config: StyleGAN3Config, **more: Any) -> dict[str, Any]:
    """What a StyleGAN3 generator was built with."""
    names = ("z_dim", "c_dim", "w_dim", "img_resolution", "img_channels")
    names += ("channel_base", "channel_max", "num_layers")
    kwargs = {name: getattr(config, name) for name in names}
    return kwargs | {"mapping_kwargs": {"num_layers": config.num_mapping_layers}} | more


def sg2_kwargs(config: StyleGAN2Config, **synthesis: Any) -> dict[str, Any]:
    """What a StyleGAN2-ADA generator was built with: two nested tables."""
    names = ("z_dim", "c_dim", "w_dim", "img_resolution", "img_channels")
    return {name: getattr(config, name) for name in names} | {
        "mapping_kwargs": {"num_layers": config.num_mapping_layers},
        "synthesis_kwargs": {
            "channel_base": config.channel_base,
            "channel_max": config.channel_max,
            "architecture": config.architecture,
        }
        | synthesis,
    }


def refused(path: Path) -> str:
    """The cause with which `path` is refused; fails if it is read."""
    with pytest.raises(CheckpointError) as caught:
        read(path)
    message = str(caught.value)
    assert message == f"{path}: {caught.value.cause}"
    cause = caught.value.cause
    assert "\n" not in message and len(cause) < 600
    is_of_a_network = any(word in cause for word in OF_A_NETWORK)
    # what has a name is called by it, and where to read on is said
    assert not is_of_a_network or (cause.startswith("it is ") and "docs/" in cause), cause
    return cause


@pytest.fixture
def forge() -> SimpleNamespace:
    """The tools above."""
    return SimpleNamespace(
        DATA=DATA,
        SMALL2=SMALL2,
        SMALL3=SMALL3,
        Name=Name,
        Call=Call,
        dump=dump,
        pickle_module=PICKLE_MODULE,
        persistent=persistent,
        refused=refused,
        sg2_kwargs=sg2_kwargs,
        sg3_kwargs=sg3_kwargs,
    )


@pytest.fixture(scope="session")
def small2() -> Generator:
    """A StyleGAN2 generator of 16 px with random, non-trivial weights."""
    return _random(Generator(SMALL2))


@pytest.fixture(scope="session")
def small3() -> Generator:
    """A StyleGAN3-T generator of 16 px with random, non-trivial weights."""
    return _random(Generator(SMALL3))


def _random(generator: Generator) -> Generator:
    draw = torch.Generator().manual_seed(1)
    for name, tensor in generator.state_dict().items():
        if "filter" not in name and "transform" not in name:
            tensor.copy_(torch.randn(tensor.shape, generator=draw).abs() + 0.1)
    return generator.requires_grad_(False).eval()

"""Pickled torch modules, as data: their tensors by dotted name, attributes and options."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from stylegan3.checkpoints.errors import UnusableError
from stylegan3.checkpoints.pickle.values import Global, Stub, TensorRef

PERSISTENT_NAME = "_reconstruct_persistent_obj"
DEEPEST_MODULE = 32
MOST_MODULES = 5_000  # published generators have about 60
MOST_TENSORS = 50_000  # and about 250
LONGEST_NAME = 100


@dataclass(slots=True)
class ModuleRef:
    """One pickled `torch.nn.Module`, with what lies below it."""

    class_name: str  # "Generator", "training.networks.Generator"
    state: dict[str, Any]  # the module's own attributes
    parameters: dict[str, TensorRef] = field(default_factory=dict)  # dotted names
    buffers: dict[str, TensorRef] = field(default_factory=dict)
    states: dict[str, dict[str, Any]] = field(default_factory=dict)  # of modules below, by name

    @property
    def kwargs(self) -> dict[str, Any]:
        """Keyword arguments that the module was built with."""
        return _dict(self.state.get("_init_kwargs"))

    @property
    def args(self) -> tuple[Any, ...]:
        """Positional arguments that the module was built with."""
        args = self.state.get("_init_args")
        return args if isinstance(args, tuple) else ()


def as_module(value: Any) -> ModuleRef | None:
    """The torch module that `value` stands for, or None if it is something else.

    Raises:
        UnusableError: if modules are nested without end.
    """
    opened = _open(value)
    if opened is None:
        return None
    module = ModuleRef(*opened)
    pending = [("", opened[1], 0)]
    num_modules = num_tensors = 0
    while pending:
        prefix, state, depth = pending.pop()
        # One module or dictionary can stand in many places: what counts is how often it is visited.
        num_modules += 1
        num_tensors += sum(len(_dict(state.get(key))) for key in ("_parameters", "_buffers"))
        if depth > DEEPEST_MODULE or num_modules > MOST_MODULES or num_tensors > MOST_TENSORS:
            raise UnusableError("its modules are nested more deeply than any network's")
        module.states[prefix.removesuffix(".")] = state
        module.parameters |= _tensors(state.get("_parameters"), prefix)
        module.buffers |= _tensors(state.get("_buffers"), prefix)
        children = _dict(state.get("_modules"))
        num_modules += len(children)
        for name, child in children.items() if num_modules <= MOST_MODULES else ():
            below = _open(child)
            if _is_name(name) and below is not None:
                pending.append((f"{prefix}{name}.", below[1], depth + 1))
    return module


def _open(value: Any) -> tuple[str, dict[str, Any]] | None:
    """Class name and attributes of a module; None for anything else."""
    if not isinstance(value, Stub):
        return None
    if value.class_name == PERSISTENT_NAME:
        meta = _dict(value.args[0]) if value.args else {}
        name, state = meta.get("class_name"), meta.get("state")
    else:
        name, state = str(value.cls) if isinstance(value.cls, Global) else "", value.state
    if isinstance(state, tuple) and state:
        state = state[0]
    if not isinstance(state, dict) or not isinstance(state.get("_modules"), dict):
        return None
    return (name if isinstance(name, str) else "")[:200], state


def _tensors(values: Any, prefix: str) -> dict[str, TensorRef]:
    return {
        f"{prefix}{name}": value
        for name, value in _dict(values).items()
        if _is_name(name) and isinstance(value, TensorRef)
    }


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST_NAME


def _dict(value: Any) -> dict[Any, Any]:
    return value if isinstance(value, dict) else {}

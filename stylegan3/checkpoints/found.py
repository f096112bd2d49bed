"""A generator found in a file: its configuration, and where its tensors are. Nothing read yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from stylegan3.checkpoints.errors import UnusableError, of_family
from stylegan3.checkpoints.pickle.values import ArrayRef, TensorRef
from stylegan3.config import Config
from stylegan3.families import FAMILIES, Family
from stylegan3.shapes import Shapes


@dataclass(frozen=True, slots=True)
class Part:
    """One tensor of a generator under its published name."""

    ref: TensorRef
    shape: tuple[int, ...]  # after `convert`
    convert: Callable[[Tensor], Tensor] | None = None  # from the file's layout to the published one
    is_buffer: bool = False  # known to be a buffer, not a parameter

    @classmethod
    def of(cls, ref: TensorRef, is_buffer: bool = False) -> Part:
        """A tensor that needs no conversion."""
        return cls(ref, ref.shape, None, is_buffer)


@dataclass(slots=True)
class FoundGenerator:
    """What a reader found."""

    config: Config
    parts: dict[str, Part]
    source_format: str
    notes: list[str] = field(default_factory=list)
    training: dict[str, Any] = field(default_factory=dict)
    assumed: tuple[str, ...] = ()
    """Options that the file does not say, and that decide how its pictures look."""

    @property
    def assumption(self) -> str:
        """What is assumed, one sentence; "" if the file says everything."""
        values = [(name, getattr(self.config, name, "")) for name in self.assumed]
        shown = [f"{name} {'none' if v is None else v}" for name, v in values if v != ""]
        if not shown:
            return ""
        return (
            "it holds tensors alone, which do not say everything, so what the published networks"
            f" have is assumed: {', '.join(shown)}"
        )


def tensors_in(values: Any) -> dict[str, TensorRef]:
    """The tensors of a state dict, by name; {} if it is none. Other values are left out."""
    if not isinstance(values, Mapping):
        return {}
    found = {}
    for name, value in values.items():
        if isinstance(value, ArrayRef) and value.ref is not None:
            value = value.ref
        if isinstance(name, str) and isinstance(value, TensorRef):
            found[name] = value
    return found


def plain_scalars(values: Any, most: int = 64) -> dict[str, int | float | str | bool]:
    """The numbers and short texts of a dictionary, to show to people; no paths, no NaN."""
    if not isinstance(values, Mapping):
        return {}
    found = {}
    for name, value in values.items():
        if isinstance(value, str):
            is_plain = len(value) <= 200 and value.isprintable() and not set(value) & set("/\\")
        else:
            is_plain = isinstance(value, bool | int | float) and abs(value) < 1 << 53
        if (
            isinstance(name, str)
            and len(name) <= 80
            and name.isprintable()
            and is_plain
            and len(found) < most
        ):
            found[name] = value
    return found


def strip_prefix(tensors: dict[str, TensorRef], prefix: str) -> dict[str, TensorRef]:
    """The tensors whose names start with `prefix`, without it."""
    return {k[len(prefix) :]: v for k, v in tensors.items() if k.startswith(prefix)}


def infer_options(family: Family, shapes: Shapes) -> dict[str, Any]:
    """Options of the network that has tensors of these published names and shapes.

    What shapes do not show (clamping, float16 layers, learning rates) keeps its default.

    Raises:
        UnusableError: if no published network has such tensors.
    """
    try:
        options = family.infer(shapes)
    except ValueError as error:
        raise UnusableError(of_family(family.label, str(error))) from error
    check_options(family.config, options)
    return options


def check_options(cls: type[Config], options: Mapping[str, Any]) -> None:
    """Refuse values that are no plain values or absurdly large.

    Raises:
        UnusableError: naming the option.
    """
    try:
        for name, value in options.items():
            cls.check_option(name, value)
    except ValueError as error:
        raise UnusableError(_of(cls, str(error))) from error


def _of(cls: type[Config], cause: str) -> str:
    return of_family(FAMILIES[cls.family].label, cause) if cls.family in FAMILIES else cause


def configure(cls: type[Config], options: Mapping[str, Any]) -> Config:
    """Build a configuration from values that nobody has checked.

    Raises:
        UnusableError: naming the option that makes no sense.
    """
    check_options(cls, options)
    try:
        return cls(**options)
    except (ValueError, TypeError, OverflowError, ArithmeticError) as error:
        raise UnusableError(_of(cls, f"its configuration is impossible: {error}")) from error

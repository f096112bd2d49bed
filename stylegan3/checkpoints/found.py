"""A generator found in a file: its configuration, and where its tensors are. Nothing read yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from stylegan3.checkpoints.errors import UnusableError
from stylegan3.checkpoints.pickle.values import ArrayRef, TensorRef
from stylegan3.config import Config


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
class RawGenerator:
    """What a reader found."""

    config: Config
    parts: dict[str, Part]
    source_format: str
    notes: list[str] = field(default_factory=list)
    training: dict[str, Any] = field(default_factory=dict)


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


def configure(cls: type[Config], options: Mapping[str, Any]) -> Config:
    """Build a configuration from values that nobody has checked.

    Raises:
        UnusableError: naming the option that makes no sense.
    """
    for name, value in options.items():
        check_option(name, value)
    try:
        return cls(**options)
    except (ValueError, TypeError, OverflowError, ArithmeticError) as error:
        raise UnusableError(f"its configuration is impossible: {error}") from error


# Largest values accepted, far beyond any network that has been trained: a configuration costs
# memory and time before its first tensor is read.
LARGEST_OPTION = {
    "z_dim": 1 << 16,
    "c_dim": 1 << 20,
    "w_dim": 1 << 16,
    "img_resolution": 1 << 13,
    "img_channels": 1 << 10,
    "channel_base": 1 << 24,
    "channel_max": 1 << 16,
    "num_fp16_res": 64,
    "num_mapping_layers": 64,
    "embed_features": 1 << 16,
    "layer_features": 1 << 16,
    "num_layers": 64,
    "num_critical": 64,
    "margin_size": 1 << 10,
    "conv_kernel": 15,
    "filter_size": 32,
    "lrelu_upsampling": 4,
    "first_cutoff": 1 << 12,
    "first_stopband": 1 << 14,
    "last_stopband_rel": 64,
}


def check_option(name: str, value: Any) -> None:
    """Refuse a configuration value that is no plain value or absurdly large.

    Raises:
        UnusableError: naming the option.
    """
    if isinstance(value, tuple):
        is_plain = len(value) <= 64 and all(type(v) in (int, float) for v in value)
    else:
        is_plain = value is None or type(value) in (int, float, bool, str)
    if not is_plain:
        raise UnusableError(f"its configuration is impossible: {name} is no plain value")
    largest = LARGEST_OPTION.get(name)
    if largest is not None and isinstance(value, int | float) and not value <= largest:
        shown = str(value) if abs(value) < 1e18 else "enormous"
        raise UnusableError(
            f"its configuration is impossible: {name} is {shown}, the most is {largest}"
        )

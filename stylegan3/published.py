"""Configurations as published constructors write them: `Generator(z_dim=512, mapping_kwargs={..})`.

Options of the mapping network stand in `mapping_kwargs` by names of its own, all others beside it
or, as StyleGAN2-ADA has it, in `synthesis_kwargs`.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from stylegan3.config import Config
from stylegan3.families import FAMILIES

COMMON = ("z_dim", "c_dim", "w_dim", "img_resolution", "img_channels")
DEFAULT = "stylegan3"
# Options that say how to compute, not what.
_HARMLESS = {"channels_last", "fp16_channels_last", "fused_modconv_default", "use_fp16"}


def config_of(options: Mapping[str, Any]) -> Config:
    """Return the configuration that a published constructor's keyword arguments mean.

    Args:
        options: `family` ("stylegan3", "stylegan2", ..) chooses; without it, options that only
            StyleGAN2 has make it that, and all others StyleGAN3.

    Raises:
        TypeError: if no published constructor has such an option.
        ValueError: if the family is unknown, or a value is out of range.
    """
    flat = {name: value for name, value in options.items() if name not in _HARMLESS}
    family = flat.pop("family", None)
    mapping = dict(flat.pop("mapping_kwargs", None) or {})
    flat |= flat.pop("synthesis_kwargs", None) or {}
    flat = {name: value for name, value in flat.items() if name not in _HARMLESS}
    if family is None:
        family = next((f for f in (DEFAULT, "stylegan2") if flat.keys() <= _names(f)), DEFAULT)
    elif family not in FAMILIES:
        raise ValueError(f"family must be one of {', '.join(sorted(FAMILIES))}, not {family!r}")
    cls = FAMILIES[family].config
    _require_known(flat, _names(family), family)
    _require_known(mapping, set(cls.mapping_options), f"the mapping of {family}")
    values = flat | {cls.mapping_options[name]: value for name, value in mapping.items()}
    plain: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
    return cls(**plain)


def arguments_of(config: Config) -> dict[str, Any]:
    """Return the keyword arguments that a published constructor makes this configuration of.

    Beyond those there is `family`, where it is not StyleGAN3.
    """
    values = {field.name: getattr(config, field.name) for field in fields(config)}
    mapping = {name: values.pop(option) for name, option in config.mapping_options.items()}
    common = {name: values.pop(name) for name in COMMON}
    family = {} if config.family == DEFAULT else {"family": config.family}
    return {**common, "mapping_kwargs": mapping, **values, **family}


def _names(family: str) -> set[str]:
    """Options that stand beside `mapping_kwargs`."""
    cls = FAMILIES[family].config
    return {field.name for field in fields(cls)} - set(cls.mapping_options.values())


def _require_known(options: Mapping[str, Any], known: set[str], owner: str) -> None:
    for name in options.keys() - known:
        near = difflib.get_close_matches(name, known, n=1)
        advice = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(sorted(known))}"
        raise TypeError(f"{owner} has no option {name!r}; {advice}")

"""The families of generators, one row each.

A new family is a package beside `stylegan2`, `alias_free` and `xl`, and a row here; readers of its
files go to `checkpoints.readers`, and its planner, if it has one, to `fast.planners`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import Tensor

from stylegan3.alias_free.config import StyleGAN3Config
from stylegan3.alias_free.infer import infer_stylegan3
from stylegan3.alias_free.synthesis import AliasFreeSynthesis
from stylegan3.config import Config
from stylegan3.layers import has_blocks, is_alias_free
from stylegan3.mapping import MappingNetwork
from stylegan3.ops.filters import resample_filter
from stylegan3.shapes import Shapes
from stylegan3.stylegan1.config import StyleGAN1Config
from stylegan3.stylegan1.infer import infer_stylegan1, is_stylegan1
from stylegan3.stylegan1.synthesis import StyleGAN1Synthesis, fixed_noise
from stylegan3.stylegan2.config import StyleGAN2Config
from stylegan3.stylegan2.infer import infer_stylegan2
from stylegan3.stylegan2.synthesis import StyleGAN2Synthesis
from stylegan3.synthesis import Synthesis
from stylegan3.xl.config import StyleGANXLConfig
from stylegan3.xl.infer import infer_stylegan_xl, is_stylegan_xl
from stylegan3.xl.mapping import StyleGANXLMapping


@dataclass(frozen=True)
class Family:
    """What the rest of the program has to know of a family; configurations are of its own class."""

    config: type[Config]
    synthesis: Callable[[Any], Synthesis]  # of a configuration
    label: str  # name for people, whatever the configuration: "StyleGAN3"
    title: Callable[[Any], str]  # the same of a configuration: "StyleGAN3-R"
    recognises: Callable[[Iterable[str]], bool]  # whether tensors are named as in this family
    infer: Callable[[Shapes], dict[str, Any]]  # options of a network with such tensors
    buffers: Mapping[str, Callable[[Any, tuple[int, ...]], Tensor] | None]
    """Last parts of the names of the synthesis' buffers, with what makes such a buffer from
    configuration and shape, None where these do not determine it."""
    unread: tuple[str, ...] = ()
    """Ends of the names of buffers that files hold and nothing reads: any shape will do."""
    mapping: Callable[[Any], MappingNetwork] = MappingNetwork.of  # of a configuration

    @property
    def name(self) -> str:
        """Name in files and tables: "stylegan3"."""
        return self.config.family


_ALIAS_FREE_BUFFERS = {
    "transform": lambda config, shape: torch.eye(3),
    "magnitude_ema": lambda config, shape: torch.ones([]),
    **dict.fromkeys(("freqs", "phases", "up_filter", "down_filter")),
}
_ROWS = (
    # before StyleGAN3, whose layers it has
    Family(
        config=StyleGANXLConfig,
        synthesis=AliasFreeSynthesis,
        mapping=StyleGANXLMapping.of,
        label="StyleGAN-XL",
        title=lambda config: "StyleGAN-XL",
        recognises=is_stylegan_xl,
        infer=infer_stylegan_xl,
        buffers=_ALIAS_FREE_BUFFERS,
    ),
    # before StyleGAN2: a network with layers of both kinds is one
    Family(
        config=StyleGAN3Config,
        synthesis=AliasFreeSynthesis,
        label="StyleGAN3",
        title=lambda config: "StyleGAN3-R" if config.use_radial_filters else "StyleGAN3-T",
        recognises=is_alias_free,
        infer=infer_stylegan3,
        buffers=_ALIAS_FREE_BUFFERS,
    ),
    Family(
        config=StyleGAN2Config,
        synthesis=StyleGAN2Synthesis,
        label="StyleGAN2",
        title=lambda config: "StyleGAN2",
        recognises=has_blocks,
        infer=infer_stylegan2,
        buffers={
            "noise_const": lambda config, shape: torch.zeros(shape),
            "resample_filter": lambda config, shape: resample_filter(config.resample_filter),
        },
        # layers that do not upsample are built with the default filter, whatever was asked for
        unread=(".conv1.resample_filter",),
    ),
    Family(
        config=StyleGAN1Config,
        synthesis=StyleGAN1Synthesis,
        label="StyleGAN1",
        title=lambda config: "StyleGAN1",
        recognises=is_stylegan1,
        infer=infer_stylegan1,
        buffers={
            "noise_const": lambda config, shape: fixed_noise(shape),
            "resample_filter": lambda config, shape: resample_filter(config.blur_filter),
        },
    ),
)
FAMILIES: Mapping[str, Family] = {family.name: family for family in _ROWS}
_BUFFERS = {"w_avg", "num_batches_tracked"}.union(*(family.buffers for family in _ROWS))


def family_of(config: Config) -> str:
    """Name of the family, as people know it: "StyleGAN3-T", "StyleGAN-XL"."""
    return FAMILIES[config.family].title(config)


def recognise(names: Iterable[str]) -> Family | None:
    """The family whose tensors are called so, None if there is none."""
    names = tuple(names)
    return next((family for family in _ROWS if family.recognises(names)), None)


def is_buffer(name: str) -> bool:
    """Whether a published tensor name is that of a buffer, not of a parameter."""
    return name.rpartition(".")[2] in _BUFFERS


def fresh_buffer(config: Config, name: str, shape: tuple[int, ...]) -> Tensor | None:
    """The tensor `name` where it follows from configuration and shape alone, else None."""
    make = FAMILIES[config.family].buffers.get(name.rpartition(".")[2])
    return None if make is None else make(config, shape)


def config_from_dict(values: Mapping[str, Any]) -> Config:
    """Read back what `Config.to_dict` wrote.

    Raises:
        ValueError: if the family is unknown, or a field is unknown or out of range.
    """
    name = values.get("family")
    if not isinstance(name, str) or name not in FAMILIES:
        raise ValueError(f"family must be one of {', '.join(sorted(FAMILIES))}, not {name!r}")
    cls = FAMILIES[name].config
    unknown = sorted(values.keys() - {f.name for f in fields(cls)} - {"family"})
    if unknown:
        raise ValueError(f"{name} has no option {', '.join(map(repr, unknown))}")
    options: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
    del options["family"]
    return cls(**options)

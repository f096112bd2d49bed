"""What the configurations of all families share: options, and how an impossible value is refused.

A family's own module `config` carries its published option names and defaults. What the papers
derive from them (channels, sampling rates, cutoffs, sizes, layer names) is computed there, so that
readers of checkpoints can predict every tensor's shape without building a network.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class Config:
    """Options that all families have; raises ValueError for values no network can have."""

    z_dim: int = 512
    c_dim: int = 0
    w_dim: int = 512
    img_resolution: int = 1024
    img_channels: int = 3
    channel_base: int = 32768
    channel_max: int = 512
    num_fp16_res: int = 4  # highest resolutions that run in float16 on a GPU
    conv_clamp: float | None = 256.0  # None: activations are not clamped
    mapping_lr_multiplier: float = 0.01
    w_avg_beta: float = 0.998  # decay of the running mean `mapping.w_avg` in training
    num_mapping_layers: int = 8

    family: ClassVar[str] = ""  # as files name it, and the key of `FAMILIES`
    mapping_options: ClassVar[Mapping[str, str]] = {
        "num_layers": "num_mapping_layers",
        "lr_multiplier": "mapping_lr_multiplier",
        "w_avg_beta": "w_avg_beta",
    }
    """Arguments of the mapping network as published, and the options that hold them here."""
    largest: ClassVar[Mapping[str, float]] = {
        "z_dim": 1 << 16,
        "c_dim": 1 << 20,
        "w_dim": 1 << 16,
        "img_resolution": 1 << 13,
        "img_channels": 1 << 10,
        "channel_base": 1 << 24,
        "channel_max": 1 << 16,
        "num_fp16_res": 64,
        "num_mapping_layers": 64,
    }
    """The largest values accepted from a file, far beyond any network that has been trained: a
    configuration costs memory and time before its first tensor is read."""

    def __post_init__(self) -> None:
        for name in ("z_dim", "w_dim", "img_resolution", "img_channels", "channel_max"):
            self.require_integer(name, 1)
        self.require_integer("channel_base", 1, 2**30)
        self.require_integer("c_dim", 0)
        self.require_integer("num_fp16_res", 0)
        self.require_integer("num_mapping_layers", 1, 256)
        self.require_number("mapping_lr_multiplier", above=0)
        self.require_number("w_avg_beta", least=0, most=1)
        if self.conv_clamp is not None:
            self.require_number("conv_clamp", above=0)

    @property
    def img_height(self) -> int:
        """Height of the picture [px]."""
        return self.img_resolution

    @property
    def img_width(self) -> int:
        """Width of the picture [px]."""
        return self.img_resolution

    @property
    def num_ws(self) -> int:
        """Rows of `ws` that the synthesis reads."""
        raise NotImplementedError

    def mapping_arguments(self) -> dict[str, Any]:
        """Arguments of `MappingNetwork` besides its sizes."""
        return {name: getattr(self, option) for name, option in self.mapping_options.items()}

    def require_integer(self, name: str, least: int, most: int = 2**20) -> None:
        """Raise ValueError, naming the field, where it is no integer of `least` to `most`."""
        value = getattr(self, name)
        if isinstance(value, bool) or not isinstance(value, int) or not (least <= value <= most):
            raise ValueError(f"{name} must be an integer of {least} to {most}, not {value!r}")

    def require_number(
        self,
        name: str,
        *,
        above: float = -math.inf,
        least: float = -math.inf,
        most: float = math.inf,
    ) -> None:
        """Raise ValueError, naming the field, where it is no finite number in the range."""
        value = getattr(self, name)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if (
            not is_number
            or not math.isfinite(value)
            or not (above < value and least <= value <= most)
        ):
            bound = f"above {above:g}" if above > -math.inf else f"of {least:g} to {most:g}"
            raise ValueError(f"{name} must be a number {bound}, not {value!r}")

    @classmethod
    def check_option(cls, name: str, value: Any) -> None:
        """Refuse a value from a file that is no plain value or absurdly large.

        Raises:
            ValueError: naming the option.
        """
        if isinstance(value, tuple):
            is_plain = len(value) <= 64 and all(type(v) in (int, float) for v in value)
        else:
            is_plain = value is None or type(value) in (int, float, bool, str)
        if not is_plain:
            raise ValueError(f"its configuration is impossible: {name} is no plain value")
        most = cls.largest.get(name)
        if most is not None and isinstance(value, int | float) and not value <= most:
            shown = str(value) if abs(value) < 1e18 else "enormous"
            raise ValueError(
                f"its configuration is impossible: {name} is {shown}, the most is {most}"
            )

    def to_dict(self) -> dict[str, Any]:
        """All fields and the family as JSON values, which `families.config_from_dict` reads."""
        values = {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}
        return {"family": self.family} | values

"""Options that both families of generators have, and how an impossible value is refused."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class Options:
    """Options that both families have; raises ValueError for values no network can have."""

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

    family: ClassVar[str] = ""

    def __post_init__(self) -> None:
        for name in ("z_dim", "w_dim", "img_resolution", "img_channels", "channel_max"):
            self.require_integer(name, 1)
        self.require_integer("channel_base", 1, 2**30)
        self.require_integer("c_dim", 0)
        self.require_integer("num_fp16_res", 0)
        self.require_number("mapping_lr_multiplier", above=0)
        self.require_number("w_avg_beta", least=0, most=1)
        if self.conv_clamp is not None:
            self.require_number("conv_clamp", above=0)

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

    def to_dict(self) -> dict[str, Any]:
        """All fields and the family, as plain JSON values; `config_from_dict` reads them back."""
        values = {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}
        return {"family": self.family} | values

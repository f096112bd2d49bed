"""How networks are computed on an NVIDIA GPU."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch

from stylegan3 import cuda
from stylegan3.fast import Kernels, Precision


@dataclass(frozen=True)
class Acceleration:
    """How networks are computed on an NVIDIA GPU."""

    ops: Literal["auto", "ref"] = "auto"  # "ref": by the generator's own modules
    precision: Precision = "fast"
    kernels: Kernels = "auto"
    layers: Literal["at once", "background"] = "at once"  # where those never shown are planned
    tune: Literal["off", "background"] = "off"  # whether the window measures convolutions

    def has_kernels(self, device: torch.device) -> bool:
        """Whether compiled kernels are wanted, and can run on `device`."""
        is_wanted = device.type == "cuda" and self.ops == "auto"
        return is_wanted and cuda.unavailable_reason() is None

    def tunes(self, device: torch.device) -> bool:
        """Whether convolutions are to be measured while nothing moves, and can be chosen."""
        is_wanted = self.tune == "background" and self.kernels == "auto"
        return is_wanted and self.has_kernels(device)

    def obstacle(self, device: torch.device) -> str:
        """Return why CUDA graphs of prepared launches are not tried on `device`, "" if they are."""
        if device.type != "cuda":
            return "there is no NVIDIA GPU"
        return "the reference operations were asked for" if self.ops == "ref" else ""

    def describe(self, device: torch.device) -> str:
        """Return how an NVIDIA GPU computes, for people."""
        if not self.has_kernels(device):
            reason = "as asked for" if self.ops == "ref" else cuda.unavailable_reason()
            return f"reference operations ({reason})"
        return f"{self.precision} precision, {self.kernels} kernels"


DEFAULT = Acceleration()

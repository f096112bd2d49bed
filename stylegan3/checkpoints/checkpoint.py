"""What every reader returns."""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import Tensor

from stylegan3.config import Config


@dataclass(frozen=True)
class Checkpoint:
    """A generator as data: everything that `Generator(config)` and `load_state_dict` need."""

    config: Config
    state_dict: dict[str, Tensor]  # published names; parameters and buffers, contiguous, on the CPU
    family: str  # "StyleGAN3-T", "StyleGAN3-R", "StyleGAN2"
    source_format: str  # what the file was, for people: "NVIDIA PyTorch pickle"
    notes: tuple[str, ...] = ()  # what was done to the file's content, one sentence each
    training: dict[str, int | float | str | bool] = field(default_factory=dict)  # as the file says

    @property
    def num_parameters(self) -> int:
        """Numbers in all tensors, buffers included."""
        return sum(tensor.numel() for tensor in self.state_dict.values())

"""A whole generator: mapping and synthesis, with the published signatures and tensor names."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from stylegan3.config import Config
from stylegan3.families import FAMILIES
from stylegan3.mapping import MappingNetwork
from stylegan3.synthesis import Synthesis


class Generator(nn.Module):
    """A generator of any family, freshly initialised from the global torch seed.

    Parameters and buffers carry the published names. They may be changed in place at any time,
    also between frames: whatever is derived from them and cached notices.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.z_dim = config.z_dim
        self.c_dim = config.c_dim
        self.w_dim = config.w_dim
        self.num_ws = config.num_ws
        self.img_resolution = config.img_resolution
        self.img_channels = config.img_channels
        family = FAMILIES[config.family]
        self.synthesis: Synthesis = family.synthesis(config)
        self.mapping: MappingNetwork = family.mapping(config)

    @classmethod
    def of(cls, config: Config, state: Mapping[str, Tensor]) -> Generator:
        """Return a generator whose tensors are those of `state` themselves, none of them copied.

        Raises:
            RuntimeError: if a tensor is missing, surplus or of the wrong shape.
        """
        with torch.device("meta"):
            generator = cls(config)
        generator.load_state_dict(state, assign=True)
        return generator

    def forward(
        self,
        z: Tensor,  # [N, z_dim]
        c: Tensor | None = None,  # [N, c_dim]
        truncation_psi: float = 1,
        truncation_cutoff: int | None = None,
        noise_mode: str = "const",  # "const", "random", "none": StyleGAN2's per-pixel noise
        *,
        force_fp32: bool = False,
        update_emas: bool = False,
    ) -> Tensor:  # [N, img_channels, R, R], about [-1, 1]
        """Latents to pictures.

        Raises:
            ValueError: if a shape or the noise mode is wrong.
        """
        ws = self.mapping(
            z,
            c,
            truncation_psi=truncation_psi,
            truncation_cutoff=truncation_cutoff,
            update_emas=update_emas,
        )
        return self.synthesis(
            ws, noise_mode=noise_mode, force_fp32=force_fp32, update_emas=update_emas
        )

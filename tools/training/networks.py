"""Which generators are trained, and the pass through them that training takes."""

from __future__ import annotations

import torch
from torch import Tensor

from stylegan3 import Generator, StyleGAN2Config, StyleGAN3Config
from stylegan3.config import Config
from tools.training.stylegan2_pass import NoiseBuffer, synthesise_stylegan2
from tools.training.stylegan3_pass import synthesise_stylegan3

CONFIGS: dict[str, Config] = {
    # First contact and CPUs: below 50 ms of one core for a picture.
    "sg2": StyleGAN2Config(
        z_dim=256,
        w_dim=256,
        img_resolution=256,
        channel_base=4096,
        channel_max=192,
        num_mapping_layers=4,
    ),
    # GPUs: StyleGAN3-T with reduced channels, layers L0 .. L14.
    "sg3": StyleGAN3Config(
        z_dim=256, w_dim=256, img_resolution=256, channel_base=4096, channel_max=192
    ),
    # Tests: small enough for a few steps on a CPU.
    "sg2-tiny": StyleGAN2Config(
        z_dim=32,
        w_dim=32,
        img_resolution=32,
        channel_base=512,
        channel_max=32,
        num_mapping_layers=2,
    ),
    "sg3-tiny": StyleGAN3Config(
        z_dim=32,
        w_dim=32,
        img_resolution=32,
        channel_base=256,
        channel_max=16,
        num_layers=4,
        num_critical=1,
    ),
}


def synthesise(
    generator: Generator,
    ws: Tensor,  # [N, num_ws, w_dim]
    resolution: int,
    noise: NoiseBuffer,
    dtype: torch.dtype,
    update_emas: bool = False,  # of StyleGAN3's magnitudes
) -> Tensor:  # [N, 3, resolution, resolution] float32
    """The differentiable picture as training sees it, at or below full resolution."""
    return _PASSES[generator.config.family](generator, ws, resolution, noise, dtype, update_emas)


def _stylegan2(
    g: Generator, ws: Tensor, resolution: int, noise: NoiseBuffer, dtype: torch.dtype, _: bool
) -> Tensor:
    return synthesise_stylegan2(g, ws, resolution, noise, dtype)


def _stylegan3(
    g: Generator, ws: Tensor, resolution: int, _: NoiseBuffer, dtype: torch.dtype, emas: bool
) -> Tensor:
    return synthesise_stylegan3(g, ws, resolution, dtype, emas)


_PASSES = {"stylegan2": _stylegan2, "stylegan3": _stylegan3}  # by family

"""The published networks, the device they are timed on, and how times are compared with floors."""

from __future__ import annotations

import torch

from stylegan3.config import StyleGAN3Config
from stylegan3.geometry import AliasFreeLayer

DEVICE = torch.device("cuda", 0)
BYTES_PER_US = 4.3e6
"""What a device-to-device copy moves on an H200, bytes read and written."""

Rows = list[dict[str, object]]


def published_config(radial: bool, resolution: int = 1024) -> StyleGAN3Config:
    """Return stylegan3-r or -t."""
    return StyleGAN3Config(
        img_resolution=resolution,
        conv_kernel=1 if radial else 3,
        channel_base=65536 if radial else 32768,
        channel_max=1024 if radial else 512,
        use_radial_filters=radial,
    )


def published_layers(radial: bool) -> list[AliasFreeLayer]:
    """Return the layers of the 1024 px network, ToRGB left out."""
    config = published_config(radial)
    return [AliasFreeLayer.of(config, i) for i in range(config.num_layers)]

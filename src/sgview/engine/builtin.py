"""The built-in networks: small, untrained, the same on every machine."""

from __future__ import annotations

import torch

from sgview.engine.network import Network
from stylegan3 import Generator, StyleGAN3Config

CONFIG = StyleGAN3Config(z_dim=64, w_dim=64, img_resolution=128, channel_base=2048, channel_max=64)


def build_pair() -> tuple[Network, Network]:
    """Return two networks of one configuration, with names of their own."""
    return _build("petals", 1), _build("tides", 2)


def _build(name: str, seed: int) -> Network:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Network.of(Generator(CONFIG), name)

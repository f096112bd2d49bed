"""StyleGAN2 and StyleGAN3 generators: published names and signatures, plain torch, any device.

Names are imported on first use, so that `import stylegan3.config` costs no torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stylegan3.checkpoints.errors import CheckpointError
    from stylegan3.config import StyleGAN2Config, StyleGAN3Config
    from stylegan3.generator import Generator, load
    from stylegan3.layers import LayerSpec, group_of, place_of, scale_invariant

__all__ = [
    "CheckpointError",
    "Generator",
    "LayerSpec",
    "StyleGAN2Config",
    "StyleGAN3Config",
    "group_of",
    "load",
    "place_of",
    "scale_invariant",
]

_HOMES = {
    "CheckpointError": "stylegan3.checkpoints.errors",
    "Generator": "stylegan3.generator",
    "LayerSpec": "stylegan3.layers",
    "StyleGAN2Config": "stylegan3.config",
    "StyleGAN3Config": "stylegan3.config",
    "group_of": "stylegan3.layers",
    "load": "stylegan3.generator",
    "place_of": "stylegan3.layers",
    "scale_invariant": "stylegan3.layers",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)

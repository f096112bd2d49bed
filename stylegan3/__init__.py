"""Generators of the StyleGAN line: published names and signatures, plain torch, any device.

From the bottom up: `ops` (the papers' operations) and `cuda` (compiling and launching); `config`,
`layers`, `shapes`, `mapping` and `synthesis`, which all families share; a package for each family;
`families`, the table of them; `generator`; `checkpoints` (files) and `fast` (prepared launches);
`loading`. None imports what stands after it.

Names are imported on first use, so that `import stylegan3.config` costs no torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stylegan3.alias_free.config import StyleGAN3Config
    from stylegan3.canvas import Canvas, fitting_side
    from stylegan3.checkpoints.errors import CheckpointError
    from stylegan3.config import Config
    from stylegan3.families import family_of
    from stylegan3.generator import Generator, Grid, Regions, trust_version_counters
    from stylegan3.layers import LayerSpec, group_of, place_of, scale_invariant
    from stylegan3.loading import load
    from stylegan3.stylegan1.config import StyleGAN1Config
    from stylegan3.stylegan2.config import StyleGAN2Config
    from stylegan3.xl.config import StyleGANXLConfig

__all__ = [
    "Canvas",
    "CheckpointError",
    "Config",
    "Generator",
    "Grid",
    "LayerSpec",
    "Regions",
    "StyleGAN1Config",
    "StyleGAN2Config",
    "StyleGAN3Config",
    "StyleGANXLConfig",
    "family_of",
    "fitting_side",
    "group_of",
    "load",
    "place_of",
    "scale_invariant",
    "trust_version_counters",
]

_HOMES = {
    "Canvas": "canvas",
    "CheckpointError": "checkpoints.errors",
    "Config": "config",
    "Generator": "generator",
    "Grid": "generator",
    "LayerSpec": "layers",
    "Regions": "generator",
    "StyleGAN1Config": "stylegan1.config",
    "StyleGAN2Config": "stylegan2.config",
    "StyleGAN3Config": "alias_free.config",
    "StyleGANXLConfig": "xl.config",
    "family_of": "families",
    "fitting_side": "canvas",
    "group_of": "layers",
    "load": "loading",
    "place_of": "layers",
    "scale_invariant": "layers",
    "trust_version_counters": "generator",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)

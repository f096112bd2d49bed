"""A whole generator: mapping and synthesis, with the published signatures and tensor names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from stylegan3.config import Config
from stylegan3.families import FAMILIES
from stylegan3.mapping import MappingNetwork
from stylegan3.ops.memo import trust_version_counters
from stylegan3.ops.regions import Grid, Regions
from stylegan3.published import arguments_of, config_of
from stylegan3.synthesis import Synthesis

__all__ = ["Generator", "Grid", "Regions", "trust_version_counters"]


class _NothingDrawn(TorchFunctionMode):
    """Leaves out what only makes numbers, where nobody reads them.

    For these few functions on the device "meta" torch imports its compiler and sympy, which takes
    a second.
    """

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if func in (Tensor.div_, Tensor.normal_):
            return args[0]
        if func in (torch.randn, torch.rand):
            func = torch.empty
        return func(*args, **(kwargs or {}))


class Generator(nn.Module):
    """A generator of any family, freshly initialised from the global torch seed.

    Parameters and buffers carry the published names. They may be changed at any time and in any
    way, also through `.data` or a NumPy view: the next call computes with what they hold then.

    Args:
        config: options as this package has them.
        options: the same as published constructors have them, instead of `config`:
            `Generator(z_dim=512, c_dim=0, w_dim=512, img_resolution=256, img_channels=3,
            mapping_kwargs={"num_layers": 2})`; see `published.config_of`.

    Raises:
        TypeError: if an option is unknown.
        ValueError: if a value is out of range.
    """

    def __init__(self, config: Config | None = None, **options: Any) -> None:
        super().__init__()
        if config is None:
            config = config_of(options)
        elif not isinstance(config, Config) or options:
            raise TypeError("either a configuration or options by their names must be given")
        self.config = config
        self.z_dim = config.z_dim
        self.c_dim = config.c_dim
        self.w_dim = config.w_dim
        self.num_ws = config.num_ws
        self.img_resolution = config.img_resolution
        self.img_height = config.img_height
        self.img_width = config.img_width
        self.img_channels = config.img_channels
        family = FAMILIES[config.family]
        self.synthesis: Synthesis = family.synthesis(config)
        self.mapping: MappingNetwork = family.mapping(config)

    @property
    def init_args(self) -> tuple[()]:
        """There are none: with `init_kwargs`, what makes another generator of this shape."""
        return ()

    @property
    def init_kwargs(self) -> dict[str, Any]:
        """Options as published: `type(G)(*G.init_args, **G.init_kwargs)` is of the same shape."""
        return arguments_of(self.config)

    @classmethod
    def without_numbers(cls, config: Config) -> Generator:
        """Return a generator on the device "meta": its tensors have shapes, and no memory."""
        with torch.device("meta"), _NothingDrawn():
            return cls(config)

    @classmethod
    def of(cls, config: Config, state: Mapping[str, Tensor]) -> Generator:
        """Return a generator whose tensors are those of `state` themselves, none of them copied.

        Raises:
            RuntimeError: if a tensor is missing, surplus or of the wrong shape.
        """
        generator = cls.without_numbers(config)
        generator.load_state_dict(state, assign=True)
        return generator

    def forward(
        self,
        z: Tensor | np.ndarray,  # [N, z_dim]
        c: Tensor | np.ndarray | None = None,  # [N, c_dim]; None: class 0, if it is conditional
        truncation_psi: float | Tensor | np.ndarray = 1,  # a number, or [N]: one for each sample
        truncation_cutoff: int | None = None,  # rows truncated; None: all; -2: all but the last 2
        update_emas: bool = False,  # move running means as training does
        *,
        noise_mode: str = "const",  # "const", "random", "none": StyleGAN2's per-pixel noise
        layer: str | None = None,  # stop at this layer ("L6") and return its output
        force_fp32: bool = False,  # never use float16 on a GPU
        fused_modconv: bool | None = None,  # how the published code computes; accepted, unused
        skip_w_avg_update: bool = False,  # StyleGAN2-ADA's word: w_avg stays, whatever is above
    ) -> Tensor:  # [N, img_channels, img_height, img_width], about [-1, 1]
        """Latents to pictures.

        Raises:
            ValueError: if a shape or the noise mode is wrong, or no layer is called `layer`.
        """
        if isinstance(update_emas, str):
            raise ValueError(f"a noise mode is given by name: noise_mode={update_emas!r}")
        ws = self.mapping(
            z,
            c,
            truncation_psi=truncation_psi,
            truncation_cutoff=truncation_cutoff,
            update_emas=update_emas,
            skip_w_avg_update=skip_w_avg_update,
        )
        return self.synthesis(
            ws,
            noise_mode=noise_mode,
            layer=layer,
            force_fp32=force_fp32,
            update_emas=update_emas,
        )

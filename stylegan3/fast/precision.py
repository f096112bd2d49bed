"""In which number format each layer runs."""

from __future__ import annotations

from typing import Literal

import torch

from stylegan3.alias_free.config import StyleGAN3Config
from stylegan3.stylegan2.config import StyleGAN2Config

Precision = Literal["fast", "published", "fp32"]
"""fast: float16 everywhere; published: float16 where the published networks use it; fp32: nowhere.

Sums are float32, and with "fast" also float16 in short runs, where a card was measured to be faster
with those; styles, demodulation, biases and the picture are float32.
"""


def layer_dtypes(config: StyleGAN3Config, precision: Precision) -> list[torch.dtype]:
    """Return the format of each StyleGAN3 layer's input and convolution, ToRGB included."""
    return [
        _dtype(precision, is_published_fp16=config.is_fp16(i)) for i in range(len(config.layers))
    ]


def block_dtype(config: StyleGAN2Config, resolution: int, precision: Precision) -> torch.dtype:
    """Return the format of a StyleGAN2 block."""
    return _dtype(precision, is_published_fp16=config.is_fp16(resolution))


def allows_float16_sums(precision: Precision) -> bool:
    """Whether products of a convolution may be summed in float16, in short runs."""
    return precision == "fast"


def _dtype(precision: Precision, *, is_published_fp16: bool) -> torch.dtype:
    if precision not in ("fast", "published", "fp32"):
        raise ValueError(f"precision must be fast, published or fp32, not {precision!r}")
    is_fp16 = precision == "fast" or (precision == "published" and is_published_fp16)
    return torch.float16 if is_fp16 else torch.float32

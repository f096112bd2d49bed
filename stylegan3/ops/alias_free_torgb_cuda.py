"""CUDA launcher of StyleGAN3's last step, ToRGB."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from stylegan3.ops import nvrtc
from stylegan3.ops.channels_last import (
    check_picture,
    chunks_per_lane,
    lanes_per_pixel,
    storage,
    striding_blocks,
)
from stylegan3.ops.sources import cuda_source

_THREADS = 256


class AliasFreeToRgb:
    """The last layer: 1x1 convolution, bias, clamp, output scale, to planar float32.

    Args:
        weight: [colours, C, 1, 1], bias: [colours]: live float32 tensors.
        pitch: channels of the input, padded.
        dtype: of the input.
        clamp: None for none.
        output_scale: the network's.
    """

    def __init__(
        self,
        weight: Tensor,
        bias: Tensor,
        *,
        pitch: int,
        dtype: torch.dtype,
        clamp: float | None,
        output_scale: float,
    ) -> None:
        self._live = (weight, bias)
        self._clamp = math.inf if clamp is None else float(clamp)
        self._output_scale = float(output_scale)
        self.spec = nvrtc.KernelSpec(
            "alias_free_torgb",
            cuda_source("alias_free_torgb.cu"),
            (
                ("CHUNKS", chunks_per_lane(pitch)),
                ("IN_TYPE", storage(dtype)),
                ("LANES", lanes_per_pixel(pitch)),
                ("OUT_CHANNELS", len(weight)),
            ),
        )

    def __call__(
        self,
        x: Tensor,  # [H, W, P], styles multiplied in
        y: Tensor,  # [colours, H, W] float32, written
    ) -> None:
        """Launch; raises ValueError if shapes disagree."""
        weight, bias = self._live
        check_picture("x", x, weight.shape[1])
        if y.shape != (len(weight), *x.shape[:2]) or y.dtype != torch.float32:
            raise ValueError(f"y must be float32 [{len(weight)}, H, W], not {tuple(y.shape)}")
        pixels, pitch = x.shape[0] * x.shape[1], x.shape[2]
        nvrtc.load(self.spec, x.device)(
            striding_blocks(pixels, pitch, x.device),
            _THREADS,
            x,
            y,
            weight,
            bias,
            pixels,
            weight.shape[1],
            pitch,
            self._clamp,
            self._output_scale,
        )

"""CUDA launcher of StyleGAN3's last step, ToRGB."""

from __future__ import annotations

import torch
from torch import Tensor

from stylegan3.cuda import nvrtc
from stylegan3.cuda.sources import cuda_source
from stylegan3.fast.kernels.channels_last import (
    check_picture,
    chunks_per_lane,
    lanes_per_pixel,
    storage,
    striding_blocks,
)
from stylegan3.fast.kernels.torgb.partial_sums import AliasFreeRgb

_THREADS = 256


class AliasFreeToRgb:
    """The last layer: 1x1 convolution, bias, clamp, output scale, to planar float32.

    Args:
        torgb: what to compute.
        pitch: channels of the input, padded.
        dtype: of the input.
    """

    def __init__(self, torgb: AliasFreeRgb, *, pitch: int, dtype: torch.dtype) -> None:
        self._torgb = torgb
        self.spec = nvrtc.KernelSpec(
            "alias_free_torgb",
            cuda_source(__file__, "alias_free_torgb.cu"),
            (
                ("CHUNKS", chunks_per_lane(pitch)),
                ("IN_TYPE", storage(dtype)),
                ("LANES", lanes_per_pixel(pitch)),
                ("OUT_CHANNELS", torgb.colours),
            ),
        )

    def __call__(
        self,
        x: Tensor,  # [H, W, P], styles multiplied in
        y: Tensor,  # [colours, H, W] float32, written
    ) -> None:
        """Launch; raises ValueError if shapes disagree."""
        torgb, channels = self._torgb, self._torgb.weight.shape[1]
        check_picture("x", x, channels)
        if y.shape != (torgb.colours, *x.shape[:2]) or y.dtype != torch.float32:
            raise ValueError(f"y must be float32 [{torgb.colours}, H, W], not {tuple(y.shape)}")
        pixels, pitch = x.shape[0] * x.shape[1], x.shape[2]
        nvrtc.load(self.spec, x.device)(
            striding_blocks(pixels, pitch, x.device),
            _THREADS,
            x,
            y,
            torgb.weight,
            torgb.bias,
            pixels,
            channels,
            pitch,
            torgb.clamp_limit,
            float(torgb.output_scale),
        )

"""CUDA launchers of StyleGAN3's first and last step: Fourier features and ToRGB."""

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


class InputFeatures:
    """Fourier features of the transformed grid: Karras et al. 2021, section 3.1, appendix F.

    Args:
        freqs: [C, 2], phases: [C], transform: [3, 3]: live float32 tensors.
        sampling_rate: samples per picture width.
        bandwidth: highest frequency of full amplitude [cycles per picture width].
        dtype: of the output.
    """

    def __init__(
        self,
        freqs: Tensor,
        phases: Tensor,
        transform: Tensor,
        *,
        sampling_rate: float,
        bandwidth: float,
        dtype: torch.dtype,
    ) -> None:
        self._live = (transform, freqs, phases)
        self._rates = (float(sampling_rate), float(bandwidth))
        self.spec = nvrtc.KernelSpec(
            "input_features", cuda_source("input_features.cu"), (("OUT_TYPE", storage(dtype)),)
        )

    def __call__(
        self,
        affine: Tensor,  # [4] float32: rc, rs, tx, ty
        y: Tensor,  # [size, size, P], written
    ) -> None:
        """Launch; raises ValueError if shapes disagree."""
        transform, freqs, phases = self._live
        check_picture("y", y, len(freqs))
        if y.shape[0] != y.shape[1] or affine.numel() != 4:
            raise ValueError(f"y must be square and affine of 4 values, not {tuple(y.shape)}")
        pixels = y.shape[0] ** 2
        nvrtc.load(self.spec, y.device)(
            (min(pixels, 256), -(-y.shape[2] // 128)),
            128,
            affine,
            transform,
            freqs,
            phases,
            y,
            y.shape[0],
            len(freqs),
            y.shape[2],
            *self._rates,
        )


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

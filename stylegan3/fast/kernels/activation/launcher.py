"""CUDA launchers of what follows StyleGAN2's convolutions: activation, ToRGB, upsampling."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from stylegan3.cuda import nvrtc
from stylegan3.cuda.sources import cuda_source, storage_class
from stylegan3.fast.kernels.channels_last import (
    check_picture,
    check_vectors,
    chunks_per_lane,
    lanes_per_pixel,
    striding_blocks,
)

_THREADS = 256


@dataclass(frozen=True)
class ActVectors:
    """Per-channel vectors of `modulation.cu`, unfolded, and the layer's noise."""

    bias: Tensor  # [vector_length] float32, as are the next two
    demodulation: Tensor
    next: Tensor
    noise: Tensor | None = None  # [H, W] float32
    strength: Tensor | None = None  # [] float32, with noise


@dataclass(frozen=True)
class TorgbOperands:
    """ToRGB of a block with the skip architecture; live float32 tensors."""

    weight: Tensor  # [colours, C, 1, 1]
    styles: Tensor  # [C]
    bias: Tensor  # [colours]
    gain: float  # 1 / sqrt(C)
    out: Tensor  # [colours, H, W], written
    previous: Tensor | None = None  # [colours, H / 2, W / 2], upsampled and added


class ModulatedAct:
    """`modulated_act.cu`: activation in place or aside, with ToRGB if there is one.

    Args:
        pitch: channels of the picture, padded.
        dtype: of the picture.
        clamp: None for none.
        activate: False for a linear layer of gain 1.
        store: False where only ToRGB reads the result.
        colours: of ToRGB, 0 for none.
    """

    def __init__(
        self,
        *,
        pitch: int,
        dtype: torch.dtype,
        clamp: float | None = None,
        activate: bool = True,
        store: bool = True,
        colours: int = 0,
    ) -> None:
        self._clamp = math.inf if clamp is None else float(clamp)
        self._colours = colours
        self.spec = nvrtc.KernelSpec(
            "modulated_act",
            cuda_source(__file__, "modulated_act.cu"),
            (
                ("ACTIVATE", int(activate)),
                ("CHUNKS", chunks_per_lane(pitch)),
                ("LANES", lanes_per_pixel(pitch)),
                ("RGB", colours),
                ("STORE", int(store)),
                ("TYPE", storage_class(dtype)),
            ),
        )

    def __call__(
        self,
        x: Tensor,  # [H, W, P]
        y: Tensor | None,  # [H, W, P], written; may be x; None without store
        channels: int,
        vectors: ActVectors,
        rgb: TorgbOperands | None = None,
        taps: Tensor | None = None,  # [2, 4], see resampling_taps; with rgb.previous
    ) -> None:
        """Launch; raises ValueError if shapes disagree."""
        check_picture("x", x, channels)
        check_vectors(
            x.shape[2], bias=vectors.bias, demodulation=vectors.demodulation, next=vectors.next
        )
        height, width, pitch = x.shape
        if (rgb is None) != (self._colours == 0):
            raise ValueError(f"this kernel was built for {self._colours} picture channels")
        check_noise(vectors, height, width)
        if rgb is not None and rgb.out.shape != (self._colours, height, width):
            raise ValueError(f"rgb must be {(self._colours, height, width)}")
        nvrtc.load(self.spec, x.device)(
            striding_blocks(height * width, pitch, x.device),
            _THREADS,
            x,
            y,
            vectors.bias,
            vectors.demodulation,
            vectors.next,
            vectors.noise,
            vectors.strength,
            rgb and rgb.weight,
            rgb and rgb.styles,
            rgb and rgb.bias,
            rgb and rgb.previous,
            taps,
            rgb and rgb.out,
            height,
            width,
            channels,
            pitch,
            self._clamp,
            rgb.gain if rgb else 0.0,
        )


class PhaseUpsample:
    """`phase_upsample.cu`: resampling filter over four phases, then the activation.

    Args:
        dtype: of the picture.
        clamp: None for none.
    """

    def __init__(self, *, dtype: torch.dtype, clamp: float | None = None) -> None:
        self._clamp = math.inf if clamp is None else float(clamp)
        self.spec = nvrtc.KernelSpec(
            "phase_upsample",
            cuda_source(__file__, "phase_upsample.cu"),
            (("TYPE", storage_class(dtype)),),
        )

    def __call__(
        self,
        z: Tensor,  # [H + 1, W + 1, 4 P]: phases of the transposed convolution
        y: Tensor,  # [2 H, 2 W, P], written
        channels: int,
        vectors: ActVectors,
        taps: Tensor,  # [2, 4], see resampling_taps
    ) -> None:
        """Launch; raises ValueError if shapes disagree."""
        check_picture("y", y, channels)
        height, width, pitch = y.shape[0] // 2, y.shape[1] // 2, y.shape[2]
        if z.shape != (height + 1, width + 1, 4 * pitch) or not z.is_contiguous():
            raise ValueError(f"z {tuple(z.shape)} does not fit y {tuple(y.shape)}")
        if z.dtype != y.dtype:
            raise ValueError(f"z and y must have one dtype, not {z.dtype} and {y.dtype}")
        check_vectors(
            pitch, bias=vectors.bias, demodulation=vectors.demodulation, next=vectors.next
        )
        check_noise(vectors, 2 * height, 2 * width)
        # Tall strips load fewer rows twice; short ones fill the GPU.
        strip = max(1, min(16, pitch // 8 * width * height // 100_000))
        threads = pitch // 8 * width * -(-height // strip)
        nvrtc.load(self.spec, y.device)(
            -(-threads // 128),
            128,
            z,
            y,
            vectors.bias,
            vectors.demodulation,
            vectors.next,
            vectors.noise,
            vectors.strength,
            taps,
            height,
            width,
            pitch,
            strip,
            self._clamp,
        )


def resampling_taps(resample_filter: Tensor) -> Tensor | None:  # [4, 4] -> [2, 4]
    """Return vertical and horizontal taps, flipped and with gain 2 each, or None.

    None means that the filter is no outer product of 4 taps: the fast path cannot use it.
    """
    if resample_filter.shape != (4, 4):
        return None
    f = resample_filter.detach().double().cpu().flip(0, 1)
    u, s, v = torch.linalg.svd(f)
    if s[1] > 1e-6 * s[0]:
        return None
    pair = torch.stack([u[:, 0], v[0]]) * s[0].sqrt()
    if pair[0].sum() < 0:
        pair = -pair
    return (2 * pair).float().to(resample_filter.device)


def check_noise(vectors: ActVectors, height: int, width: int) -> None:
    """Raise ValueError if a layer's noise does not suit its picture."""
    if vectors.noise is None:
        return
    if vectors.noise.shape != (height, width) or vectors.strength is None:
        raise ValueError(f"noise must be {(height, width)}, with a strength")

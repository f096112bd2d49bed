"""What follows StyleGAN2's convolutions, in plain torch, on any device."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import leaky_relu, pixel_shuffle

from stylegan3.fast.kernels.activation.launcher import ActVectors, TorgbOperands
from stylegan3.fast.kernels.channels_last import planar
from stylegan3.ops.upfirdn2d import upfirdn2d


class ModulatedAct:
    """`modulated_act.cu`; the same call as its launcher."""

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
        self._activate, self._store, self._colours = activate, store, colours

    def __call__(
        self,
        x: Tensor,
        y: Tensor | None,
        channels: int,
        vectors: ActVectors,
        rgb: TorgbOperands | None = None,
        taps: Tensor | None = None,
    ) -> None:
        """Compute the activation, and ToRGB if there is one."""
        assert (rgb is None) == (self._colours == 0) and (y is None) == (not self._store)
        v = activated(
            planar(x, channels).float(), vectors, self._clamp, is_linear=not self._activate
        )
        if y is not None:
            store(v * vectors.next[:channels, None, None], y)
        if rgb is None:
            return
        store_colours(torgb_sums(v[0], rgb), rgb, taps, self._clamp)


class PhaseUpsample:
    """`phase_upsample.cu`; the same call as its launcher."""

    def __init__(self, *, dtype: torch.dtype, clamp: float | None = None) -> None:
        self._clamp = math.inf if clamp is None else float(clamp)

    def __call__(
        self, z: Tensor, y: Tensor, channels: int, vectors: ActVectors, taps: Tensor
    ) -> None:
        """Compute the filter and the activation."""
        full = shuffled(z.float())[:, :channels, :-1, :-1]
        f = (taps[0].outer(taps[1]) / 4).flip(0, 1)
        v = upfirdn2d(full, f, padding=(1, 1, 1, 1), gain=4)
        v = activated(v, vectors, self._clamp, is_linear=False)
        store(v * vectors.next[:channels, None, None], y)


def shuffled(phases: Tensor) -> Tensor:  # [H, W, 4 P] -> [1, P, 2 H, 2 W]
    """Return the phases of a picture as the picture."""
    height, width, pitch = phases.shape
    planes = phases.view(height, width, 4, pitch // 4).permute(3, 2, 0, 1)
    return pixel_shuffle(planes, 2).permute(1, 0, 2, 3)


def torgb_sums(v: Tensor, rgb: TorgbOperands) -> Tensor:  # [C, H, W] -> [colours, H, W]
    """Return ToRGB of an activated picture, without its bias."""
    return torch.einsum("oc,chw->ohw", rgb.weight[:, :, 0, 0] * rgb.styles * rgb.gain, v)


def store_colours(sums: Tensor, rgb: TorgbOperands, taps: Tensor | None, clamp: float) -> None:
    """Write a block's picture: ToRGB's sums, biased and clamped, and the picture before."""
    picture = (sums + rgb.bias[:, None, None]).clamp(-clamp, clamp)
    if rgb.previous is not None:
        assert taps is not None
        picture = picture + upsampled(rgb.previous, taps)
    rgb.out.copy_(picture)


def upsampled(picture: Tensor, taps: Tensor) -> Tensor:  # [colours, r, r] -> [colours, 2 r, 2 r]
    """Return a picture at twice the size, by the resampling filter of `taps`."""
    f = (taps[0].outer(taps[1]) / 4).flip(0, 1)
    return upfirdn2d(picture[None], f, up=2, padding=(2, 1, 2, 1), gain=4)[0]


def activated(x: Tensor, vectors: ActVectors, clamp: float, *, is_linear: bool) -> Tensor:
    """Return the activation of a convolution's output: demodulation, bias, noise, leaky ReLU."""
    channels = x.shape[1]
    demodulation, bias = (v[:channels, None, None] for v in (vectors.demodulation, vectors.bias))
    v = x * demodulation + bias
    if vectors.noise is not None and vectors.strength is not None:
        v = v + vectors.noise * vectors.strength
    if not is_linear:
        v = leaky_relu(v, 0.2) * math.sqrt(2)
    return v.clamp(-clamp, clamp)


def store(x: Tensor, y: Tensor) -> None:  # [1, C, H, W] -> [H, W, P]
    """Write a picture in the fast path's layout, zeros beyond its channels."""
    y.zero_()
    planar(y, x.shape[1]).copy_(x)

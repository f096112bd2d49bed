"""What follows StyleGAN2's convolutions, in plain torch, on any device."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import leaky_relu, pixel_shuffle

from stylegan3.fast.kernels.activation import launcher as modulated_act_cuda
from stylegan3.fast.kernels.activation.launcher import ActVectors, SkipRgb
from stylegan3.fast.kernels.convolution.convolution import ReferenceConvolution
from stylegan3.fast.kernels.torgb import skip_launcher as skip_sums_cuda
from stylegan3.fast.kernels.weights.prepared_weight import PreparedWeight
from stylegan3.fast.plan import planar
from stylegan3.ops.upfirdn2d import upfirdn2d


class ModulatedAct(modulated_act_cuda.ModulatedAct):
    """`modulated_act.cu`."""

    def __init__(self, *, activate: bool = True, store: bool = True, **options: Any) -> None:
        super().__init__(activate=activate, store=store, **options)
        self._activate, self._store = activate, store

    def __call__(
        self,
        x: Tensor,
        y: Tensor | None,
        channels: int,
        vectors: ActVectors,
        rgb: SkipRgb | None = None,
        taps: Tensor | None = None,
    ) -> None:
        """Compute the activation, and ToRGB if there is one."""
        assert (rgb is None) == (self._colours == 0) and (y is None) == (not self._store)
        v = _activate(
            planar(x, channels).float(), vectors, self._clamp, is_linear=not self._activate
        )
        if y is not None:
            store(v * vectors.next[:channels, None, None], y)
        if rgb is None:
            return
        _store_colours(_torgb(v[0], rgb), rgb, taps, self._clamp)


class PhaseUpsample(modulated_act_cuda.PhaseUpsample):
    """`phase_upsample.cu`."""

    def __call__(
        self, z: Tensor, y: Tensor, channels: int, vectors: ActVectors, taps: Tensor
    ) -> None:
        """Compute the filter and the activation."""
        full = _shuffled(z.float())[:, :channels, :-1, :-1]
        f = (taps[0].outer(taps[1]) / 4).flip(0, 1)
        v = upfirdn2d(full, f, padding=(1, 1, 1, 1), gain=4)
        v = _activate(v, vectors, self._clamp, is_linear=False)
        store(v * vectors.next[:channels, None, None], y)


class FusedConvolution(ReferenceConvolution):
    """A convolution that the activation can be part of.

    Args:
        weight: as the others take it.
        padding: of every side [px].
        colour_parts: sums that ToRGB comes as, each over some of the channels; 1: complete.
    """

    def __init__(self, weight: PreparedWeight, padding: int, colour_parts: int) -> None:
        super().__init__(weight, padding)
        self._prepared = weight
        self._colour_parts = colour_parts

    def activated(
        self, *, clamp: float | None, store: bool, colours: int
    ) -> ActivatedConvolution | None:
        """Return the convolution with its activation."""
        parts = self._colour_parts
        return ActivatedConvolution(self, self._prepared, clamp, store, colours, parts)


class ActivatedConvolution:
    """`conv_wgmma.cu` with `epilogue.cuh`."""

    def __init__(
        self,
        convolution: ReferenceConvolution,
        weight: PreparedWeight,
        clamp: float | None,
        store: bool,
        colours: int,
        colour_parts: int,
    ) -> None:
        self.colour_parts = colour_parts
        self._convolution, self._weight = convolution, weight
        self._clamp = math.inf if clamp is None else clamp
        self._store, self._colours = store, colours

    def __call__(
        self,
        x: Tensor,
        y: Tensor | None,
        vectors: ActVectors,
        rgb: SkipRgb | None = None,
        taps: Tensor | None = None,
    ) -> None:
        """Compute all of it from float32 sums; of ToRGB its parts where there are several."""
        assert (rgb is None or self._colours > 0) and (y is None) == (not self._store)
        t = x.new_zeros((*x.shape[:2], self._weight.rows), dtype=torch.float32)
        self._convolution(x, t)
        channels = self._weight.out_channels
        v = _shuffled(t) if self._weight.taps is not None else planar(t, self._weight.rows)
        v = _activate(v[:, :channels], vectors, self._clamp, is_linear=False)
        if y is not None:
            store(v * vectors.next[:channels, None, None], y)
        if rgb is None:
            return
        if self.colour_parts == 1:
            _store_colours(_torgb(v[0], rgb), rgb, taps, self._clamp)
            return
        for out, some in zip(
            rgb.out, torch.arange(channels).tensor_split(self.colour_parts), strict=True
        ):
            own = torch.zeros_like(v[0])
            own[some] = v[0, some]
            out.copy_(_torgb(own, rgb))


class SkipSums(skip_sums_cuda.SkipSums):
    """`skip_sums.cu`."""

    def __call__(self) -> None:
        """Add up all levels."""
        picture = self._previous
        for level in self._levels:
            clamp = math.inf if level.clamp is None else level.clamp
            own = (level.sums.sum(0) + level.bias[:, None, None]).clamp(-clamp, clamp)
            picture = own if picture is None else own + _upsampled(picture, level.taps)
        assert picture is not None
        self._out.copy_(picture)


def _shuffled(phases: Tensor) -> Tensor:  # [H, W, 4 P] -> [1, P, 2 H, 2 W]
    height, width, pitch = phases.shape
    planes = phases.view(height, width, 4, pitch // 4).permute(3, 2, 0, 1)
    return pixel_shuffle(planes, 2).permute(1, 0, 2, 3)


def _torgb(v: Tensor, rgb: SkipRgb) -> Tensor:  # [C, H, W] -> [colours, H, W]
    return torch.einsum("oc,chw->ohw", rgb.weight[:, :, 0, 0] * rgb.styles * rgb.gain, v)


def _store_colours(sums: Tensor, rgb: SkipRgb, taps: Tensor | None, clamp: float) -> None:
    picture = (sums + rgb.bias[:, None, None]).clamp(-clamp, clamp)
    if rgb.previous is not None:
        assert taps is not None
        picture = picture + _upsampled(rgb.previous, taps)
    rgb.out.copy_(picture)


def _upsampled(picture: Tensor, taps: Tensor) -> Tensor:  # [colours, r, r] -> [colours, 2 r, 2 r]
    f = (taps[0].outer(taps[1]) / 4).flip(0, 1)
    return upfirdn2d(picture[None], f, up=2, padding=(2, 1, 2, 1), gain=4)[0]


def _activate(x: Tensor, vectors: ActVectors, clamp: float, *, is_linear: bool) -> Tensor:
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

"""Convolutions with prepared weights, in plain torch, on any device."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import conv2d

from stylegan3.fast.kernels.activation.launcher import ActVectors, TorgbOperands
from stylegan3.fast.kernels.activation.reference import (
    activated,
    shuffled,
    store,
    store_colours,
    torgb_sums,
)
from stylegan3.fast.kernels.channels_last import planar
from stylegan3.fast.kernels.convolution.convolution import WrittenWeight
from stylegan3.fast.kernels.weights.prepared_weight import PreparedWeight


class TorchConvolution:
    """A `Convolution` by torch's own."""

    blocked_shape = None
    made_by = "torch"

    def __init__(self, weight: PreparedWeight | WrittenWeight, padding: int) -> None:
        self._weight = weight
        self._padding = padding

    def __call__(self, x: Tensor, out: Tensor) -> None:
        """Compute in float32."""
        y = conv2d(
            planar(x, x.shape[2]).float(), self._weight.weight.float(), padding=self._padding
        )
        out.copy_(y[0].permute(1, 2, 0))

    def activated(
        self, *, clamp: float | None, store: bool, colours: int
    ) -> ActivatedConvolution | None:
        """Return None: activations are passes of their own."""
        return None


class FusedConvolution(TorchConvolution):
    """A convolution that the activation can be part of.

    Args:
        weight: as the others take it.
        padding: of every side [px].
        torgb_parts: sums that ToRGB comes as, each over some of the channels; 1: complete.
    """

    def __init__(self, weight: PreparedWeight, padding: int, torgb_parts: int) -> None:
        super().__init__(weight, padding)
        self._prepared = weight
        self._colour_parts = torgb_parts

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
        convolution: TorchConvolution,
        weight: PreparedWeight,
        clamp: float | None,
        store: bool,
        colours: int,
        torgb_parts: int,
    ) -> None:
        self.torgb_parts = torgb_parts
        self._convolution, self._weight = convolution, weight
        self._clamp = math.inf if clamp is None else clamp
        self._store, self._colours = store, colours

    def __call__(
        self,
        x: Tensor,
        y: Tensor | None,
        vectors: ActVectors,
        rgb: TorgbOperands | None = None,
        taps: Tensor | None = None,
    ) -> None:
        """Compute all of it from float32 sums; of ToRGB its parts where there are several."""
        assert (rgb is None or self._colours > 0) and (y is None) == (not self._store)
        t = x.new_zeros((*x.shape[:2], self._weight.rows), dtype=torch.float32)
        self._convolution(x, t)
        channels = self._weight.out_channels
        v = shuffled(t) if self._weight.taps is not None else planar(t, self._weight.rows)
        v = activated(v[:, :channels], vectors, self._clamp, is_linear=False)
        if y is not None:
            store(v * vectors.next[:channels, None, None], y)
        if rgb is None:
            return
        if self.torgb_parts == 1:
            store_colours(torgb_sums(v[0], rgb), rgb, taps, self._clamp)
            return
        for out, some in zip(
            rgb.out, torch.arange(channels).tensor_split(self.torgb_parts), strict=True
        ):
            own = torch.zeros_like(v[0])
            own[some] = v[0, some]
            out.copy_(torgb_sums(own, rgb))

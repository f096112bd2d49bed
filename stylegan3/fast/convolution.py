"""Convolutions with prepared weights on channels-last pictures."""

from __future__ import annotations

from typing import Literal, Protocol

import torch
from torch import Tensor
from torch.nn.functional import conv2d

from stylegan3.ops.weight_preparation_cuda import PreparedWeight

Kernels = Literal["auto", "generic"]
"""Which GPU instructions may be used: all of this GPU's, or those that every GPU has."""


class Convolution(Protocol):
    """Correlation with zero padding on every side, stride 1."""

    def __call__(
        self,
        x: Tensor,  # [H, W, I], I the weight's input pitch
        weight: PreparedWeight,
        out: Tensor,  # [H', W', O], written
    ) -> None:
        """Launch on torch's current stream."""
        ...


class CudnnConvolution:
    """cuDNN with the fastest of its algorithms, which is measured at the first call of a shape.

    That call must not be captured in a CUDA graph; the choice is kept for each host thread.
    """

    def __init__(self, padding: int) -> None:
        self._padding = [padding, padding]

    def __call__(self, x: Tensor, weight: PreparedWeight, out: Tensor) -> None:
        """Launch; float32 is computed in float32, not TF32."""
        torch.ops.aten.cudnn_convolution.out(
            _channels_last(x),
            weight.weight,
            self._padding,
            [1, 1],
            [1, 1],
            1,
            True,  # benchmark
            False,  # deterministic
            False,  # allow_tf32
            out=_channels_last(out),
        )


class ReferenceConvolution:
    """torch's own, on any device."""

    def __init__(self, padding: int) -> None:
        self._padding = padding

    def __call__(self, x: Tensor, weight: PreparedWeight, out: Tensor) -> None:
        """Compute in float32."""
        planes = _channels_last(x).float()
        y = conv2d(planes, weight.weight.float(), padding=self._padding)
        out.copy_(y[0].permute(1, 2, 0))


def _channels_last(x: Tensor) -> Tensor:  # [H, W, P] -> [1, P, H, W]
    # Strides have to be the usual ones, that of the single sample too: torch goes by them, converts
    # where it does not know them, and keeps algorithms by sizes and format alone.
    return x[None].permute(0, 3, 1, 2)


def choose_convolution(
    x_shape: tuple[int, ...],  # [H, W, I]
    weight: PreparedWeight,
    padding: int,
    kernels: Kernels = "auto",
) -> Convolution:
    """Return the fastest convolution that this GPU has for these shapes."""
    return CudnnConvolution(padding)

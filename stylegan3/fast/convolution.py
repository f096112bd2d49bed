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
            x.permute(2, 0, 1)[None],
            weight.weight,
            self._padding,
            [1, 1],
            [1, 1],
            1,
            True,  # benchmark
            False,  # deterministic
            False,  # allow_tf32
            out=out.permute(2, 0, 1)[None],
        )


class ReferenceConvolution:
    """torch's own, on any device."""

    def __init__(self, padding: int) -> None:
        self._padding = padding

    def __call__(self, x: Tensor, weight: PreparedWeight, out: Tensor) -> None:
        """Compute in float32."""
        planes = x.permute(2, 0, 1)[None].float()
        y = conv2d(planes, weight.weight.float(), padding=self._padding)
        out.copy_(y[0].permute(1, 2, 0))


def choose_convolution(
    x_shape: tuple[int, ...],  # [H, W, I]
    weight: PreparedWeight,
    padding: int,
    kernels: Kernels = "auto",
) -> Convolution:
    """Return the fastest convolution that this GPU has for these shapes."""
    return CudnnConvolution(padding)

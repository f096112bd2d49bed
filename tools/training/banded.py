"""Resampling along one axis as a product with a banded matrix.

A filter that up- or downsamples, with its padding or cropping, is one matrix along each axis, and
the gradient is the transposed matrix. As dense products these run on tensor cores; cut into
blocks of rows, each of which meets only the inputs in its band, little of the work is wasted.
Features come places first, [H, W, N, C]: samples and channels together make the products wide.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

ROWS = 128  # outputs of one block


@dataclass(frozen=True)
class Banded:
    """A matrix [out, in] as blocks of rows, and its transpose likewise."""

    blocks: tuple[tuple[slice, slice, Tensor], ...]  # outputs, inputs, [outputs, inputs]
    transposed: tuple[tuple[slice, slice, Tensor], ...]
    shape: tuple[int, int]

    @classmethod
    def of(cls, matrix: Tensor, dtype: torch.dtype, rows: int = ROWS) -> Banded:
        """Cut up a dense matrix [out, in]."""
        out, size = matrix.shape
        return cls(_cut(matrix, dtype, rows), _cut(matrix.t(), dtype, rows), (out, size))

    def along_rows(self, x: Tensor) -> Tensor:  # [H, W, ..] -> [H', W, ..]
        """Resample the vertical axis of features that come places first."""
        y = _Product.apply(x.reshape(1, x.shape[0], -1), self, 1.0)
        return y.view(-1, *x.shape[1:])

    def along_columns(self, x: Tensor, slope: float = 1.0) -> Tensor:  # [H, W, ..] -> [H, W', ..]
        """Resample the horizontal axis, and apply leaky ReLU of `slope` to the result."""
        y = _Product.apply(x.reshape(*x.shape[:2], -1), self, slope)
        return y.view(x.shape[0], -1, *x.shape[2:])


class _Product(torch.autograd.Function):
    """[B, in, K] -> [B, out, K], then leaky ReLU in place; the matrix itself is a constant."""

    @staticmethod
    def forward(ctx, x: Tensor, matrix: Banded, slope: float) -> Tensor:
        ctx.matrix, ctx.slope = matrix, slope
        y = _multiply(matrix.blocks, matrix.shape[0], x)
        if slope != 1:
            F.leaky_relu_(y, slope)
            ctx.save_for_backward(y)  # its signs are those of what it replaced
        return y

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, g: Tensor):  # pyright: ignore[reportIncompatibleMethodOverride]
        matrix: Banded = ctx.matrix
        g = g.contiguous()
        if ctx.slope != 1:
            (y,) = ctx.saved_tensors
            g = torch.ops.aten.leaky_relu_backward(g, y, ctx.slope, True)
        return _multiply(matrix.transposed, matrix.shape[1], g), None, None


def _multiply(
    blocks: tuple[tuple[slice, slice, Tensor], ...], out: int, x: Tensor
) -> Tensor:  # [B, in, K] -> [B, out, K]
    y = x.new_empty(x.shape[0], out, x.shape[2])
    for outputs, inputs, block in blocks:
        torch.bmm(block.expand(len(x), -1, -1), x[:, inputs], out=y[:, outputs])
    return y


def _cut(matrix: Tensor, dtype: torch.dtype, rows: int) -> tuple[tuple[slice, slice, Tensor], ...]:
    out, size = matrix.shape
    blocks = []
    for start in range(0, out, rows):
        outputs = slice(start, min(start + rows, out))
        touched = matrix[outputs].abs().amax(0).nonzero().flatten()
        low, high = (int(touched[0]), int(touched[-1]) + 1) if len(touched) else (0, 1)
        # Widths that are multiples of 8 keep rows aligned as tensor cores want them.
        width = min(-(-(high - low) // 8) * 8, size)
        low = min(low, size - width)
        inputs = slice(low, low + width)
        blocks.append((outputs, inputs, matrix[outputs, inputs].to(dtype).contiguous()))
    return tuple(blocks)

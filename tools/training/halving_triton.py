"""Triton kernels that halve and double pictures by 2 x 2 means; imported on a GPU only."""

from __future__ import annotations

import triton
import triton.language as tl
from torch import Tensor

BLOCK = 2048  # values of a row of the small picture that one program works on


@triton.jit
def _halve_kernel(x, y, row_size, C: tl.constexpr, BLOCK: tl.constexpr):
    row = tl.program_id(0).to(tl.int64)
    i = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    inside = i < row_size
    above = x + row * 4 * row_size + (i // C) * 2 * C + i % C
    below = above + 2 * row_size
    v = tl.load(above, mask=inside, other=0.0).to(tl.float32)
    v += tl.load(above + C, mask=inside, other=0.0).to(tl.float32)
    v += tl.load(below, mask=inside, other=0.0).to(tl.float32)
    v += tl.load(below + C, mask=inside, other=0.0).to(tl.float32)
    tl.store(y + row * row_size + i, (v * 0.25).to(y.dtype.element_ty), mask=inside)


@triton.jit
def _spread_kernel(x, y, row_size, C: tl.constexpr, BLOCK: tl.constexpr):
    row = tl.program_id(0).to(tl.int64)
    i = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    inside = i < row_size
    above = y + row * 4 * row_size + (i // C) * 2 * C + i % C
    below = above + 2 * row_size
    v = tl.load(x + row * row_size + i, mask=inside, other=0.0).to(tl.float32) * 0.25
    v = v.to(y.dtype.element_ty)
    tl.store(above, v, mask=inside)
    tl.store(above + C, v, mask=inside)
    tl.store(below, v, mask=inside)
    tl.store(below + C, v, mask=inside)


def halve(x: Tensor) -> Tensor:  # [N, H, W, C] contiguous -> [N, H / 2, W / 2, C]
    """Mean of each block of 2 x 2 places."""
    n, h, w, c = x.shape
    y = x.new_empty(n, h // 2, w // 2, c)
    row_size = w // 2 * c
    grid = (n * (h // 2), triton.cdiv(row_size, BLOCK))
    _halve_kernel[grid](x, y, row_size, C=c, BLOCK=BLOCK)
    return y


def spread(x: Tensor) -> Tensor:  # [N, H, W, C] contiguous -> [N, 2 H, 2 W, C]
    """The gradient of `halve`."""
    n, h, w, c = x.shape
    y = x.new_empty(n, 2 * h, 2 * w, c)
    grid = (n * h, triton.cdiv(w * c, BLOCK))
    _spread_kernel[grid](x, y, w * c, C=c, BLOCK=BLOCK)
    return y

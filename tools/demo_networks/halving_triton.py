"""Triton kernels that halve and double pictures by 2 x 2 means; imported on a GPU only."""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

BLOCK = 2048  # values of the small picture that one program works on


@triton.jit
def _halve_kernel(x, y, total, width, C: tl.constexpr, BLOCK: tl.constexpr):
    i = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = i < total
    row, rest = i // (width * C), i % (width * C)
    corner = row * 4 * width * C + (rest // C) * 2 * C + rest % C
    below = corner + 2 * width * C
    v = tl.load(x + corner, mask=inside, other=0.0).to(tl.float32)
    v += tl.load(x + corner + C, mask=inside, other=0.0).to(tl.float32)
    v += tl.load(x + below, mask=inside, other=0.0).to(tl.float32)
    v += tl.load(x + below + C, mask=inside, other=0.0).to(tl.float32)
    tl.store(y + i, (v * 0.25).to(y.dtype.element_ty), mask=inside)


@triton.jit
def _spread_kernel(x, y, total, width, C: tl.constexpr, BLOCK: tl.constexpr):
    i = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = i < total
    row, rest = i // (width * C), i % (width * C)
    corner = row * 4 * width * C + (rest // C) * 2 * C + rest % C
    below = corner + 2 * width * C
    v = tl.load(x + i, mask=inside, other=0.0).to(tl.float32) * 0.25
    v = v.to(y.dtype.element_ty)
    tl.store(y + corner, v, mask=inside)
    tl.store(y + corner + C, v, mask=inside)
    tl.store(y + below, v, mask=inside)
    tl.store(y + below + C, v, mask=inside)


def halve(x: Tensor) -> Tensor:  # [N, H, W, C] contiguous -> [N, H / 2, W / 2, C]
    """Mean of each block of 2 x 2 places."""
    n, h, w, c = x.shape
    y = x.new_empty(n, h // 2, w // 2, c)
    grid = (triton.cdiv(y.numel(), BLOCK),)
    _halve_kernel[grid](x, y, y.numel(), w // 2, C=c, BLOCK=BLOCK)
    return y


def spread(x: Tensor) -> Tensor:  # [N, H, W, C] contiguous -> [N, 2 H, 2 W, C]
    """The gradient of `halve`."""
    n, h, w, c = x.shape
    y = torch.empty(n, 2 * h, 2 * w, c, dtype=x.dtype, device=x.device)
    grid = (triton.cdiv(x.numel(), BLOCK),)
    _spread_kernel[grid](x, y, x.numel(), w, C=c, BLOCK=BLOCK)
    return y

"""Triton kernels of `scale_act`; imported on a GPU only."""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

TILE = 4096  # values that one program works on at a time
PROGRAMS = 1056  # aimed at: eight for each multiprocessor of an H100
NO_SHIFT, SHIFT_CHANNELS, SHIFT_PLACES = 0, 1, 2


@triton.jit
def _forward_kernel(
    x, factor, shift, y, places, xn, xp, yn, yp, slope,
    C: tl.constexpr, BC: tl.constexpr, BP: tl.constexpr,
    HAS_FACTOR: tl.constexpr, SHIFT: tl.constexpr,
):  # fmt: skip
    n = tl.program_id(1).to(tl.int64)
    p = tl.program_id(0) * BP + tl.arange(0, BP)
    c = tl.arange(0, BC)
    inside = (p < places)[:, None] & (c < C)[None, :]
    local = p[:, None] * C + c[None, :]
    v = tl.load(x + n * xn + p[:, None] * xp + c[None, :], mask=inside, other=0.0).to(tl.float32)
    if HAS_FACTOR:
        v = v * tl.load(factor + n * C + c, mask=c < C, other=0.0)[None, :]
    if SHIFT == 1:
        v = v + tl.load(shift + c, mask=c < C, other=0.0)[None, :]
    if SHIFT == 2:
        v = v + tl.load(shift + local, mask=inside, other=0.0)
    v = tl.where(v > 0, v, v * slope)
    tl.store(y + n * yn + p[:, None] * yp + c[None, :], v.to(y.dtype.element_ty), mask=inside)


@triton.jit
def _backward_kernel(
    g, x, factor, shift, gx, gfactor, gshift, batch, places, xn, xp, yn, yp, slope,
    SHARE: tl.constexpr, C: tl.constexpr, BC: tl.constexpr, BP: tl.constexpr,
    HAS_FACTOR: tl.constexpr, SHIFT: tl.constexpr,
):  # fmt: skip
    block, blocks = tl.program_id(0), tl.num_programs(0)
    part = tl.program_id(1).to(tl.int64)
    p = block * BP + tl.arange(0, BP)
    c = tl.arange(0, BC)
    inside = (p < places)[:, None] & (c < C)[None, :]
    local = p[:, None] * C + c[None, :]
    total = tl.zeros((BP, BC), tl.float32)  # gradient of the shift, over the samples of this part
    if SHIFT == 1:
        b = tl.load(shift + c, mask=c < C, other=0.0)[None, :]
    if SHIFT == 2:
        b = tl.load(shift + local, mask=inside, other=0.0)
    for i in range(SHARE):
        n = part * SHARE + i
        is_sample = n < batch
        here = inside & is_sample
        at = n * xn + p[:, None] * xp + c[None, :]
        value = tl.load(x + at, mask=here, other=0.0).to(tl.float32)
        slant = tl.load(g + n * yn + p[:, None] * yp + c[None, :], mask=here, other=0.0).to(
            tl.float32
        )
        u = value
        if HAS_FACTOR:
            f = tl.load(factor + n * C + c, mask=(c < C) & is_sample, other=0.0)[None, :]
            u = u * f
        if SHIFT != 0:
            u = u + b
        slant = tl.where(u > 0, slant, slant * slope)
        if SHIFT != 0:
            total += slant
        if HAS_FACTOR:
            sums = tl.sum(slant * value, axis=0)
            tl.store(gfactor + (n * blocks + block) * C + c, sums, mask=(c < C) & is_sample)
            slant = slant * f
        tl.store(gx + at, slant.to(gx.dtype.element_ty), mask=here)
    if SHIFT == 1:
        tl.store(gshift + (part * blocks + block) * C + c, tl.sum(total, axis=0), mask=c < C)
    if SHIFT == 2:
        tl.store(gshift + part * places * C + local, total, mask=inside)


def flattened(x: Tensor) -> Tensor:  # [N, H, W, C]
    """The same, copied if need be: channels contiguous, and places in one line."""
    n, _, w, c = x.shape
    strides = x.stride()
    if strides[3] == 1 and strides[1] == w * strides[2] and strides[2] in (c, n * c):
        return x
    return x.contiguous()


def forward(
    x: Tensor,  # [N, H, W, C] as `flattened` gives it
    factor: Tensor | None,
    shift: Tensor | None,
    slope: float,
    to_places: bool,
) -> Tensor:  # [N, H, W, C]; to_places: in memory [H, W, N, C]
    """`scale_act`."""
    n, h, w, channels = x.shape
    if to_places:
        y = x.new_empty(h, w, n, channels).permute(2, 0, 1, 3)
    else:
        y = x.new_empty(n, h, w, channels)
    sizes = _sizes(channels, h * w)
    grid = (triton.cdiv(h * w, sizes["BP"]), n)
    _forward_kernel[grid](
        x, _float(factor, x), _float(shift, x), y, h * w,
        x.stride(0), x.stride(2), y.stride(0), y.stride(2), slope,
        **sizes, **_kinds(factor, shift),
    )  # fmt: skip
    return y


def backward(
    g: Tensor,  # [N, H, W, C] as `flattened` gives it
    x: Tensor,
    factor: Tensor | None,
    shift: Tensor | None,
    slope: float,
) -> tuple[Tensor, Tensor | None, Tensor | None]:
    """Gradients of `x` (in its layout), `factor` and `shift`."""
    n, h, w, channels = x.shape
    sizes = _sizes(channels, h * w)
    blocks = triton.cdiv(h * w, sizes["BP"])
    # Samples of a program; a power of two, so that few kernels have to be compiled.
    share = triton.next_power_of_2(triton.cdiv(n, min(n, max(1, PROGRAMS // blocks))))
    parts = triton.cdiv(n, share)
    gx = torch.empty_strided(x.shape, x.stride(), dtype=x.dtype, device=x.device)
    empty = x.new_empty(0, dtype=torch.float32)
    gfactor = empty if factor is None else empty.new_empty(n, blocks, channels)
    gshift = empty
    if shift is not None:
        rows = blocks if shift.ndim == 1 else h * w
        gshift = empty.new_empty(parts, rows, channels)
    _backward_kernel[(blocks, parts)](
        g, x, _float(factor, x), _float(shift, x), gx, gfactor, gshift, n, h * w,
        x.stride(0), x.stride(2), g.stride(0), g.stride(2), slope,
        SHARE=share, **sizes, **_kinds(factor, shift),
    )  # fmt: skip
    return (
        gx,
        None if factor is None else gfactor.sum(1),
        None if shift is None else gshift.sum((0, 1) if shift.ndim == 1 else 0),
    )


def _sizes(channels: int, places: int) -> dict[str, int]:
    block = triton.next_power_of_2(channels)
    return {
        "C": channels,
        "BC": block,
        "BP": min(max(TILE // block, 1), triton.next_power_of_2(places)),
    }


def _kinds(factor: Tensor | None, shift: Tensor | None) -> dict[str, int | bool]:
    kind = NO_SHIFT if shift is None else (SHIFT_CHANNELS, SHIFT_PLACES)[shift.ndim - 1]
    return {"HAS_FACTOR": factor is not None, "SHIFT": kind}


def _float(values: Tensor | None, x: Tensor) -> Tensor:
    return x if values is None else values.float().contiguous()

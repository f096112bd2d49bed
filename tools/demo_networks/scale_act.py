"""Scale, shift and leaky ReLU in one pass over memory: what lies between training's convolutions.

At 256 px the two networks are limited by memory, not by arithmetic. Written as single operations
with their gradients, one modulated layer reads and writes its features 22 times; here 10 times.
Triton kernels do it on a GPU; anywhere else, and where a gradient is itself differentiated, it is
plain torch.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def scale_act(
    x: Tensor,  # [N, C, H, W], channels last on a GPU
    factor: Tensor | None = None,  # [N, C] float32
    shift: Tensor | None = None,  # [C], or [H * W, C] for one of every place, float32
    slope: float = 1.0,  # of negative values; 1: linear
    *,
    is_plain: bool = False,  # plain torch, which can be differentiated twice
) -> Tensor:  # [N, C, H, W] in the type of x
    """`leaky_relu(x * factor + shift, slope)`.

    Raises:
        ValueError: if `factor` or `shift` do not fit `x`.
    """
    n, c, h, w = x.shape
    if factor is not None and factor.shape != (n, c):
        raise ValueError(f"factor must have shape {[n, c]}, not {list(factor.shape)}")
    if shift is not None and shift.shape not in ((c,), (h * w, c)):
        raise ValueError(f"shift must have shape {[c]} or {[h * w, c]}, not {list(shift.shape)}")
    if x.is_cuda and not is_plain:
        return _ScaleAct.apply(x, factor, shift, slope)
    return scale_act_ref(x, factor, shift, slope)


def scale_act_ref(
    x: Tensor, factor: Tensor | None, shift: Tensor | None, slope: float
) -> Tensor:  # [N, C, H, W]
    """`scale_act` step by step."""
    if factor is not None:
        x = x * factor.to(x.dtype)[:, :, None, None]
    if shift is not None and shift.ndim == 1:
        x = x + shift.to(x.dtype)[:, None, None]
    elif shift is not None:
        x = x + shift.to(x.dtype).t().reshape(x.shape[1:])
    return x if slope == 1 else F.leaky_relu(x, slope)


class _ScaleAct(torch.autograd.Function):
    """The Triton kernels and what their gradients need."""

    @staticmethod
    def forward(ctx, x: Tensor, factor: Tensor | None, shift: Tensor | None, slope: float):
        from tools.demo_networks import scale_act_triton

        x = x.contiguous(memory_format=torch.channels_last)
        ctx.save_for_backward(x, factor, shift)
        ctx.slope = slope
        return scale_act_triton.forward(x, factor, shift, slope)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, g: Tensor):  # pyright: ignore[reportIncompatibleMethodOverride]
        from tools.demo_networks import scale_act_triton

        x, factor, shift = ctx.saved_tensors
        g = g.contiguous(memory_format=torch.channels_last)
        gx, gf, gs = scale_act_triton.backward(g, x, factor, shift, ctx.slope)
        return gx, gf, gs, None

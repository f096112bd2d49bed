"""Scale, shift and leaky ReLU in one pass over memory: what lies between training's convolutions.

At 256 px the two networks are limited by memory, not by arithmetic. Written as single operations
with their gradients, one modulated layer reads and writes its features 22 times; here 10 times.
Triton kernels do it on a GPU; anywhere else, and where a gradient is itself differentiated, it is
plain torch.

Features come in two layouts: channels last, as convolutions want them, and *places first*,
[H, W, N, C], in which resampling an axis is one large matrix product. Going from one to the other
costs nothing here.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def scale_act(
    x: Tensor,  # [N, C, H, W], channels last on a GPU; with from_places [H, W, N, C]
    factor: Tensor | None = None,  # [N, C] float32
    shift: Tensor | None = None,  # [C], or [H * W, C] for one of every place, float32
    slope: float = 1.0,  # of negative values; 1: linear
    *,
    from_places: bool = False,
    to_places: bool = False,
    is_plain: bool = False,  # plain torch, which can be differentiated twice
) -> Tensor:  # [N, C, H, W] in the type of x; with to_places [H, W, N, C]
    """`leaky_relu(x * factor + shift, slope)`.

    Raises:
        ValueError: if `factor` or `shift` do not fit `x`.
    """
    h, w, n, c = x.shape if from_places else (*x.shape[2:], *x.shape[:2])
    if factor is not None and factor.shape != (n, c):
        raise ValueError(f"factor must have shape {[n, c]}, not {list(factor.shape)}")
    if shift is not None and shift.shape not in ((c,), (h * w, c)):
        raise ValueError(f"shift must have shape {[c]} or {[h * w, c]}, not {list(shift.shape)}")
    if not x.is_cuda or is_plain:
        x = x.permute(2, 3, 0, 1) if from_places else x
        y = scale_act_ref(x, factor, shift, slope)
        return y.permute(2, 3, 0, 1).contiguous() if to_places else y
    # Below, features are [N, H, W, C] in any order of memory.
    x = x.permute(2, 0, 1, 3) if from_places else x.permute(0, 2, 3, 1)
    y = _ScaleAct.apply(x, factor, shift, slope, to_places)
    return y.permute(1, 2, 0, 3) if to_places else y.permute(0, 3, 1, 2)


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


def halve(x: Tensor) -> Tensor:  # [N, C, H, W] -> [N, C, H / 2, W / 2]
    """Average blocks of 2 x 2; can be differentiated any number of times."""
    if not x.is_cuda:
        return F.avg_pool2d(x, 2)
    # torch's own takes ten times as long on channels-last bfloat16
    return _Halve.apply(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class _ScaleAct(torch.autograd.Function):
    """The Triton kernels and what their gradients need; [N, H, W, C]."""

    @staticmethod
    def forward(ctx, x: Tensor, factor, shift, slope: float, to_places: bool):
        from tools.training import scale_act_triton

        x = scale_act_triton.flattened(x)
        ctx.save_for_backward(x, factor, shift)
        ctx.slope = slope
        return scale_act_triton.forward(x, factor, shift, slope, to_places)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, g: Tensor):  # pyright: ignore[reportIncompatibleMethodOverride]
        from tools.training import scale_act_triton

        x, factor, shift = ctx.saved_tensors
        g = scale_act_triton.flattened(g)
        gx, gf, gs = scale_act_triton.backward(g, x, factor, shift, ctx.slope)
        return gx, gf, gs, None, None


class _Halve(torch.autograd.Function):
    """Means of 2 x 2 places; [N, H, W, C]."""

    @staticmethod
    def forward(ctx, x: Tensor) -> Tensor:
        from tools.training import halving_triton

        return halving_triton.halve(x.contiguous())

    @staticmethod
    def backward(ctx, g: Tensor):  # pyright: ignore[reportIncompatibleMethodOverride]
        return _Spread.apply(g)


class _Spread(torch.autograd.Function):
    """A quarter of each value to each of its 2 x 2 places; [N, H, W, C]."""

    @staticmethod
    def forward(ctx, x: Tensor) -> Tensor:
        from tools.training import halving_triton

        return halving_triton.spread(x.contiguous())

    @staticmethod
    def backward(ctx, g: Tensor):  # pyright: ignore[reportIncompatibleMethodOverride]
        return _Halve.apply(g)

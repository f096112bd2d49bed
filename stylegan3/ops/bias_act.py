"""Bias, activation, gain and clamp in one step."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class Activation:
    """A nonlinearity and the gain that keeps the variance of its output near that of its input."""

    function: Callable[[Tensor], Tensor]
    gain: float = 1.0


LEAKY_SLOPE = 0.2
ACTIVATIONS: dict[str, Activation] = {
    "linear": Activation(lambda x: x),
    "relu": Activation(F.relu, math.sqrt(2)),
    "lrelu": Activation(lambda x: F.leaky_relu(x, LEAKY_SLOPE), math.sqrt(2)),
    "tanh": Activation(torch.tanh),
    "sigmoid": Activation(torch.sigmoid),
    "elu": Activation(F.elu),
    "selu": Activation(F.selu),
    "softplus": Activation(F.softplus),
    "swish": Activation(F.silu, math.sqrt(2)),
}


def bias_act(
    x: Tensor,  # any shape
    bias: Tensor | None = None,  # [x.shape[dim]]
    *,
    dim: int = 1,
    act: str = "linear",
    gain: float | None = None,
    clamp: float | None = None,
) -> Tensor:  # same shape as x
    """`clamp(act(x + bias) * gain, +-clamp)`; `gain` None: the activation's own.

    Without gradients, intermediate results are overwritten in place; `x` itself never is.

    Raises:
        ValueError: if the activation is unknown, or `bias` does not match dimension `dim`.
    """
    if act not in ACTIVATIONS:
        raise ValueError(f"activation must be one of {', '.join(ACTIVATIONS)}, not {act!r}")
    if bias is not None and bias.shape != x.shape[dim : dim + 1 or None]:
        raise ValueError(
            f"bias must have shape [{x.shape[dim]}] to fit dimension {dim} of x"
            f" {list(x.shape)}, not {list(bias.shape)}"
        )
    if torch.is_grad_enabled() or act != "lrelu" or bias is None:
        return bias_act_ref(x, bias, dim=dim, act=act, gain=gain, clamp=clamp)
    y = x + _along(bias.to(x.dtype), x.ndim, dim)
    F.leaky_relu_(y, LEAKY_SLOPE)
    y.mul_(ACTIVATIONS[act].gain if gain is None else gain)
    return y if clamp is None else y.clamp_(-clamp, clamp)


def bias_act_ref(
    x: Tensor,
    bias: Tensor | None = None,
    *,
    dim: int = 1,
    act: str = "linear",
    gain: float | None = None,
    clamp: float | None = None,
) -> Tensor:
    """`bias_act` without shortcuts."""
    if bias is not None:
        x = x + _along(bias.to(x.dtype), x.ndim, dim)
    activation = ACTIVATIONS[act]
    x = activation.function(x)
    gain = activation.gain if gain is None else gain
    if gain != 1:
        x = x * gain
    return x if clamp is None else x.clamp(-clamp, clamp)


def _along(bias: Tensor, ndim: int, dim: int) -> Tensor:
    shape = [1] * ndim
    shape[dim] = -1
    return bias.reshape(shape)

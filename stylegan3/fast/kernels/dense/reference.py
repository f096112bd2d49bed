"""Fully connected layers on single vectors, in plain torch, on any device."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import leaky_relu

from stylegan3.fast.kernels.dense.launcher import Dense, check_dense


class FullyConnected:
    """`fully_connected.cu`; the same call as its launcher."""

    def __init__(
        self, layers: Sequence[Dense], device: torch.device, prefetched: Sequence[Tensor] = ()
    ) -> None:
        for layer in layers:
            check_dense(layer)
        self._layers = tuple(layers)

    def __call__(self) -> None:
        """Compute all layers."""
        for d in self._layers:
            x = d.x
            if d.normalise:
                x = x * (x.square().mean() + 1e-8).rsqrt()
            y = d.weight @ x * d.weight_gain
            if d.bias is not None:
                y = y + d.bias * d.bias_gain
            y = leaky_relu(y, 0.2) * math.sqrt(2) if d.activate else y
            if d.average is not None and d.psi is not None:
                y = d.average + d.psi.view(-1, 1) * (y - d.average)
            d.y.copy_(y)

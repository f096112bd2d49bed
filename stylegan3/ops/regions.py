"""Several latents in one picture: features of each, mixed by masks in layer after layer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Grid:
    """Where the samples of a layer lie: evenly apart, about the middle of the picture."""

    height: int  # [samples]
    width: int  # [samples]
    rate: int  # samples in the height of the network's own picture, whatever the canvas


@dataclass(frozen=True, eq=False)
class Regions:
    """Which of several latents is seen in which place of one picture.

    A synthesis that is given regions makes one picture of the `ws` of K latents. A layer that reads
    one of the rows `first` to `last` of `ws` computes its output K times from the same input, with
    the styles of each latent, and mixes: x = sum_k share_k x_k, where the shares of each sample add
    up to 1. All other layers are computed once, with the styles of the first latent.

    Args:
        shares: returns how much of each latent is in each sample of a grid, [K, 1, H, W].
        first: row of `ws` at which mixing begins, from 0.
        last: the last row that is mixed; None: to the end.
    """

    shares: Callable[[Grid], Tensor]
    first: int = 0
    last: int | None = None

    def rows(
        self,
        ws: Tensor,  # [K, n, w_dim]
        start: int = 0,  # which row of all the first one is
    ) -> list[Tensor]:  # n of [K, w_dim], or [1, w_dim] where the first latent alone counts
        """Return each row of `ws` as its layer takes it."""
        last = start + ws.shape[1] if self.last is None else self.last
        found = enumerate(ws.unbind(1), start)
        return [row if self.first <= place <= last else row[:1] for place, row in found]

    def mix(
        self,
        x: Tensor,  # [K, C, H, W], or [1, C, H, W]: of the first latent alone
        rate: int,  # as of its `Grid`
    ) -> Tensor:  # [1, C, H, W]
        """Return the mixed output of a layer."""
        if len(x) == 1:
            return x
        shares = self.shares(Grid(x.shape[2], x.shape[3], rate)).to(x.dtype)
        mixed = x[:1] * shares[:1]
        for one, share in zip(x[1:].split(1), shares[1:].split(1), strict=True):
            mixed = torch.addcmul(mixed, one, share)
        return mixed

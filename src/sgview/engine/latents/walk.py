"""A random walk within the cloud of w: the Ornstein-Uhlenbeck process, at any position at once.

At whole positions x[k] = a x[k-1] + sqrt(1 - a^2) e[k] (Uhlenbeck and Ornstein 1930, sampled
evenly), where e[k] is where one random z is mapped to, about the average. So the walk has the
covariance of the cloud, whatever shape that has, and never leaves it for long. The sum over the
past ends where it weighs nothing, so that each position is found by itself: a frame is the same
whether it was walked to or asked for alone. Between whole positions a Catmull-Rom spline leads.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from sgview.state.motion import Motion
from sgview.state.params import Walk

KEEP = math.exp(-0.25)  # of where it was, a step later
PAST = 24  # steps that count: of the first one KEEP ** PAST = 0.0025 is left
_BLOCK = 16  # seeds that are mapped together: always the same ones, so that sums are the same
_GAIN = math.sqrt((1.0 - KEEP**2) / (1.0 - KEEP ** (2 * (PAST + 1))))
_SEEDS = 1 << 20  # between one walk and the next


def position_of(walk: Walk, motion: Motion) -> float:
    """Return how far it has come [steps]."""
    if walk.loop > 0.0:
        turns = motion.positions.get("walk.loop", 0.0)
        return (turns - math.floor(turns)) * walk.loop_steps
    return motion.positions.get("walk", 0.0)


def weights_of(walk: Walk, position: float) -> tuple[int, list[float]]:
    """Return the first e, and how much of it and of those that follow is in the walk."""
    step = math.floor(position)
    x = position - step
    spline = (
        ((2.0 - x) * x - 1.0) * x / 2.0,
        ((3.0 * x - 5.0) * x * x + 2.0) / 2.0,
        ((4.0 - 3.0 * x) * x + 1.0) * x / 2.0,
        (x - 1.0) * x * x / 2.0,
    )
    first = step - 1 - PAST
    weights = [0.0] * (PAST + 4)
    for knot, share in enumerate(spline):
        for back in range(PAST + 1):
            weights[knot + PAST - back] += share * _GAIN * KEEP**back
    return first, weights


class WalkRows:
    """The w of a walk; those of its steps are mapped once, a block at a time."""

    def __init__(self) -> None:
        self._key: tuple[object, ...] = ()
        self._blocks: dict[int, Tensor] = {}
        self._window: tuple[tuple[object, ...], Tensor] | None = None

    def offset(
        self,
        walk: Walk,
        motion: Motion,
        key: tuple[object, ...],  # of what z is mapped by
        deviations: Callable[[Tensor], Tensor],  # z [n, z_dim] on the CPU -> [n, w_dim], w - mean
        z_dim: int,
        upload: Callable[[Tensor], Tensor],
    ) -> Tensor:  # [1, w_dim]
        """Return how far w has strayed, `walk.reach` included."""
        first, weights = weights_of(walk, position_of(walk, motion))
        if walk.loop > 0.0:
            window = self._looped(walk, key, deviations, z_dim)
            folded = [0.0] * walk.loop_steps
            for place, weight in enumerate(weights):
                folded[(first + place) % walk.loop_steps] += weight
            weights = folded
        else:
            window, begin = self._straight(walk, key, deviations, z_dim, first)
            padding = [0.0] * (first - begin)
            weights = [*padding, *weights]
            weights += [0.0] * (len(window) - len(weights))
        row = torch.tensor([[weight * walk.reach for weight in weights]], dtype=torch.float32)
        return upload(row) @ window

    def _straight(
        self,
        walk: Walk,
        key: tuple[object, ...],
        deviations: Callable[[Tensor], Tensor],
        z_dim: int,
        first: int,
    ) -> tuple[Tensor, int]:
        """Return three blocks of steps with those that count, and the number of their first."""
        block = first // _BLOCK
        wanted = (key, walk.seed, block)
        if self._window is None or self._window[0] != wanted:
            if (key, walk.seed) != self._key:
                self._key, self._blocks = (key, walk.seed), {}
            for number in (block, block + 1, block + 2):
                if number not in self._blocks:
                    z = _normal(walk.seed * _SEEDS + number * _BLOCK, _BLOCK, z_dim)
                    self._blocks[number] = deviations(z)
            kept = {number: self._blocks[number] for number in (block, block + 1, block + 2)}
            self._blocks = kept
            self._window = (wanted, torch.cat(list(kept.values())))
        return self._window[1], block * _BLOCK

    def _looped(
        self,
        walk: Walk,
        key: tuple[object, ...],
        deviations: Callable[[Tensor], Tensor],
        z_dim: int,
    ) -> Tensor:
        """Return the steps of a loop, [loop_steps, w_dim].

        A sum of the past that goes round several times is weighed so that the walk is as wide.
        """
        steps = walk.loop_steps
        wanted = (key, walk.seed, "loop", steps)
        if self._window is None or self._window[0] != wanted:
            z = _normal(walk.seed * _SEEDS, steps, z_dim)
            folded = [0.0] * steps
            for back in range(PAST + 1):
                folded[-back % steps] += _GAIN * KEEP**back
            width = math.sqrt(sum(weight * weight for weight in folded))
            self._window = (wanted, deviations(z) / width)
        return self._window[1]


def _normal(first: int, count: int, z_dim: int) -> Tensor:  # [count, z_dim]
    generator = torch.Generator()
    rows: list[Tensor] = []
    for seed in range(first, first + count):
        generator.manual_seed((seed * 2654435761 + 97) % 2**63)
        rows.append(torch.randn(z_dim, generator=generator))
    return torch.stack(rows)

"""Digression: what all pictures of a network begin with strays, smoothly in place and time."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from sgview.engine.ground.fields import RandomField, held_turn
from sgview.engine.ground.held import HeldTensor, follow
from sgview.engine.transfer.upload import Upload
from sgview.state.ground_params import Digression
from sgview.state.motion import Motion

_REACH = 0.08  # of the constant's size, that it is displaced by at amount 1
_MIXED = math.pi / 8  # angle towards the mirror image
_PHASE = 0.07  # turns that a wave is moved by
_TURN = math.radians(4.0)  # that it is turned by
_STRETCH = 0.06  # octaves of its frequency

Key = tuple[float, float, int, tuple[float, float]]
"""Amount, scale, seed, and where in time the fields are: equal keys are equal pictures."""


def key_of(digression: Digression, motion: Motion) -> Key | None:
    """Return what the digression depends on, None where there is none."""
    d = digression
    if d.amount == 0.0:
        return None
    if d.loop > 0.0:
        angle = 2.0 * math.pi * held_turn(motion.positions.get("ground.constant.loop", 0.0))
        time = (d.loop_size * (math.cos(angle) - 1.0), d.loop_size * math.sin(angle))
    else:
        time = (motion.positions.get("ground.constant", 0.0), 0.0)
    return d.amount, d.scale, d.seed, time


class _Fields:
    """Three fields at the same points, kept for the seed used last."""

    def __init__(self, points: np.ndarray) -> None:  # [n, 2], about -1..1
        self._points = points
        self._seed: int | None = None
        self._fields: tuple[RandomField, ...] = ()

    def __call__(self, key: Key) -> np.ndarray:  # [3, n]
        _, scale, seed, time = key
        if seed != self._seed:
            self._fields = tuple(RandomField(f"{name} {seed}") for name in "uva")
            self._seed = seed
        return np.stack([field(self._points * scale, time) for field in self._fields])


class LiveConstant:
    """Displaces and mixes the constant of StyleGAN1 and StyleGAN2.

    Args:
        live: [C, H, W] float32.
    """

    def __init__(self, live: Tensor) -> None:
        _, self._height, self._width = live.shape
        y, x = np.mgrid[: self._height, : self._width].reshape(2, -1)
        points = [(2 * x + 1) / self._width - 1, (2 * y + 1) / self._height - 1]
        self._x, self._y = x, y
        self._fields = _Fields(np.stack(points, axis=1))
        self._live = live
        self._held: HeldTensor | None = None
        self._weights = torch.zeros(len(x), len(x), device=live.device)  # from where, to where
        self._upload = Upload(self._weights)
        self._last: Key | None = None

    def update(self, key: Key | None) -> None:
        """Bring the constant to `key`."""
        held = self._held
        if key is None:
            if held is not None:
                held.release()
            self._held = self._last = None
            return
        if held is None:
            held = self._held = HeldTensor(self._live)
        if held.follow() or key != self._last:
            self._upload.send(self.weights(key))
            torch.mm(held.base.flatten(1), self._weights, out=held.live.flatten(1))
            held.settle()
            self._last = key

    def weights(self, key: Key) -> np.ndarray:  # [H W, H W]: from where, to where
        """Return how much of each place of the constant is at each place of the result."""
        amount, (right, down, angle) = key[0], self._fields(key)
        taken = np.zeros((self._height * self._width,) * 2)
        columns = _between(self._x + amount * _REACH * self._width * right, self._width)
        rows = _between(self._y + amount * _REACH * self._height * down, self._height)
        for row, row_share in rows:
            for column, share in columns:
                places = (row * self._width + column, np.arange(len(row)))
                np.add.at(taken, places, row_share * share)
        mixed = amount * _MIXED * angle
        return np.cos(mixed) * taken + np.sin(mixed) * taken[::-1]  # from the end: mirrored twice


def _between(places: np.ndarray, count: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the two whole places around each, and their shares; edges are mirrors."""
    folded = np.abs((places + 0.5) % (2 * count) - count)
    inside = np.clip(count - folded - 0.5, 0.0, count - 1.0)
    low = np.minimum(inside.astype(int), max(count - 2, 0))
    share = inside - low
    return [(low, 1.0 - share), (np.minimum(low + 1, count - 1), share)]


class LiveWaves:
    """Shifts, turns and stretches the waves that StyleGAN3 begins with.

    Args:
        freqs: [C, 2] float32, live.
        phases: [C] float32, live.
        pristine: [C, 2] frequencies on the CPU; waves near to each other drift alike.
        bandwidth: highest of them [cycles per picture height].
    """

    def __init__(self, freqs: Tensor, phases: Tensor, pristine: Tensor, bandwidth: float) -> None:
        self._live = (freqs, phases)
        self._fields = _Fields(pristine.double().numpy() / bandwidth)
        self._held: tuple[HeldTensor, HeldTensor] | None = None
        self._steps = torch.zeros(3, len(phases), device=freqs.device)
        self._upload = Upload(self._steps)
        self._last: Key | None = None

    def update(self, key: Key | None) -> None:
        """Bring the waves to `key`."""
        if key is None:
            for held in self._held or ():
                held.release()
            self._held = self._last = None
            return
        if self._held is None:
            self._held = HeldTensor(self._live[0]), HeldTensor(self._live[1])
        if not follow(self._held) and key == self._last:
            return
        amount, (shift, stretch, turn) = key[0], self._fields(key)
        size, angle = 2.0 ** (amount * _STRETCH * stretch), amount * _TURN * turn
        steps = [amount * _PHASE * shift, size * np.cos(angle), size * np.sin(angle)]
        self._upload.send(np.stack(steps))
        shifts, along, across = self._steps
        freqs, phases = self._held
        torch.add(phases.base, shifts, out=phases.live)
        x, y = freqs.base.unbind(1)
        torch.stack([x * along - y * across, x * across + y * along], dim=1, out=freqs.live)
        freqs.settle()
        phases.settle()
        self._last = key

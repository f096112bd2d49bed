"""The noise of StyleGAN1 and StyleGAN2: how strong it is, which it is, and how it moves."""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from sgview.engine.ground.drift import STILL, Drift, Way
from sgview.engine.ground.fields import held_turn
from sgview.engine.ground.held import HeldTensor, follow
from sgview.engine.transfer.upload import Upload
from sgview.state.ground_params import PixelNoise
from sgview.state.motion import Motion
from sgview.state.networks import noise_layer

NOISE, STRENGTH = ".noise_const", ".noise_strength"
_AROUND = 4  # noises that are mixed at once
_DRAWN = 32 * 32  # values up to which a noise is drawn; of a larger picture it is moved along

Number = tuple[int, int]
"""A noise: the seed, and how many noises after it. (0, 0) is the network's own."""
Mix = dict[Number, float]


def mix(noise: PixelNoise, motion: Motion) -> Mix:
    """Return which noises are added up, and how much of each; squares sum to 1.

    Between them lies a smooth curve through all (Catmull and Rom 1974), brought to equal length:
    noises are at right angles to each other, so that every mixture is as strong.
    """
    if noise.loop > 0.0 and noise.loop_fields == 1:
        return {(noise.seed, 0): 1.0}
    if noise.loop > 0.0:
        place = held_turn(motion.positions.get("ground.noise.loop", 0.0)) * noise.loop_fields
    else:
        place = motion.positions.get("ground.noise", 0.0)
    first = math.floor(place)
    f = place - first
    curve = (
        ((2.0 - f) * f - 1.0) * f / 2.0,
        ((3.0 * f - 5.0) * f * f + 2.0) / 2.0,
        ((4.0 - 3.0 * f) * f + 1.0) * f / 2.0,
        (f - 1.0) * f * f / 2.0,
    )
    shares: Mix = {}
    for step, share in enumerate(curve, -1):
        number = first + step
        if noise.loop > 0.0:
            number %= noise.loop_fields
        if share:
            shares[noise.seed, number] = shares.get((noise.seed, number), 0.0) + share
    length = math.sqrt(sum(share * share for share in shares.values()))
    return {number: share / length for number, share in shares.items()}


OWN: Mix = {(0, 0): 1.0}


def way_of(motion: Motion) -> Way:
    """Return how far the noise has drifted, round the edges of the picture."""
    at = motion.positions.get
    return held_turn(at("ground.noise.x", 0.0)), held_turn(at("ground.noise.y", 0.0))


class _Layer:
    """The noise of one layer, and four noises that it is mixed from."""

    def __init__(self, name: str, live: Tensor) -> None:
        self.name = name
        self.held = HeldTensor(live)
        self.fields = torch.zeros(_AROUND, live.numel(), device=live.device)

    def fill(self, slot: int, number: Number) -> None:
        """Make one of the noises.

        A large one is the network's own, moved along by a distance drawn: there is nothing to
        draw and to upload in the midst of a show.
        """
        base, field = self.held.base, self.fields[slot]
        if number == (0, 0):
            field.copy_(base.reshape(-1))
            return
        seed = zlib.crc32(f"{self.name} {number[0]} {number[1]}".encode())
        generator = torch.Generator().manual_seed(seed)
        if base.numel() <= _DRAWN:
            drawn = torch.randn(base.numel(), generator=generator)
            field.copy_(drawn.pin_memory() if base.is_cuda else drawn, non_blocking=True)
            return
        height, width = base.shape
        way = int(torch.randint(1, height * width, (), generator=generator))
        field.copy_(base.roll((way // width, way % width), (0, 1)).reshape(-1))


class LiveNoise:
    """Writes the noises of one network, and their strengths.

    Args:
        live: tensors of the network by their names.
    """

    def __init__(self, live: Mapping[str, Tensor]) -> None:
        self._noises = {n.removesuffix(NOISE): t for n, t in live.items() if n.endswith(NOISE)}
        self._strengths = {
            n.removesuffix(STRENGTH): t for n, t in live.items() if n.endswith(STRENGTH)
        }
        self._layers: list[_Layer] = []
        self._slots: dict[Number, int] = {}
        self._mix, self._way = OWN, STILL
        self._drift: Drift | None = None
        self._scaled: dict[str, tuple[HeldTensor, float]] = {}
        self._upload: Upload | None = None
        self._shares = torch.zeros(0)

    def update(self, noise: PixelNoise, motion: Motion) -> None:
        """Bring the tensors to what `noise` says."""
        if self._scaled or noise.strength != 1.0 or noise.layers:
            self._scale(noise)
        shares, way = mix(noise, motion), way_of(motion)
        if shares != OWN or way != STILL:
            self._write(shares, way)
        elif self._layers:
            for layer in self._layers:
                layer.held.release()
            self._layers, self._slots, self._drift = [], {}, None

    def _scale(self, noise: PixelNoise) -> None:
        for name, live in self._strengths.items():
            factor = noise.strength * noise.layers.get(noise_layer(name), 1.0)
            held, before = self._scaled.get(name, (None, 1.0))
            if factor == 1.0:
                if held is not None:
                    held.release()
                    del self._scaled[name]
                continue
            held = held or HeldTensor(live)
            if held.follow() or factor != before:
                torch.mul(held.base, factor, out=held.live)
                held.settle()
                self._scaled[name] = (held, factor)

    def _write(self, shares: Mix, way: Way) -> None:
        if not self._layers:
            self._layers = [_Layer(name, live) for name, live in self._noises.items()]
            if not self._layers:
                return
            self._shares = torch.zeros(_AROUND, device=self._layers[0].fields.device)
            self._upload = Upload(self._shares)
            self._mix, self._way = OWN, STILL
        is_other = shares != self._mix
        if follow(layer.held for layer in self._layers):
            self._slots, is_other = {}, True  # noises that are moved along come from what is there
        elif not is_other and way == self._way:
            return
        is_new = way != STILL and self._drift is None
        if is_other or is_new or way == STILL:
            self._blend(shares)
        if way != STILL:
            self._move(way, is_other=is_other or is_new)
        for layer in self._layers:
            layer.held.settle()
        self._mix, self._way = shares, way

    def _blend(self, shares: Mix) -> None:
        """Write the noises where they have not drifted."""
        self._place(shares)
        values = np.zeros(_AROUND, dtype=np.float32)
        for number, share in shares.items():
            values[self._slots[number]] = share
        assert self._upload is not None
        self._upload.send(values)
        for layer in self._layers:
            torch.mv(layer.fields.T, self._shares, out=layer.held.live.view(-1))

    def _move(self, way: Way, *, is_other: bool) -> None:
        """Let the noises drift that `_blend` has written, now if they are others, or before."""
        if self._drift is None:
            self._drift = Drift([layer.held.live for layer in self._layers])
        if is_other:
            self._drift.take()
        self._drift.move(way)

    def _place(self, shares: Mix) -> None:
        """Have the noises of `shares` in slots, in their order, so that sums are the same ones."""
        before, self._slots = self._slots, {number: slot for slot, number in enumerate(shares)}
        if before == self._slots:
            return
        for layer in self._layers:
            old = layer.fields.clone()
            for number, slot in self._slots.items():
                if number not in before:
                    layer.fill(slot, number)
                elif before[number] != slot:
                    layer.fields[slot].copy_(old[before[number]])

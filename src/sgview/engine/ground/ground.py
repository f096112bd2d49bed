"""The ground of one network: each frame its tensors are brought to what parameters say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from sgview.engine.ground.digression import LiveConstant, LiveWaves, key_of
from sgview.engine.ground.pixel_noise import LiveNoise
from sgview.engine.ground.transform import NAME, STILL, LiveTransform, placement, turned_back
from sgview.state.ground_params import Ground
from sgview.state.motion import Motion
from sgview.state.params import Params

_FREQS, _PHASES = "synthesis.input.freqs", "synthesis.input.phases"
_NOTHING = Ground()


class LiveGround:
    """Writes transform, noise and constant into live tensors, after blends and edits.

    They are written in place, by a few small launches and only where they change; both paths of a
    network read them there. What the ground leaves alone is bit for bit what it was.

    Args:
        generator: whose tensors are live.
        live: its tensors by their published names.
        pristine: the same tensors on the CPU, never written.
    """

    def __init__(
        self, generator: Any, live: Mapping[str, Tensor], pristine: Mapping[str, Tensor]
    ) -> None:
        self._is_touched = False
        self._transform = LiveTransform(live[NAME]) if NAME in live else None
        self._noise = LiveNoise(live)
        self._constant: LiveConstant | LiveWaves | None = None
        constants = [tensor for name, tensor in live.items() if name.endswith(".const")]
        if constants:
            self._constant = LiveConstant(constants[0])
        elif _FREQS in live and _PHASES in live:
            waves = pristine[_FREQS].detach().cpu()
            bandwidth = float(generator.synthesis.input.bandwidth)
            self._constant = LiveWaves(live[_FREQS], live[_PHASES], waves, bandwidth)

    @torch.no_grad()
    def update(self, ground: Ground, motion: Motion) -> None:
        """Bring the tensors to `ground` and to where its speeds have led."""
        is_touched = ground != _NOTHING or any(
            place for name, place in motion.positions.items() if name in _MOVED
        )
        if not is_touched and not self._is_touched:
            return
        self._is_touched = is_touched
        if self._transform is not None:
            self._transform.update(placement(ground.input, motion))
        self._noise.update(ground.noise, motion)
        if self._constant is not None:
            self._constant.update(key_of(ground.constant, motion))

    def finish(self, output: Tensor, params: Params, motion: Motion) -> Tensor:  # [N, C, H, W]
        """Return a picture turned back where that is asked for, else `output` itself."""
        transform = params.ground.input
        if not transform.untransform or self._transform is None:
            return output
        place = placement(transform, motion)
        return output if place == STILL else turned_back(output, place)


_MOVED = frozenset(
    f"ground.{name}" for name in ("x", "y", "rotate", "scale", "noise", "noise.x", "noise.y")
)
"""Positions that mean something though everything is set as at first."""

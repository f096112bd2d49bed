"""The three kinds of training step at one resolution, eager or as CUDA graphs."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from stylegan3 import Generator
from tools.training.discriminator import Discriminator
from tools.training.distributed import Gradients
from tools.training.graphs import Captures, Replayed
from tools.training.losses import (
    discriminator_loss,
    generator_loss,
    penalty_weight,
    r1_penalty,
)
from tools.training.networks import synthesise
from tools.training.schedule import Stage
from tools.training.stylegan2_pass import NoiseBuffer

INTERVAL = 16  # steps between R1 penalties


@dataclass
class Players:
    """The two networks, their optimisers, and the type that convolutions compute in."""

    generator: Generator
    discriminator: Discriminator
    generator_adam: torch.optim.Optimizer
    discriminator_adam: torch.optim.Optimizer
    dtype: torch.dtype


class Steps:
    """Steps of one stage on buffers at fixed addresses.

    A step is called with its inputs already in `real`, `z` and the noise; it returns its loss.
    With `graphs`, what a step does is captured after a few eager steps and replayed from then on,
    as two graphs: gradients, and the optimiser. Between them gradients of several processes meet.
    """

    def __init__(self, players: Players, stage: Stage, gamma: float, graphs: bool) -> None:
        self._players, self._stage = players, stage
        device = players.generator.mapping.w_avg.device
        r, n = stage.resolution, stage.batch
        self.real = torch.zeros(n, 3, r, r, device=device)
        self.z = torch.zeros(n, players.generator.z_dim, device=device)
        self.noise = NoiseBuffer(players.generator.config, device)
        self._gamma = penalty_weight(gamma, r)
        # half of the batch estimates the penalty well enough; its gradients cost most
        self._penalised = max(n // 2, min(n, 4))
        self._captures = Captures() if graphs else None
        p = players
        self._kinds = {
            "D": _Step(self._discriminator_loss, p.discriminator, p.discriminator_adam),
            "R1": _Step(self._penalty_loss, p.discriminator, p.discriminator_adam),
            "G": _Step(self._generator_loss, p.generator, p.generator_adam),
        }
        for step in self._kinds.values():
            step.prepare(self._captures)

    def discriminator_step(self) -> Tensor:  # []
        """Teach the discriminator `real` and what the generator makes of `z`."""
        return self._kinds["D"]()

    def penalty_step(self) -> Tensor:  # []
        """Flatten the discriminator at `real`."""
        return self._kinds["R1"]()

    def generator_step(self) -> Tensor:  # []
        """Teach the generator on `z`."""
        return self._kinds["G"]()

    def close(self) -> None:
        """Give back graphs and their memory; safe to call twice."""
        self._kinds.clear()
        gc.collect()
        if self._captures is not None:
            torch.cuda.empty_cache()

    def _fake(self, update_emas: bool) -> Tensor:
        g = self._players.generator
        # With gradients on, nothing is taken from a cache: a graph must compute all it needs.
        with torch.enable_grad():
            ws = g.mapping(self.z, update_emas=update_emas)
        if not torch.is_grad_enabled():
            ws = ws.detach()
        r = self._stage.resolution
        return synthesise(g, ws, r, self.noise, self._players.dtype, update_emas)

    def _discriminator_loss(self) -> tuple[Tensor, Tensor]:
        p = self._players
        with torch.no_grad():
            fake = self._fake(update_emas=False)
        real, fake_logits = p.discriminator(torch.cat([self.real, fake]), p.dtype).chunk(2)
        loss = discriminator_loss(real, fake_logits)
        return loss, loss

    def _penalty_loss(self) -> tuple[Tensor, Tensor]:
        p = self._players
        penalty = r1_penalty(p.discriminator, self.real[: self._penalised], p.dtype)
        return penalty * (self._gamma / 2 * INTERVAL), penalty

    def _generator_loss(self) -> tuple[Tensor, Tensor]:
        p = self._players
        loss = generator_loss(p.discriminator(self._fake(update_emas=True), p.dtype))
        return loss, loss


class _Step:
    """A loss, its gradients for one network, and the optimiser's step."""

    def __init__(
        self,
        loss: Callable[[], tuple[Tensor, Tensor]],  # what to descend, and what to report
        network: nn.Module,
        adam: torch.optim.Optimizer,
    ) -> None:
        self._loss, self._network, self._adam = loss, network, adam
        self._gradients: Gradients | None = None

    def prepare(self, captures: Captures | None) -> None:
        """Decide how to run: eagerly, or through graphs that share `captures`."""
        self._differentiate = Replayed(self._find_gradients, captures)
        self._optimise = Replayed(self._apply, captures)

    def __call__(self) -> Tensor:
        value = self._differentiate()
        assert self._gradients is not None and value is not None
        self._gradients.attach()
        self._gradients.average()
        self._optimise()
        return value

    def _find_gradients(self) -> Tensor:
        loss, value = self._loss()
        known = self._gradients
        parameters = list(self._network.parameters()) if known is None else known.parameters
        found = torch.autograd.grad(loss, parameters, allow_unused=known is None)
        if known is None:
            # Parameters of resolutions that are yet to come take no part, also in the optimiser.
            pairs = [(p, g) for p, g in zip(parameters, found, strict=True) if g is not None]
            self._gradients = known = Gradients([p for p, _ in pairs])
            found = [g for _, g in pairs]
        known.store(found)
        return value.detach()

    def _apply(self) -> None:
        for p in self._network.parameters():
            p.grad = None
        assert self._gradients is not None
        self._gradients.attach()
        self._adam.step()

"""The three kinds of training step at one resolution, eager or as CUDA graphs."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from stylegan3 import Generator
from tools.demo_networks.discriminator import Discriminator
from tools.demo_networks.distributed import average_gradients
from tools.demo_networks.losses import (
    default_gamma,
    discriminator_loss,
    generator_loss,
    r1_penalty,
)
from tools.demo_networks.networks import NoiseBuffer, synthesise
from tools.demo_networks.schedule import Stage

WARM_UP = 4  # eager steps before a graph is captured: they choose algorithms and make state


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
    With `graphs`, each kind is captured after a few eager steps and replayed from then on.
    """

    def __init__(self, players: Players, stage: Stage, gamma: float | None, graphs: bool) -> None:
        self._players, self._stage = players, stage
        device = players.generator.mapping.w_avg.device
        r, n = stage.resolution, stage.batch
        self.real = torch.zeros(n, 3, r, r, device=device)
        self.z = torch.zeros(n, players.generator.z_dim, device=device)
        self.noise = NoiseBuffer(players.generator.config, device)
        self.interval = 16  # steps between R1 penalties
        self._gamma = default_gamma(r, n) if gamma is None else gamma
        self._captures = _Captures() if graphs else None
        self._kinds = {
            "D": _Replayed(self._discriminator_step, self._captures),
            "R1": _Replayed(self._penalty_step, self._captures),
            "G": _Replayed(self._generator_step, self._captures),
        }

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

    def _discriminator_step(self) -> Tensor:
        p = self._players
        with torch.no_grad():
            fake = self._fake(update_emas=False)
        logits = p.discriminator(torch.cat([self.real, fake]), p.dtype)
        real, fake_logits = logits.chunk(2)
        loss = discriminator_loss(real, fake_logits)
        self._descend(loss, p.discriminator, p.discriminator_adam)
        return loss.detach()

    def _penalty_step(self) -> Tensor:
        p = self._players
        penalty = r1_penalty(p.discriminator, self.real, p.dtype)
        weight = self._gamma / 2 * self.interval
        self._descend(penalty * weight, p.discriminator, p.discriminator_adam)
        return penalty.detach()

    def _generator_step(self) -> Tensor:
        p = self._players
        p.discriminator.requires_grad_(False)
        loss = generator_loss(p.discriminator(self._fake(update_emas=True), p.dtype))
        self._descend(loss, p.generator, p.generator_adam)
        p.discriminator.requires_grad_(True)
        return loss.detach()

    @staticmethod
    def _descend(loss: Tensor, network: torch.nn.Module, adam: torch.optim.Optimizer) -> None:
        adam.zero_grad(set_to_none=True)
        loss.backward()
        average_gradients(network.parameters())
        adam.step()


class _Captures:
    """What the graphs of one stage share: a memory pool, and the stream of their warm-up."""

    def __init__(self) -> None:
        self.pool = torch.cuda.graph_pool_handle()
        self.stream = torch.cuda.Stream()


class _Replayed:
    """A function that runs eagerly a few times and then as a captured CUDA graph.

    Without shared captures it always runs eagerly.
    """

    def __init__(self, function: Callable[[], Tensor], captures: _Captures | None) -> None:
        self._function, self._captures = function, captures
        self._calls = 0
        self._graph: torch.cuda.CUDAGraph | None = None
        self._result: Tensor | None = None

    def __call__(self) -> Tensor:
        if self._captures is None:
            return self._function()
        if self._graph is None and self._calls < WARM_UP:
            self._calls += 1
            # What capture must not see for the first time happens on another stream before it.
            self._captures.stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(self._captures.stream):
                result = self._function().clone()
            torch.cuda.current_stream().wait_stream(self._captures.stream)
            return result
        if self._graph is None:
            torch.cuda.synchronize()
            graph = torch.cuda.CUDAGraph()
            try:
                with torch.cuda.graph(graph, pool=self._captures.pool):
                    self._result = self._function()
            except RuntimeError as error:
                # Training slowly is better than not at all, but it has to be seen.
                print(f"no CUDA graph for {self._function.__name__}, running eagerly: {error}")
                self._captures = None
                return self._function()
            self._graph = graph
        self._graph.replay()
        assert self._result is not None
        # a copy: graphs that were captured before this one write to the same pool
        return self._result.clone()

"""A training run: its budget and the loop."""

from __future__ import annotations

import math
import time
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import increment_version
from tqdm import tqdm

from tools.training.beginning import begin
from tools.training.checkpoint import (
    clone_state,
    restore_in_place,
)
from tools.training.distributed import agree, any_of, same_everywhere
from tools.training.options import Options
from tools.training.run_state import RunState
from tools.training.schedule import Budget, Stage, stage_at
from tools.training.sheets import save_sheet
from tools.training.show import sample
from tools.training.steps import INTERVAL, Steps

_RESERVE = 25.0  # seconds of a timed run on a GPU that writing the results may take
_SNAPSHOT = 20.0  # seconds between copies to fall back to


class Trainer(RunState):
    """Takes the steps of one run, and its budget."""

    def __init__(self, options: Options, started: float | None = None) -> None:
        started = time.perf_counter() if started is None else started
        super().__init__(options)
        self._caution = 1.0  # factor on the learning rate, lowered after a collapse
        spent = begin(self, options)
        minutes = options.minutes
        if minutes is not None and self.device.type == "cuda":
            minutes = max(minutes - _RESERVE / 60, 0.05)
        self.budget = Budget(minutes, options.steps, started, spent)
        self.should_stop = False
        networks = (self.players.generator, self.players.discriminator)
        same_everywhere([t for network in networks for t in network.state_dict().values()])

    def run(self) -> None:
        """Train until the budget is used up or `should_stop` is set."""
        bar = tqdm(total=100, unit="%", disable=self.rank > 0, mininterval=2, ncols=110)
        bar.bar_format = "{percentage:3.0f}% {bar} {elapsed}<{remaining} {desc}"
        while self.pool.drawn * self.options.chunk < min(
            self.options.pool_start, self.pool.capacity
        ):
            self.pool.renew()
        steps: Steps | None = None
        stage: Stage | None = None
        last = (time.perf_counter(), self.images)
        snapshot, snapshot_at = self._snapshot(), time.perf_counter()
        losses: dict[str, Tensor] = {}
        looked_at = time.perf_counter()
        progress = self._progress()
        try:
            while progress < 1:
                now_due = stage_at(self.stages, progress)
                if stage is not now_due or steps is None:
                    if steps is not None:
                        steps.close()
                    stage = now_due
                    # Trying convolutions out takes longer than the small stages would gain.
                    large = self.stages[-1].resolution // 2
                    torch.backends.cudnn.benchmark = stage.resolution >= large
                    steps = Steps(self.players, stage, self.options.gamma, self.graphs)
                self._set_rate(progress)
                losses |= self._take_step(steps, now_due)
                if self.step % self.options.tick == 0:
                    values = {name: float(loss) for name, loss in losses.items()}
                    now = time.perf_counter()
                    speed = (self.images - last[1]) / max(now - last[0], 1e-9)
                    last = now, self.images
                    is_lost = not all(abs(v) < 1e4 for v in values.values())
                    if any_of(is_lost, self.device):
                        self._fall_back(snapshot)
                    else:
                        self._note(values, speed, now_due)
                        is_due = agree(float(now - snapshot_at > _SNAPSHOT), self.device) > 0
                        if is_due and not any_of(not self._is_sound(), self.device):
                            snapshot, snapshot_at = self._snapshot(), now
                    bar.set_description_str(
                        f"{now_due.resolution} px {self.images / 1e3:,.0f}k images {speed:,.0f}/s "
                        f"D {values.get('D', 0):.2f} G {values.get('G', 0):.2f}"
                    )
                    bar.update(min(progress * 100, 100) - bar.n)
                    if self.rank == 0 and now - looked_at > self.options.look:
                        self._look()
                        looked_at = now
                # Only a tick waits for the device: in between the clock would be read too early.
                is_alone = self.processes == 1
                if self.step % self.options.tick == 0 or (
                    is_alone and (self.options.steps is not None or self.should_stop)
                ):
                    progress = self._progress()
        finally:
            bar.close()
            if steps is not None:
                steps.close()
        if any_of(not self._is_sound(), self.device):
            self._fall_back(snapshot)

    def _progress(self) -> float:
        """Share of the budget that is used, on all processes that of the first; inf: stop now."""
        pause = self.options.pause_at
        is_over = self.should_stop or (pause is not None and self.budget.seconds >= pause * 60)
        return agree(math.inf if is_over else self.budget.progress(self.step), self.device)

    def _look(self) -> None:
        """Write a contact sheet of what the averaged network makes now."""
        path = self.options.out / "look.jpg"
        save_sheet(sample(self.average, 32, seed=0, psi=0.8), path, scale=0.5)

    def _take_step(self, steps: Steps, stage: Stage) -> dict[str, Tensor]:
        count = stage.batch
        if self.step % stage.renew_every == 0:
            self.pool.renew()
        steps.real.copy_(self.pool.sample(count, stage.resolution, self.dice))
        self._roll(steps)
        losses = {"D": steps.discriminator_step()}
        if self.step % INTERVAL == 0:
            losses["R1"] = steps.penalty_step()
        self._roll(steps)
        losses["G"] = steps.generator_step()
        self.step += 1
        self.images += count * self.processes
        self._follow(count * self.processes)
        return losses

    def _roll(self, steps: Steps) -> None:
        steps.z.normal_(generator=self.dice)
        steps.noise.draw(self.dice)

    @torch.no_grad()
    def _follow(self, count: int) -> None:
        """Move the averaged network towards the trained one; young runs follow faster."""
        half_life = min(self.options.average * 1000, max(self.images * 0.05, 1))
        keep = 0.5 ** (count / half_life)
        trained = self.players.generator
        lerp = torch._foreach_lerp_  # pyright: ignore[reportPrivateImportUsage]
        averages = list(self.average.parameters())
        lerp(averages, list(trained.parameters()), 1 - keep)
        # on a GPU that leaves the version counters as they were, by which a generator knows that
        # what it derived from its weights is out of date: looks and figures would show neither
        # the old network nor the new one
        increment_version(averages)
        # of the buffers only running means change
        for (name, mine), theirs in zip(
            self.average.named_buffers(), trained.buffers(), strict=True
        ):
            if name.endswith(("w_avg", "magnitude_ema")):
                mine.copy_(theirs)

    def _set_rate(self, progress: float) -> None:
        """Ramp up over 50 steps; from 60 % of the budget on fall to a tenth, as a cosine."""
        ramp = min(1.0, (self.step + 1) / 50)
        late = min(max((progress - 0.6) / 0.4, 0), 1)
        fall = 0.55 + 0.45 * math.cos(math.pi * late)
        self.rate.fill_(self.options.rate * ramp * fall * self._caution)

    def _note(self, values: dict[str, float], speed: float, stage: Stage) -> None:
        entry = {"step": self.step, "images": self.images, "resolution": stage.resolution}
        entry |= {"seconds": round(self.budget.seconds, 2), "images_per_second": round(speed, 1)}
        self.log.append(entry | {name: round(v, 5) for name, v in values.items()})

    def plain(self) -> dict[str, Any]:
        """Everything else that a resumed run needs, as JSON values."""
        return {
            "family": self.options.family,
            "network": self.options.network,
            "plan": self.plan,
            "seed": self.options.seed,
            "step": self.step,
            "images": self.images,
            "seconds": self.budget.seconds,
            "drawn": self.pool.drawn,
            "log": self.log,
            "record": self.record,
        }

    def _is_sound(self) -> bool:
        return all(bool(tensor.isfinite().all()) for tensor in self.networks().values())

    def _snapshot(self) -> dict[str, Tensor]:
        return clone_state(self.networks() | self.optimisers())

    def _fall_back(self, snapshot: dict[str, Tensor]) -> None:
        """Return to the last good weights and go on more slowly."""
        self._caution *= 0.5
        print(f"losses left all bounds at step {self.step}: going back, rate x {self._caution:g}")
        restore_in_place(self.networks(), {k: v for k, v in snapshot.items() if "_adam" not in k})
        for name, tensor in self.optimisers().items():
            # Adam's state may be younger than the snapshot: then it starts again from nothing.
            with torch.no_grad():
                tensor.copy_(snapshot[name]) if name in snapshot else tensor.zero_()

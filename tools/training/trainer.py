"""A training run: its networks, its state, and the loop."""

from __future__ import annotations

import copy
import math
import time
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import increment_version
from tqdm import tqdm

from stylegan3 import Generator, StyleGAN2Config
from tools.training.beginning import begin
from tools.training.checkpoint import (
    clone_state,
    flatten_state,
    load_plain,
    restore_in_place,
)
from tools.training.discriminator import Discriminator
from tools.training.distributed import agree, any_of, join_group, same_everywhere
from tools.training.networks import CONFIGS
from tools.training.options import PRECISIONS, Options
from tools.training.pool import PicturePool
from tools.training.schedule import GROWING, TUNING, Budget, Stage, parse_stages, stage_at
from tools.training.sheets import save_sheet
from tools.training.show import sample
from tools.training.steps import INTERVAL, Players, Steps
from tools.training.stylegan2_pass import start_growing

_RESERVE = 25.0  # seconds of a timed run on a GPU that writing the results may take
_SNAPSHOT = 20.0  # seconds between copies to fall back to


class Trainer:
    """Owns networks, optimisers, dice and pictures of one run.

    Attributes:
        step: steps taken, earlier parts of a resumed run included.
        images: pictures that the discriminator has been shown from the pool.
        log: one record per tick.
    """

    def __init__(self, options: Options, started: float | None = None) -> None:
        self.options = options
        started = time.perf_counter() if started is None else started
        self.device = torch.device(options.device)
        self.rank, self.processes = join_group(self.device)
        if self.device.type == "cuda":
            self.device = torch.device("cuda", self.rank % torch.cuda.device_count())
            torch.cuda.set_device(self.device)
            torch.set_float32_matmul_precision("high")
            torch.backends.cudnn.allow_tf32 = True
            torch.backends.cudnn.benchmark_limit = 3  # each algorithm tried costs a tenth second
        on_gpu = self.device.type == "cuda"
        config = CONFIGS[options.network]
        full = config.img_resolution
        defaults = TUNING if options.start_from else GROWING
        before = load_plain(options.resume).get("plan") if options.resume else None
        self.plan: str = options.stages or before or defaults[options.network]
        self.stages = parse_stages(self.plan, full)
        self.graphs = on_gpu if options.graphs is None else options.graphs
        precision = options.precision or ("bf16" if on_gpu else "fp32")

        torch.manual_seed(options.seed)
        lowest = self.stages[0].resolution
        generator = Generator(config)
        discriminator = Discriminator(full, options.channel_base, options.channel_max, start=lowest)
        if isinstance(config, StyleGAN2Config) and not options.start_from:
            start_growing(generator, lowest)
        generator = generator.to(self.device)
        discriminator = discriminator.to(self.device)
        self.average = copy.deepcopy(generator).requires_grad_(False).eval()
        self.rate = torch.tensor(options.rate, device=self.device)
        self.players = Players(
            generator,
            discriminator,
            self._adam(generator),
            self._adam(discriminator),
            PRECISIONS[precision],
        )
        self.dice = torch.Generator(self.device).manual_seed(options.seed * 64 + self.rank)
        self.pool = PicturePool(
            options.family,
            size=full,
            capacity=options.pool,
            chunk=options.chunk,
            seed=options.seed * 64 + self.rank,
            device=self.device,
        )
        self.step = self.images = 0
        self.log: list[dict[str, Any]] = []
        self.record: list[dict[str, Any]] = []  # earlier runs that this one is built on
        self._caution = 1.0  # factor on the learning rate, lowered after a collapse
        spent = begin(self, options)
        minutes = options.minutes
        if minutes is not None and on_gpu:
            minutes = max(minutes - _RESERVE / 60, 0.05)
        self.budget = Budget(minutes, options.steps, started, spent)
        self.should_stop = False
        same_everywhere([*generator.state_dict().values(), *discriminator.state_dict().values()])

    def _adam(self, network: torch.nn.Module) -> torch.optim.Adam:
        # no momentum: Karras et al. 2018, section A.1
        return torch.optim.Adam(
            network.parameters(),
            lr=self.rate,
            betas=(0.0, 0.99),
            eps=1e-8,
            fused=True,
            capturable=self.device.type == "cuda",
        )

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

    # What a run is made of

    def networks(self) -> dict[str, Tensor]:
        """All tensors of the three networks."""
        parts = {
            "generator": self.players.generator.state_dict(),
            "average": self.average.state_dict(),
            "discriminator": self.players.discriminator.state_dict(),
        }
        return flatten_state(parts)[0]

    def optimisers(self) -> dict[str, Tensor]:
        """All tensors of the optimisers."""
        parts = {
            "generator_adam": self.players.generator_adam.state_dict()["state"],
            "discriminator_adam": self.players.discriminator_adam.state_dict()["state"],
        }
        return flatten_state(parts)[0]

    def dice_states(self) -> dict[str, Tensor]:
        """States of the random generators."""
        return {"dice": self.dice.get_state()}

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

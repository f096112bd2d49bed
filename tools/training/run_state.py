"""What a training run is made of: networks, optimisers, dice, pictures and counters."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor

from stylegan3 import Generator
from tools.training.checkpoint import flatten_state, load_plain
from tools.training.discriminator import Discriminator
from tools.training.distributed import join_group
from tools.training.networks import CONFIGS
from tools.training.options import PRECISIONS, Options
from tools.training.pool import PicturePool
from tools.training.schedule import GROWING, TUNING, parse_stages
from tools.training.steps import Players
from tools.training.stylegan2_pass import start_growing


class RunState:
    """Owns everything of one run that a later one may take over.

    Attributes:
        players: the networks that are trained, and their optimisers.
        average: the averaged generator, which is what a run is for.
        step: steps taken, earlier parts of a resumed run included.
        images: pictures that the discriminator has been shown from the pool.
        log: one record per tick.
        record: earlier runs that this one is built on.
    """

    def __init__(self, options: Options) -> None:
        self.options = options
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
        if not options.start_from:
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

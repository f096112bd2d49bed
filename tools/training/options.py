"""The command line of the trainer."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import torch

from tools.training.images import FAMILIES
from tools.training.networks import CONFIGS

PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


@dataclass(frozen=True)
class Options:
    """Everything that a run depends on."""

    family: str
    network: str
    out: Path
    minutes: float | None = None
    steps: int | None = None
    pause_at: float | None = None  # minutes of the budget after which to stop and write
    seed: int = 1
    stages: str | None = None  # None: grow where the network can
    rate: float = 0.0025
    gamma: float = 1.0  # weight of R1 at 256 px
    average: float = 20  # half-life of the weight average [thousand images]
    precision: str | None = None  # None: bf16 on a GPU, fp32 on a CPU
    graphs: bool | None = None  # None: on GPUs
    device: str = "cuda" if torch.cuda.is_available() else "cpu"
    pool: int = 24576  # pictures held on the device
    pool_start: int = 8192  # of which are drawn before the first step
    chunk: int = 64  # pictures drawn at once
    channel_base: int = 8192  # discriminator
    channel_max: int = 256
    resume: Path | None = None  # go on exactly where a run of this kind stopped
    start_from: Path | None = None  # begin with networks of a run, or of a file: fine-tuning
    state: str = "compact"
    samples: int = 4096  # pictures on either side of the Frechet distance
    tick: int = 25  # steps between looks at the losses
    look: float = 60  # seconds between contact sheets while training


def parse(arguments: list[str] | None = None) -> Options:
    """Read the command line."""
    d = Options("blooms", "sg2", Path())
    parser = argparse.ArgumentParser(
        description="Train a built-in network on pictures drawn as it trains.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("--family", choices=list(FAMILIES), default="blooms")
    add("--network", choices=list(CONFIGS), default="sg2")
    add("--out", type=Path, required=True, help="folder for network, sheet, curves, log, state")
    add("--minutes", type=float, help="wall clock for everything, writing included")
    add("--steps", type=int, help="train this many steps instead of by the clock")
    add("--pause-at", type=float, help="stop and write after so many minutes of the budget")
    add("--seed", type=int, default=d.seed)
    add("--stages", help="resolution x batch : share of the budget, as 64x64:0.3,256x64:0.7")
    add("--rate", type=float, default=d.rate, help="learning rate of both networks")
    add("--gamma", type=float, default=d.gamma, help="weight of R1 at 256 px; falls with pixels")
    add("--average", type=float, default=d.average, help="half-life of the average [kimg]")
    add("--precision", choices=list(PRECISIONS), help="of convolutions in training")
    add("--graphs", action=argparse.BooleanOptionalAction, help="replay steps as CUDA graphs")
    add("--device", default=d.device)
    add("--pool", type=int, default=d.pool, help="pictures held on the device")
    add("--pool-start", type=int, default=d.pool_start, help="drawn before the first step")
    add("--chunk", type=int, default=d.chunk, help="pictures drawn at once")
    add("--channel-base", type=int, default=d.channel_base, help="of the discriminator")
    add("--channel-max", type=int, default=d.channel_max, help="of the discriminator")
    add("--resume", type=Path, help="folder of a run to go on with")
    add("--start-from", type=Path, help="run or network file to fine-tune")
    add(
        "--state",
        choices=["full", "compact", "none"],
        default=d.state,
        help="full: exact resume; compact: networks only, a third of the size",
    )
    add("--samples", type=int, default=d.samples, help="pictures for the Frechet distance")
    add("--tick", type=int, default=d.tick, help="steps between looks at the losses")
    add("--look", type=float, default=d.look, help="seconds between sheets while training")
    options = Options(**vars(parser.parse_args(arguments)))
    if (options.minutes is None) == (options.steps is None):
        parser.error("give either --minutes or --steps")
    if options.resume and options.start_from:
        parser.error("--resume and --start-from exclude each other")
    return options

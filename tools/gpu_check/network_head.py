"""Times of what comes before a network's first convolution: latency, hardly any work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import torch

from stylegan3 import Generator, StyleGAN2Config
from stylegan3.fast import FastSynthesis
from stylegan3.fast.kernels.dense.launcher import FullyConnected
from stylegan3.fast.operations import Operations, cuda_operations
from stylegan3.fast.plan import Step
from stylegan3.fast.profile import time_steps
from tools.gpu_check.rows import Rows
from tools.gpu_timing import median_us
from tools.published import published_config


def run_head() -> Rows:
    """Time the steps before the first convolution of a layer, alone and together.

    Together: in a CUDA graph, as frames have them, by which launches overlap. Then without what
    should have made them faster, one by one.
    """
    rows: Rows = []
    configs = {"t": published_config(False), "r": published_config(True), "2": StyleGAN2Config()}
    operations = cuda_operations()
    variants = {
        "": operations,
        ", mapping one by one": replace(operations, dense_chain=lambda *_: None),
        ", nothing prefetched to L2": replace(operations, fully_connected=_without_prefetch),
    }
    for network, config in configs.items():
        generator = Generator(config).cuda().requires_grad_(False)
        for variant, chosen in variants.items():
            steps = _head(generator, chosen)
            us = median_us(partial(_run, steps), calls=1, replays=51)
            rows.append({"name": f"{network}: {len(steps)} steps together{variant}", "us": us})
        steps = _head(generator, operations)
        rows += [{"name": f"{network}: {name}", "us": us} for name, us in time_steps(steps, 51)]
        mapping = [step for step in steps if step.name.startswith("mapping")]
        us = median_us(partial(_run, mapping), calls=10)
        rows.append({"name": f"{network}: mapping again and again", "us": us})
    return rows


def _head(generator: Generator, operations: Operations) -> list[Step]:
    stream = torch.cuda.Stream()  # graphs are not captured on the default one
    with torch.no_grad(), torch.cuda.stream(stream):
        fast = FastSynthesis(generator, operations=operations)
        z = torch.randn(1, generator.z_dim, generator=torch.Generator().manual_seed(0))
        fast(z=z.cuda())
    stream.synchronize()
    names = ("styles", "modulation", "input")
    following = [step for step in fast.plan().steps if step.name.startswith(names)]
    return [*fast.mapping.steps, *following]


def _without_prefetch(*arguments: object) -> FullyConnected:
    return FullyConnected(*arguments[:2])  # type: ignore[arg-type]


def _run(steps: Sequence[Step]) -> None:
    for step in steps:
        step.launch()

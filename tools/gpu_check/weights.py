"""Times of what follows from changed weights, and of what the convolutions read."""

from __future__ import annotations

from functools import partial

import torch

from stylegan3 import Generator, StyleGAN2Config
from stylegan3.fast.alias_free.planner import AliasFreePlanner
from stylegan3.fast.kernels.weights.launcher import WeightPreparation
from stylegan3.fast.kernels.weights.prepared_weight import PreparedWeight
from stylegan3.fast.operations import cuda_operations
from stylegan3.fast.plan import Plan
from stylegan3.fast.stylegan2.planner import StyleGAN2Planner
from tools.gpu_check.rows import BYTES_PER_US, DEVICE, Rows
from tools.gpu_timing import median_us
from tools.published import published_config


def run_weights() -> Rows:
    """Time single layers of every kind, and all layers of the 1024 px networks."""
    rows: Rows = []
    taps = torch.ones(2, 4, device=DEVICE)
    for channels in (512, 32):
        weight = torch.randn(channels, channels, 3, 3, device=DEVICE)
        for kind in ("plain", "phases", "phases, filter"):
            item = PreparedWeight(
                weight,
                in_pitch=channels,
                out_pitch=channels,
                dtype=torch.float16,
                phases=kind != "plain",
                taps=taps if "filter" in kind else None,
            )
            run = partial(WeightPreparation([item], DEVICE), [0])
            rows.append(
                {
                    "name": f"{channels} x {channels}, {kind}",
                    "us": median_us(run),
                    "floor_us": moved_bytes(item) / BYTES_PER_US,
                }
            )
    for name in ("stylegan2", "stylegan3-t", "stylegan3-r"):
        plan = published_plan(name)
        weights = [w for w in plan.preparation._items if isinstance(w, PreparedWeight)]  # type: ignore[attr-defined]
        moved = sum(map(moved_bytes, weights))
        everything = [derived.item for derived in plan.derived]
        rows.append(
            {
                "name": f"{name}, {len(everything)} layers in one launch",
                "us": median_us(partial(plan.preparation, everything)),
                "floor_us": moved / BYTES_PER_US,
                "read_MB": sum(w.source.nbytes for w in weights) / 1e6,
                "moved_MB": moved / 1e6,
                "filters_in_weights": sum(w.taps is not None for w in weights),
            }
        )
    return rows


def published_plan(name: str) -> Plan:
    """Return the plan of a 1024 px network with random weights; nothing is compiled for it."""
    with torch.no_grad():
        if name == "stylegan2":
            generator = Generator(StyleGAN2Config()).to(DEVICE)
            planner = StyleGAN2Planner
        else:
            generator = Generator(published_config(radial=name.endswith("r"))).to(DEVICE)
            planner = AliasFreePlanner
        ws = torch.zeros(generator.num_ws, generator.w_dim, device=DEVICE)
        return planner(generator.synthesis, cuda_operations(), "fast", ws).plan()  # type: ignore[arg-type]


def moved_bytes(item: PreparedWeight) -> int:
    """What has to be read and written for a weight; padding is not written."""
    written = item.source.numel() * item.dtype.itemsize * (1 if item.taps is None else 4)
    return item.source.nbytes + written + item.energy.nbytes

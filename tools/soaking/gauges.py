"""What a soak measures of the process that it runs in, and whether it stayed flat."""

from __future__ import annotations

import gc
import itertools
import os
import statistics
import sys
from dataclasses import dataclass
from pathlib import Path

WARM_UP = 0.3  # share of the samples that are left out: caches fill, allocators find their size
LIMITS = {"memory": 0.08, "VRAM": 0.05, "objects": 0.05, "descriptors": 0.0, "threads": 0.0}
"""Growth from there to the end that still counts as flat, as a share of the median."""
ALLOWANCES = {"memory": 24.0, "VRAM": 32.0, "objects": 4000, "descriptors": 2, "threads": 2}
"""And absolutely, in the unit of each."""


@dataclass(frozen=True)
class Sample:
    """The state of the process at one moment, everything at rest."""

    seconds: float  # since the start
    frames: int
    pictures: int
    memory: float  # resident [MB]
    vram: float  # of the whole card [MB]; 0 without one
    objects: int  # that the garbage collector knows
    descriptors: int
    threads: int


def take_sample(seconds: float, frames: int, pictures: int) -> Sample:
    """Collect garbage and measure."""
    for _ in range(3):
        gc.collect()
    return Sample(
        seconds=seconds,
        frames=frames,
        pictures=pictures,
        memory=resident(),
        vram=_vram(),
        objects=len(gc.get_objects()),
        descriptors=sum(1 for _ in Path("/proc/self/fd").iterdir()),
        threads=sum(1 for _ in Path("/proc/self/task").iterdir()),
    )


def resident() -> float:
    """Return the memory that the process has in use [MB]."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _vram() -> float:
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return 0.0
    free, total = torch.cuda.mem_get_info()
    return (total - free) / 2**20


@dataclass(frozen=True)
class Verdict:
    """How one of the figures went."""

    name: str
    first: float  # after the warm-up
    last: float
    largest: float
    slope: float  # [1/h]
    is_flat: bool


def judge(samples: list[Sample]) -> list[Verdict]:
    """Return a verdict for each figure; the slope is the median of those between all samples."""
    kept = samples[int(len(samples) * WARM_UP) :]
    if len(kept) < 3:
        return []
    span = kept[-1].seconds - kept[0].seconds
    names = {"memory": "memory", "vram": "VRAM", "objects": "objects"}
    names |= {"descriptors": "descriptors", "threads": "threads"}
    verdicts = []
    for field, name in names.items():
        values = [float(getattr(sample, field)) for sample in kept]
        times = [sample.seconds for sample in kept]
        pairs = itertools.combinations(zip(times, values, strict=True), 2)
        slope = statistics.median((v2 - v1) / (t2 - t1) for (t1, v1), (t2, v2) in pairs)
        limit = max(LIMITS[name] * statistics.median(values), ALLOWANCES[name])
        is_flat = slope * span <= limit
        verdicts.append(Verdict(name, values[0], values[-1], max(values), slope * 3600, is_flat))
    return verdicts


def table(samples: list[Sample], rows: int = 12) -> str:
    """Return some of the samples as a table."""
    every = max(1, -(-len(samples) // rows))
    shown = samples[::every]
    if shown and shown[-1] is not samples[-1]:
        shown.append(samples[-1])
    titles = ("minute", "frames", "pictures", "memory [MB]", "VRAM [MB]", "objects")
    lines = [
        f"| {' | '.join(titles)} | descriptors | threads |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for s in shown:
        lines.append(
            f"| {s.seconds / 60:.1f} | {s.frames} | {s.pictures} | {s.memory:.0f} | {s.vram:.0f}"
            f" | {s.objects} | {s.descriptors} | {s.threads} |"
        )
    return "\n".join(lines)

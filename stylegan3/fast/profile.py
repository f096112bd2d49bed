"""How long each step of a frame takes on the GPU."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Sequence

import torch

from stylegan3.fast.plan import Step

_HEAD_START = (
    10_000_000  # [clocks] of idling, so that launches queue up and none waits for the host
)


def time_steps(steps: Sequence[Step], repeats: int = 20) -> list[tuple[str, float]]:
    """Return the name and median GPU time [us] of every step.

    Names tell the kernel where there was a choice. Steps are timed one by one between events, which
    adds about a microsecond to each and keeps neighbours from overlapping: the sum is a little
    above the time of a frame. Waits for the GPU.
    """
    times: list[list[float]] = [[] for _ in steps]
    with torch.no_grad():
        for _ in range(repeats):
            torch.cuda._sleep(_HEAD_START)
            events = [torch.cuda.Event(enable_timing=True) for _ in range(len(steps) + 1)]
            events[0].record()
            for step, event in zip(steps, events[1:], strict=True):
                step.launch()
                event.record()
            torch.cuda.synchronize()
            for i, (start, end) in enumerate(itertools.pairwise(events)):
                times[i].append(start.elapsed_time(end) * 1000)
    return [
        (f"{step.name} ({step.made_by})" if step.made_by else step.name, statistics.median(values))
        for step, values in zip(steps, times, strict=True)
    ]

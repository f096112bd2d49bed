"""What is trained when: stages of rising resolution, and the budget of time or steps."""

from __future__ import annotations

import time
from dataclasses import dataclass

# What is trained when nothing else is asked for, from nothing and from another network.
GROWING = {
    "sg2": "32x64:0.05,64x64:0.09,128x64:0.18,256x64:0.68",
    "sg3": "64x32:0.12,128x32:0.18,256x32:0.7",
    "sg2-tiny": "8x8:0.2,16x8:0.3,32x8:0.5",
    "sg3-tiny": "16x4:0.5,32x4:0.5",
}
TUNING = {
    "sg2": "128x64:0.15,256x64:0.85",
    "sg3": "256x32:1",
    "sg2-tiny": "32x8:1",
    "sg3-tiny": "32x4:1",
}


@dataclass(frozen=True)
class Stage:
    """One resolution, until `end` of the budget is used up."""

    resolution: int
    batch: int  # pictures a step and process
    end: float  # 0..1
    renew_every: int  # steps between new chunks of pictures


def parse_stages(text: str, full: int) -> tuple[Stage, ...]:
    """Read "32x64:0.1,64x64:0.3,256x64:0.6": resolution x batch : share of the budget.

    Raises:
        ValueError: if it is malformed, does not rise, or does not end at the full resolution.
    """
    stages: list[Stage] = []
    total = 0.0
    try:
        parts = [part.split(":") for part in text.split(",")]
        values = [(*map(int, size.split("x")), float(share)) for size, share in parts]
        shares = sum(value[2] for value in values)
        for resolution, batch, share in values:
            total += share / shares
            renew = 32 * 256 // resolution  # drawing then takes a twentieth of the time
            stages.append(Stage(int(resolution), int(batch), total, renew))
    except (ValueError, TypeError, ZeroDivisionError) as error:
        raise ValueError(
            f"stages must look like 64x64:0.3,256x64:0.7 (resolution x batch : share), not {text!r}"
        ) from error
    resolutions = [stage.resolution for stage in stages]
    if resolutions != sorted(resolutions) or resolutions[-1] != full:
        raise ValueError(f"stages must rise to the network's {full} px, not {text!r}")
    if any(r < 8 or r & (r - 1) for r in resolutions):
        raise ValueError(f"resolutions must be powers of two of at least 8, not {text!r}")
    return tuple(stages)


class Budget:
    """How much of the run is over, by the clock or by steps; goes on where a run stopped."""

    def __init__(self, minutes: float | None, steps: int | None, started: float, spent=0.0):
        if (minutes is None) == (steps is None):
            raise ValueError("a run needs either minutes or steps")
        self._minutes, self._steps = minutes, steps
        self._started = started - spent  # time.perf_counter() when the budget began [s]

    @property
    def seconds(self) -> float:
        """Time used [s], earlier parts of a resumed run included."""
        return time.perf_counter() - self._started

    def progress(self, step: int) -> float:
        """Share of the budget that is used, 0..1 and beyond."""
        if self._steps is not None:
            return step / self._steps
        assert self._minutes is not None
        return self.seconds / (self._minutes * 60)


def stage_at(stages: tuple[Stage, ...], progress: float) -> Stage:
    """The stage that `progress` falls into; the last one for all beyond."""
    return next((stage for stage in stages if progress < stage.end), stages[-1])

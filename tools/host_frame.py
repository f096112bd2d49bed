"""Time what the host does for a frame of the engine, without a GPU: every launch does nothing.

    PYTHONPATH=src:. python3 tools/host_frame.py [--frames N] [--profile SCENE]

Python's share alone, of the fastest tenth; what the driver adds to each launch is seen by
`sgview bench --engine`.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from unittest import mock

import torch

from sgview.cli.bench_engine import scenes
from sgview.engine.acceleration import Acceleration
from sgview.engine.engine import _TIMED_EVERY, Engine
from sgview.engine.meters.timers import StageTimers
from sgview.engine.network import Network
from sgview.engine.transfer.event_ring import EventRing
from sgview.state.params import Params
from stylegan3 import Generator, StyleGAN2Config, StyleGAN3Config
from stylegan3.cuda import nvrtc
from stylegan3.cuda.kernel import Argument, Size, pack, three
from stylegan3.fast import FastSynthesis
from stylegan3.fast.operations import cuda_operations

CONFIGS = {
    "stylegan3-t 1024": StyleGAN3Config(),
    "stylegan2 256": StyleGAN2Config(img_resolution=256),
}


class IdleKernel:
    """Prepares a launch as `Kernel` does, and leaves it."""

    def __call__(self, grid: Size, block: Size, *arguments: Argument, shared: int = 0) -> None:
        """Pack the arguments."""
        self.prepare(grid, block, *arguments, shared=shared)()

    def prepare(
        self, grid: Size, block: Size, *arguments: Argument, shared: int = 0
    ) -> Callable[[], None]:
        """Pack the arguments, and return what does nothing with them."""
        _ = three(grid), three(block), pack(arguments)
        return lambda: None


class IdleEvent:
    """An event that has always happened."""

    def __init__(self, **_: bool) -> None:
        """Take what CUDA's take."""

    def record(self, _: object = None) -> None:
        """Do nothing."""

    def query(self) -> bool:
        """Say yes."""
        return True

    def synchronize(self) -> None:
        """Do not wait."""

    def elapsed_time(self, _: object) -> float:
        """Return any time [ms]."""
        return 1.0


class IdleConvolution:
    """A convolution that is never run."""

    blocked_shape = None

    def __call__(self, *_: Any) -> None:
        """Do nothing."""

    def activated(self, **_: Any) -> None:
        """Leave activations to passes of their own."""


class AlwaysAccelerated(Acceleration):
    """Has kernels on every device."""

    def has_kernels(self, device: torch.device) -> bool:
        """Say yes."""
        return True

    def obstacle(self, device: torch.device) -> str:
        """Name none."""
        return ""


class IdleGraphs:
    """Graphs that are never run."""

    def run(self, *_: Any) -> None:
        """Do nothing."""


class IdleSynthesis(FastSynthesis):
    """Has everything captured."""

    def __init__(self, generator: Generator, *_: Any, **__: Any) -> None:
        operations = replace(cuda_operations(), convolution=lambda *_, **__: IdleConvolution())
        super().__init__(generator, operations=operations, stays_in_place=True)
        self._graphs = IdleGraphs()  # type: ignore[assignment]


def main() -> None:
    """Print a table a network."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=200)
    parser.add_argument("--profile", metavar="SCENE", help="profile this scene, e.g. noise")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    kernels: dict[int, IdleKernel] = {}
    with (
        mock.patch.object(
            nvrtc, "load", lambda spec, device: kernels.setdefault(id(spec), IdleKernel())
        ),
        mock.patch.object(nvrtc, "unavailable_reason", lambda: None),
        mock.patch("sgview.engine.live_network.FastSynthesis", IdleSynthesis),
        mock.patch("torch.cuda.Event", IdleEvent),
    ):
        for name, config in CONFIGS.items():
            print(name)
            _measure(config, arguments.frames, arguments.profile)


def _measure(config: StyleGAN2Config | StyleGAN3Config, frames: int, profile: str | None) -> None:
    a, b = (Network.of(Generator(config), f"random {seed}") for seed in range(2))
    with Engine("cpu", AlwaysAccelerated()) as engine:
        engine._latents._has_kernel = True
        engine._timers = StageTimers(torch.device("cuda", 0), _TIMED_EVERY)
        engine._live._timers = engine._timers
        engine._stream._events = EventRing(None)  # type: ignore[arg-type]
        engine.set_network("a", a)
        engine.set_network("b", b)
        first = engine.render(Params(), 0.0)
        assert first is not None
        groups = [group.name for group in first.blend_groups]
        for scene, params in scenes(a.status, groups).items():
            print(f"  {scene:<28}{_time(engine, params, frames):.0f} us")
            if profile is not None and profile in scene:
                _profile(engine, params, frames)


def _time(engine: Engine, scene: Callable[[int], Params], frames: int) -> float:
    """A frame [us], the fastest tenth."""
    times = []
    for frame in range(-5, frames):
        params = scene(frame)
        start = time.perf_counter()
        engine.render(params, frame / 60)
        if frame >= 0:
            times.append((time.perf_counter() - start) * 1e6)
    return statistics.quantiles(times, n=10)[0]  # beside other programs, the least disturbed


def _profile(engine: Engine, scene: Callable[[int], Params], frames: int) -> None:
    with cProfile.Profile() as profile:
        for frame in range(frames):
            engine.render(scene(frame), frame / 60)
    pstats.Stats(profile).sort_stats("tottime").print_stats(25)


if __name__ == "__main__":
    main()

"""Tell what the host does for a frame of the engine on a GPU, call by call.

    PYTHONPATH=src:. python3 tools/gpu_host.py [--frames N] [--network NAME ...]

Every frame is waited for before the next begins, so no call waits for room in the device's queue.
Timing a call takes the host part of a microsecond, which is counted to Python's share.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

import torch
from cuda.bindings import driver

from sgview.cli.bench_engine import Scene, scenes
from sgview.engine.engine import Engine
from sgview.engine.network import Network
from stylegan3 import Generator
from tools.gpu_window import CONFIGS

CALLS: tuple[tuple[Any, str], ...] = (
    (driver, "cuLaunchKernel"),
    (driver, "cuLaunchKernelEx"),
    (torch.cuda.CUDAGraph, "replay"),
    (torch.cuda.Event, "record"),
    (torch.cuda.Event, "query"),
    (torch.cuda.Event, "elapsed_time"),
    (torch.Tensor, "copy_"),
    (torch, "empty_like"),
)
Times = dict[str, list[float]]  # of each call [us]


def main() -> None:
    """Print a table a scene."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=500)
    default = ["stylegan3-t-1024", "stylegan2-256"]
    parser.add_argument("--network", nargs="+", choices=CONFIGS, default=default)
    arguments = parser.parse_args()
    for name in arguments.network:
        a, b = (Network.of(Generator(CONFIGS[name]), f"random {seed}") for seed in range(2))
        with Engine("cuda") as engine, engine.on_stream():
            engine.set_network("a", a)
            engine.set_network("b", b)
            first = engine.render(scenes(a.status, [])["noise alone moves"](0), 0.0)
            assert first is not None
            groups = [group.name for group in first.blend_groups if group.is_blendable]
            for title, scene in scenes(a.status, groups).items():
                _tell(f"{name}, {title}", engine, scene, arguments.frames)


def _tell(title: str, engine: Engine, scene: Scene, frames: int) -> None:
    _render(engine, scene, 20)  # what is made once
    wholes = _render(engine, scene, frames)
    with _timed() as times:
        timed = _render(engine, scene, frames)
    print(f"{title}: a frame {statistics.median(wholes):.0f} us on the host", flush=True)
    inside = 0.0
    for call, durations in times.items():
        share = sum(durations) / frames
        inside += share
        count, each = len(durations) / frames, statistics.median(durations)
        print(f"  {call:<20}{count:6.2f} a frame{each:8.1f} us each{share:8.1f} us a frame")
    print(f"  {'the rest, Python':<46}{statistics.mean(timed) - inside:8.1f} us a frame")


def _render(engine: Engine, scene: Scene, frames: int) -> list[float]:  # [us]
    """Return what the host took for each frame."""
    taken = []
    for frame in range(frames):
        params = scene(frame)
        start = time.perf_counter()
        picture = engine.render(params, frame / 60)
        taken.append((time.perf_counter() - start) * 1e6)
        assert picture is not None and picture.ready is not None
        torch.cuda.synchronize()
    return taken


@contextmanager
def _timed() -> Iterator[Times]:
    """Note how long the calls take."""
    times: Times = defaultdict(list)
    with ExitStack() as stack:
        for owner, name in CALLS:
            wrapper = _wrap(getattr(owner, name), times[name])
            stack.enter_context(mock.patch.object(owner, name, wrapper))
        yield times


def _wrap(call: Callable[..., Any], times: list[float]) -> Callable[..., Any]:
    def timed(*arguments: Any, **options: Any) -> Any:
        start = time.perf_counter()
        try:
            return call(*arguments, **options)
        finally:
            times.append((time.perf_counter() - start) * 1e6)

    return timed


if __name__ == "__main__":
    main()

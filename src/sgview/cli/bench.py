"""`sgview bench`: how long networks take here from z to picture, beside the published code."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import to_builtins
from msgspec.structs import replace

from sgview.cli import bench_gpu, options
from sgview.cli.bench_cases import Case, file_cases, published_cases
from sgview.cli.bench_check import check, format_checks
from sgview.cli.bench_compare import changes, format_changes, read_report
from sgview.cli.bench_cpu import floor_of
from sgview.cli.bench_engine import engine_times
from sgview.cli.bench_report import Report, Result, format_report
from sgview.settings import GpuSettings

if TYPE_CHECKING:
    import torch

    from sgview.engine.acceleration import Acceleration

PUBLISHED_ON = {
    "cpu": "the published code with its reference operations on two cores of an AMD EPYC (Zen 5)",
    "cuda": "the published code with its compiled plugins on an NVIDIA H200, eager and as a graph;"
    " goal: this project's for that card",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `sgview bench`."""
    parser.add_argument("--device", default="auto", help="auto, cuda, mps or cpu (default: auto)")
    parser.add_argument(
        "--network",
        type=Path,
        nargs="+",
        default=(),
        metavar="FILE",
        help="time these checkpoints instead of the published configurations",
    )
    parser.add_argument("--frames", type=_positive, metavar="N", help="pictures a network")
    parser.add_argument("--threads", type=_positive, metavar="N", help="CPU threads to use")
    options.add_gpu_arguments(parser)
    parser.add_argument("--only", metavar="TEXT", help="networks whose name contains this")
    parser.add_argument("--layers", action="store_true", help="also time the steps, on NVIDIA")
    parser.add_argument(
        "--engine",
        action=argparse.BooleanOptionalAction,
        help="also time whole frames of the engine by stage (default: on NVIDIA)",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="compare pictures with those of the plain operations instead of timing them",
    )
    parser.add_argument(
        "--compare",
        type=Path,
        metavar="OLD.json",
        help="say what got slower by 3 %% since this report of --json",
    )
    parser.add_argument("--json", action="store_true", help="print JSON, for other programs")


def run(args: argparse.Namespace) -> int:
    """Time the networks and print the result.

    Returns:
        0; 1 where something got slower, or a picture is wrong; 2 for wrong arguments.

    Raises:
        CheckpointError: if a file cannot be read.
        ConfigError: if the report to compare with is none.
    """
    import torch

    from sgview.engine.device import choose_device, describe_device

    try:
        device = choose_device(args.device)
    except ValueError as error:
        print(f"sgview: {error}", file=sys.stderr)
        return 2
    if args.threads:
        torch.set_num_threads(args.threads)
    before = None if args.compare is None else read_report(args.compare)
    frames = args.frames or (300 if device.type == "cuda" else 10)
    offered = file_cases(args.network) if args.network else published_cases(device.type)
    cases = [case for case in offered if (args.only or "") in case.name]
    if not cases:
        names = ", ".join(dict.fromkeys(case.name for case in offered))
        print(f"sgview: no network is called {args.only!r}, but {names}", file=sys.stderr)
        return 2
    gpu = options.gpu_from(args, GpuSettings())  # as the window would play
    if args.check:
        checks = check(cases, device, _acceleration(gpu))
        print(json.dumps(to_builtins(checks), indent=2) if args.json else format_checks(checks))
        return 0 if all(c.is_right for c in checks) else 1
    per_stage = device.type == "cuda" if args.engine is None else args.engine
    description = describe_device(device)
    if device.type == "cuda":
        description += f", ops {gpu.ops}, precision {gpu.precision}, kernels {gpu.kernels}"
    report = Report(
        device=description,
        machine=_machine(),
        python=platform.python_version(),
        torch=str(torch.__version__),
        threads=torch.get_num_threads(),
        published_on="" if args.network else PUBLISHED_ON.get(device.type, ""),
        results=tuple(
            measure(cases, device, frames, gpu, per_layer=args.layers, per_stage=per_stage)
        ),
        driver=bench_gpu.driver_version() if device.type == "cuda" else "",
        commit=_commit(),
    )
    print(json.dumps(to_builtins(report), indent=2) if args.json else format_report(report))
    if before is None:
        return 0
    found = changes(before, report)
    print(
        "\n" + format_changes(before, report, found), file=sys.stderr if args.json else sys.stdout
    )
    return 1 if any(change.is_slower for change in found) else 0


def measure(
    cases: Sequence[Case],
    device: torch.device,
    frames: int,
    gpu: GpuSettings | None = None,
    *,
    per_layer: bool = False,
    per_stage: bool = False,
) -> list[Result]:
    """Time `frames` pictures of every case, after some that warm up; progress goes to stderr.

    With `per_stage` also whole frames of the engine.

    On NVIDIA GPUs that is the GPU time of replayed CUDA graphs, elsewhere the time of the host.
    """
    from tqdm import tqdm

    results = []
    # disable=None: silent where stderr is no terminal
    with tqdm(total=len(cases) * frames, unit="picture", disable=None, leave=False) as bar:
        for case in cases:
            bar.set_description(case.name)
            generator = case.build().to(device)
            is_fast = device.type == "cuda" and (gpu is None or gpu.ops == "auto")
            if is_fast:
                result = _measure_fast(
                    case, generator, frames, gpu or GpuSettings(), per_layer, bar.update
                )
            elif device.type == "cpu":
                times, floor = floor_of(generator, frames, bar.update)
                result = replace(_result(case, times), floor=floor)
            else:
                times = _times(generator, device, frames, bar.update)
                result = _result(case, times)
            if per_stage:
                frame_times = engine_times(
                    generator, device, frames, _acceleration(gpu or GpuSettings())
                )
                result = replace(result, engine=frame_times)
            results.append(result)
            del generator
    return results


def _measure_fast(
    case: Case,
    generator: Any,
    frames: int,
    gpu: GpuSettings,
    per_layer: bool,
    tick: Callable[[], Any],
) -> Result:
    import torch

    from stylegan3.fast import UnsupportedNetworkError

    acceleration = _acceleration(gpu)
    try:
        times = bench_gpu.frame_times(generator, frames, acceleration, tick)
    except UnsupportedNetworkError as error:
        times = _times(generator, torch.device("cuda"), frames, tick)
        return replace(_result(case, times), note=f"not on the fast path: {error}")
    error, levels = bench_gpu.picture_error(generator, acceleration)
    layers = dict(bench_gpu.layer_times(generator, acceleration)) if per_layer else {}
    torch.cuda.empty_cache()
    return replace(
        _result(case, times),
        error=error,
        levels=levels,
        layers={name: round(us, 1) for name, us in layers.items()},
    )


def _acceleration(gpu: GpuSettings) -> Acceleration:
    from sgview.engine.acceleration import Acceleration

    return Acceleration(gpu.ops, gpu.precision, gpu.kernels)


def _result(case: Case, times: list[float]) -> Result:
    median = statistics.median(times)
    return Result(
        network=case.name,
        frames=len(times),
        median_ms=round(median, 3),
        min_ms=round(min(times), 3),
        max_ms=round(max(times), 3),
        fps=round(1000 / median, 2),
        published_ms=case.published,
        times_faster=round(case.published / median, 2) if case.published else None,
        published_graph_ms=case.published_graph,
        goal_ms=case.goal,
    )


def _times(
    generator: Any, device: torch.device, frames: int, tick: Callable[[], Any]
) -> list[float]:  # [ms]
    import torch

    finish = {"cuda": torch.cuda.synchronize, "mps": torch.mps.synchronize}.get(
        device.type, lambda: None
    )
    seeds = torch.Generator().manual_seed(0)
    times = []
    with torch.no_grad():
        for frame in range(-2, frames):
            z = torch.randn(1, generator.z_dim, generator=seeds).to(device)
            finish()
            start = time.perf_counter()
            generator(z)
            finish()
            if frame >= 0:
                times.append((time.perf_counter() - start) * 1000)
                tick()
    return times


def _commit() -> str:
    """Return the commit of the checkout this runs from, "" elsewhere."""
    folder = Path(__file__).parent
    command = ["git", "-C", str(folder), "describe", "--always", "--dirty"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()


def _machine() -> str:
    cpu = platform.processor() or platform.machine()
    try:
        with Path("/proc/cpuinfo").open() as info:
            cpu = next(
                (v for k, _, v in (r.partition(":") for r in info) if "model name" in k), cpu
            )
    except OSError:
        pass
    return f"{cpu.strip()}, {os.cpu_count()} cores, {platform.system()}"


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, not {value}")
    return value

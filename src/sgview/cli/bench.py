"""`sgview bench`: how long networks take here from z to picture, beside the published code."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct, to_builtins

if TYPE_CHECKING:
    import torch

    from stylegan3 import Generator

PUBLISHED_ON = {
    "cpu": "the published code with its reference operations on two cores of an AMD EPYC (Zen 5)",
    "cuda": "the published code with its compiled plugins, eager, on an NVIDIA H200",
}


@dataclass(frozen=True)
class Case:
    """A network to time."""

    name: str
    build: Callable[[], Generator]
    published: float | None = None  # time of one picture by the published code [ms]


class Result(Struct, frozen=True):
    """Times of single pictures, batch 1, float32 weights [ms]."""

    network: str
    frames: int
    median_ms: float
    min_ms: float
    max_ms: float
    fps: float  # from the median
    published_ms: float | None
    times_faster: float | None  # than the published code


class Report(Struct, frozen=True):
    """All results, and what they were measured on."""

    device: str
    machine: str
    python: str
    torch: str
    threads: int
    published_on: str
    results: tuple[Result, ...]


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
    parser.add_argument("--json", action="store_true", help="print JSON, for other programs")


def run(args: argparse.Namespace) -> int:
    """Time the networks and print the result.

    Raises:
        CheckpointError: if a file cannot be read.
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
    frames = args.frames or (100 if device.type == "cuda" else 10)
    cases = file_cases(args.network) if args.network else published_cases(device.type)
    report = Report(
        device=describe_device(device),
        machine=_machine(),
        python=platform.python_version(),
        torch=str(torch.__version__),
        threads=torch.get_num_threads(),
        published_on="" if args.network else PUBLISHED_ON.get(device.type, ""),
        results=tuple(measure(cases, device, frames)),
    )
    print(json.dumps(to_builtins(report), indent=2) if args.json else format_report(report))
    return 0


def published_cases(device_type: str) -> list[Case]:
    """The published configurations that make sense on such a device, and the built-in network."""
    from stylegan3 import StyleGAN2Config, StyleGAN3Config

    radial: dict[str, Any] = {"conv_kernel": 1, "use_radial_filters": True}
    half: dict[str, Any] = {"channel_base": 16384}
    if device_type == "cuda":
        wide = StyleGAN3Config(channel_base=65536, channel_max=1024, **radial)
        return [
            _fresh("stylegan3-t 1024", StyleGAN3Config(), 12.7),
            _fresh("stylegan3-r 1024", wide, 18.0),
            _fresh("stylegan2 1024", StyleGAN2Config(), 15.8),
            _fresh("stylegan3-t 512", StyleGAN3Config(img_resolution=512), 10.3),
            _fresh("stylegan3-t 256", StyleGAN3Config(img_resolution=256, **half), 10.5),
            _fresh("stylegan2 256", StyleGAN2Config(img_resolution=256, **half), 12.9),
            _builtin(),
        ]
    small: dict[str, Any] = {"img_resolution": 128, "channel_base": 8192, "channel_max": 256}
    return [
        _fresh("stylegan3-t 256", StyleGAN3Config(img_resolution=256, **half), 7200),
        _fresh("stylegan3-t 128", StyleGAN3Config(**small), 1400),
        _fresh("stylegan3-r 128", StyleGAN3Config(**small, **radial)),
        _fresh("stylegan2 256", StyleGAN2Config(img_resolution=256, **half)),
        _builtin(),
    ]


def file_cases(paths: Sequence[Path]) -> list[Case]:
    """One case a checkpoint."""
    from stylegan3 import load

    return [Case(path.name, lambda path=path: load(path)) for path in paths]


def measure(cases: Sequence[Case], device: torch.device, frames: int) -> list[Result]:
    """Time `frames` pictures of every case, after two that warm up; progress goes to stderr."""
    from tqdm import tqdm

    results = []
    # disable=None: silent where stderr is no terminal
    with tqdm(total=len(cases) * frames, unit="picture", disable=None, leave=False) as bar:
        for case in cases:
            bar.set_description(case.name)
            times = _times(case.build().to(device), device, frames, bar.update)
            median = statistics.median(times)
            results.append(
                Result(
                    network=case.name,
                    frames=frames,
                    median_ms=round(median, 3),
                    min_ms=round(min(times), 3),
                    max_ms=round(max(times), 3),
                    fps=round(1000 / median, 2),
                    published_ms=case.published,
                    times_faster=round(case.published / median, 2) if case.published else None,
                )
            )
    return results


def format_report(report: Report) -> str:
    """The report as a table."""
    lines = [
        f"{report.device}; {report.machine}",
        f"torch {report.torch}, Python {report.python}, {report.threads} threads",
        "",
        f"{'z to picture':<22}{'median':>10}{'min':>10}{'max':>10}{'fps':>8}{'published':>12}"
        f"{'faster':>9}",
    ]
    for r in report.results:
        published = f"{r.published_ms:.1f} ms" if r.published_ms else "-"
        faster = f"{r.times_faster:.1f} x" if r.times_faster else "-"
        lines.append(
            f"{r.network:<22}{r.median_ms:>7.1f} ms{r.min_ms:>7.1f} ms{r.max_ms:>7.1f} ms"
            f"{r.fps:>8.1f}{published:>12}{faster:>9}"
        )
    if report.published_on:
        lines += ["", f"published: {report.published_on}"]
    return "\n".join(lines)


def _fresh(name: str, config: Any, published: float | None = None) -> Case:
    def build() -> Generator:
        import torch

        from stylegan3 import Generator

        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            return Generator(config).requires_grad_(False).eval()

    return Case(name, build, published)


def _builtin() -> Case:
    def build() -> Any:
        from sgview.engine.loader import builtin_networks

        return builtin_networks()[0].generator

    return Case("built-in", build)


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

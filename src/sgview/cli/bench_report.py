"""What `sgview bench` found, as JSON has it and as a table."""

from __future__ import annotations

from msgspec import Struct

from sgview.cli.bench_cpu import Floor
from sgview.cli.bench_engine import EngineTimes, format_engine


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
    published_graph_ms: float | None = None
    goal_ms: float | None = None
    error: float | None = None  # relative to the float32 generator's picture
    levels: int | None = None  # largest difference from it, of 255
    layers: dict[str, float] = {}  # GPU time of the steps of a frame [us]
    note: str = ""  # why the fast path did not play it
    engine: EngineTimes | None = None  # of whole frames, where they were asked for
    floor: Floor | None = None  # on the processor: what the operations take at its full rate


class Report(Struct, frozen=True):
    """All results, and what they were measured on."""

    device: str
    machine: str
    python: str
    torch: str
    threads: int
    published_on: str
    results: tuple[Result, ...]
    driver: str = ""
    commit: str = ""


def format_report(report: Report) -> str:
    """The report as a table."""
    driver = f", driver {report.driver}" if report.driver else ""
    commit = f", commit {report.commit}" if report.commit else ""
    has_gpu = any(r.error is not None for r in report.results)
    has_floor = any(r.floor is not None for r in report.results)
    lines = [
        f"{report.device}; {report.machine}",
        f"torch {report.torch}{driver}, Python {report.python}, {report.threads} threads{commit}",
        "",
        f"{'z to picture':<22}{'median':>11}{'min':>11}{'max':>11}{'fps':>9}"
        + (f"{'goal':>8}{'error':>9}{'of 255':>7}{'as graph':>10}" if has_gpu else "")
        + (f"{'GFLOP':>8}{'floor':>11}{'min/floor':>11}{'CPU':>7}" if has_floor else "")
        + f"{'published':>12}{'faster':>9}",
    ]
    for r in report.results:
        digits = 3 if has_gpu else 1
        gpu = ""
        if has_gpu:
            gpu = _cell(r.goal_ms, 8, ".2f") + _cell(r.error, 9, ".1e") + _cell(r.levels, 7, "d")
            gpu += _cell(r.published_graph_ms, 10, ".2f")
        if has_floor:
            gpu = _floor_cells(r.floor)
        lines.append(
            f"{r.network:<22}{r.median_ms:>8.{digits}f} ms{r.min_ms:>8.{digits}f} ms"
            f"{r.max_ms:>8.{digits}f} ms{r.fps:>9.1f}{gpu}"
            f"{_cell(r.published_ms, 12, '.1f', ' ms')}{_cell(r.times_faster, 9, '.1f', ' x')}"
        )
        lines += [f"  {r.note}"] * bool(r.note)
    for r in report.results:
        if r.layers:
            lines += [
                "",
                f"{r.network}: steps timed alone [us], {sum(r.layers.values()):.0f} together",
            ]
            lines += [f"  {name:<34}{us:>9.1f}" for name, us in r.layers.items()]
    for r in report.results:
        if r.engine is not None:
            lines += ["", *format_engine(r.network, r.engine)]
    if report.published_on:
        lines += ["", f"published: {report.published_on}"]
    return "\n".join(lines)


def _cell(value: float | None, width: int, form: str, unit: str = "") -> str:
    return f"{'-' if value is None else format(value, form) + unit:>{width}}"


def _floor_cells(floor: Floor | None) -> str:
    if floor is None:
        return f"{'-':>8}{'-':>11}{'-':>11}{'-':>7}"
    return (
        f"{floor.gflop:>8.2f}{floor.floor_ms:>8.1f} ms"
        f"{floor.times_floor:>11.2f}{floor.times_floor_cpu:>7.2f}"
    )

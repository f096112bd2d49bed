"""Measure how fast films are made on this machine, by one process and by several workers.

One run measures the network alone, the encoders alone on all cores, and the program itself, start
included: `sgview render` to PNG files and to a film, with 1, 2, ... workers, whether their files
are the same, and what becomes of a film of which one worker is killed. What the graphics cards and
the processor did meanwhile is sampled, so that it shows what limits.

    python -m tools.film_bench --network stylegan3-t --size 1024 --frames 600 --workers 1,2

Prints a table, and writes the same as JSON with --json FILE.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tools.film_bench_parts import ENCODER, NETWORK, measure_part
from tools.film_bench_runs import FORMATS, Setup, measure_runs
from tools.film_bench_take import NETWORKS, make_film


def main() -> int:
    """Measure, print and return the exit code."""
    args = _parser().parse_args()
    if args.table:
        print(markdown(json.loads(args.table.read_text())))
        return 0
    if args.part:
        print(json.dumps(measure_part(args.part, args.folder, args.device, args.frames)))
        return 0
    folder = args.folder or Path(tempfile.mkdtemp(prefix="film-bench-"))
    folder.mkdir(parents=True, exist_ok=True)
    make_film(folder, args.network, args.size, args.frames)
    formats = args.formats.split(",")
    counts = [int(count) for count in args.workers.split(",") if count]
    report: dict[str, Any] = {"film": f"{args.network} {args.size}, {args.frames} pictures"}

    def show() -> None:  # after every step: a run that is cut short has shown what it has
        print(format_report(report), flush=True)
        if args.json:
            args.json.write_text(json.dumps(report, indent=2) + "\n")

    for part in (NETWORK, ENCODER):
        report[part] = _part(part, folder, args)
        show()
    setup = Setup(folder, args.device, args.frames, args.single)
    for name, result in measure_runs(setup, formats, counts, kills=args.kill):
        report.setdefault("runs", {})[name] = result
        show()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.film_bench", description=__doc__)
    parser.add_argument("--network", choices=NETWORKS, default="stylegan3-t")
    parser.add_argument("--size", type=int, default=1024, help="of its pictures [px]")
    parser.add_argument("--frames", type=int, default=600)
    parser.add_argument("--workers", default="1,2", help="numbers to compare; '': none")
    parser.add_argument("--formats", default="png,mp4", help=", ".join(FORMATS))
    parser.add_argument("--device", default="auto")
    parser.add_argument("--folder", type=Path, help="for networks and films (a temporary one)")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--kill", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--single", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument(
        "--table", type=Path, metavar="FILE.json", help="print what was measured as Markdown"
    )
    parser.add_argument("--part", choices=[NETWORK, ENCODER], help=argparse.SUPPRESS)
    return parser


def _part(part: str, folder: Path, args: argparse.Namespace) -> dict[str, Any]:
    """Measure a part in a process of its own, which gives the device back."""
    command = [sys.executable, "-m", "tools.film_bench", "--part", part, "--folder", str(folder)]
    command += ["--device", args.device, "--frames", str(args.frames)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        return {"error": done.stderr.strip().splitlines()[-1:]}
    return json.loads(done.stdout)


def format_report(report: dict[str, Any]) -> str:
    """The report as a table."""
    lines = ["", report["film"]]
    for part in (NETWORK, ENCODER):
        for name, value in report.get(part, {}).items():
            lines.append(f"  {part} alone, {name:<34}{value}")
    head = ("start", "all s", "fps all", "fps", "GPU %", "cores")
    lines.append(f"  {'':<26}" + "".join(f"{name:>10}" for name in head))
    for name, run in report.get("runs", {}).items():
        cells = (
            run.get("start_s"),
            run.get("seconds"),
            run.get("fps_with_start"),
            run.get("fps"),
            "/".join(f"{busy:.0f}" for busy in run.get("gpu_busy", ())),
            run.get("cores_busy"),
        )
        row = "".join(f"{'-' if cell in (None, '') else cell:>10}" for cell in cells)
        lines.append(f"  {name:<26}{row}")
        lines += [f"      {note}" for note in run.get("notes", ())]
    return "\n".join(lines)


def markdown(report: dict[str, Any]) -> str:
    """The runs of a report as a table for the documentation."""
    network, encoder = report.get(NETWORK, {}), report.get(ENCODER, {})
    lines = [
        f"{report['film']}; {network.get('device', '')}, {encoder.get('cores', '?')} cores. Alone"
        f" the network makes {network.get('pictures [1/s]', '?')} pictures a second, and the"
        f" encoders on all cores: PNG {encoder.get('PNG [1/s]', '?')}, H.264"
        f" {encoder.get('H.264 [1/s]', '?')}.",
        "",
        "| | start [s] | whole [s] | pictures/s with start | pictures/s | times 1 worker"
        " | GPUs busy [%] | cores busy |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, run in report.get("runs", {}).items():
        cells = (
            name,
            run.get("start_s", ""),
            run.get("seconds", ""),
            run.get("fps_with_start", ""),
            run.get("fps", ""),
            run.get("times_faster", ""),
            ", ".join(f"{busy:.0f}" for busy in run.get("gpu_busy", ())),
            run.get("cores_busy", ""),
        )
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())

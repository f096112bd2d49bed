"""Where the time of `sgview render` goes, from its start to its end, in one process and in a farm.

    python -m tools.film_profile --network stylegan3-t --size 1024 --frames 300 --folder F

Prints JSON after every step: bare starts (Python, torch, a first touch of the GPU, Ray), a film
with an empty cache of kernels and with a full one, the same under Python's profiler, and what
workers note of their own starts (`--report`). On a machine without a GPU or Ray those steps say so.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools.film_bench_take import NETWORKS, TAKE, make_film
from tools.film_profile_child import BEGAN, PROFILED

_LIMIT = 300.0  # of one run [s]
_BARE = {
    "python": "pass",
    "torch": "import torch",
    "a touch of the GPU": "import torch; torch.zeros(1, device='cuda').item()",
    "a touch of the GPU, lazily loaded":
        "import os; os.environ['CUDA_MODULE_LOADING'] = 'LAZY'; import torch;"
        " torch.zeros(1, device='cuda').item()",
    "import ray": "import ray",
    "ray, started and ended":
        "import ray, time; ray.init('local', include_dashboard=False, log_to_driver=False);"
        " ray.shutdown()",
}  # fmt: skip


def main() -> int:
    """Measure and print; return the exit code."""
    args = _parser().parse_args()
    folder = args.folder or Path(tempfile.mkdtemp(prefix="film-profile-"))
    folder.mkdir(parents=True, exist_ok=True)
    make_film(folder, args.network, args.size, args.frames)
    report: dict[str, Any] = {"film": f"{args.network} {args.size}, {args.frames} pictures"}
    for name, result in _steps(args, folder):
        report[name] = result
        print(json.dumps({name: result}), flush=True)
        if args.json:
            args.json.write_text(json.dumps(report, indent=1) + "\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.film_profile", description=__doc__)
    parser.add_argument("--network", choices=NETWORKS, default="stylegan3-t")
    parser.add_argument("--size", type=int, default=1024, help="of its pictures [px]")
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--workers", default="1,2", help="numbers to try; '': none")
    parser.add_argument("--formats", default="png,mp4")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--folder", type=Path, help="for networks and films (a temporary one)")
    parser.add_argument("--json", type=Path, metavar="FILE")
    return parser


def _steps(args: argparse.Namespace, folder: Path) -> Iterator[tuple[str, Any]]:
    bare = {name: _bare(code) for name, code in _BARE.items()}
    yield "bare", {name: seconds for name, seconds in bare.items() if seconds is not None}
    cache = folder / "cache"
    shutil.rmtree(cache, ignore_errors=True)
    formats = args.formats.split(",")
    yield "cold", _run(args, folder, formats[0])
    for suffix in formats:
        yield f"warm, {suffix}", _run(args, folder, suffix)
    yield "warm, profiled", _run(args, folder, formats[0], is_profiled=True)
    for count in filter(None, args.workers.split(",")):
        yield f"{count} workers", _farm(args, folder, count)


def _bare(code: str) -> float | None:
    """Return what a start takes the second time [s]; None: it does not work here."""
    for _ in range(2):
        since = time.time()
        if subprocess.run([sys.executable, "-c", code], capture_output=True).returncode:
            return None
    return round(time.time() - since, 3)


def _environment(folder: Path) -> dict[str, str]:
    """Return an environment with a cache of kernels of its own."""
    return {**os.environ, "XDG_CACHE_HOME": str(folder / "cache"), BEGAN: repr(time.time())}


def _command(args: argparse.Namespace, folder: Path, out: Path) -> list[str]:
    command = ["render", "--take", str(folder / TAKE), "--out", str(out), "--force"]
    return [*command, "--device", args.device, "--frames", str(args.frames)]


def _run(
    args: argparse.Namespace, folder: Path, suffix: str, *, is_profiled: bool = False
) -> dict[str, Any]:
    marks, out = folder / "marks.json", _target(folder, suffix)
    marks.unlink(missing_ok=True)
    environment = _environment(folder) | ({PROFILED: "1"} if is_profiled else {})
    command = [sys.executable, "-m", "tools.film_profile_child", str(marks)]
    result = _timed([*command, *_command(args, folder, out)], environment)
    if marks.is_file():
        result |= json.loads(marks.read_text())
        result["gone after returning"] = round(result["seconds"] - result["returned"], 3)
    _remove(out)
    return result


def _farm(args: argparse.Namespace, folder: Path, count: str) -> dict[str, Any]:
    out, report = _target(folder, "png"), folder / "report.json"
    options = ["--workers", count, "--report", str(report)]
    began = time.time()
    command = [sys.executable, "-m", "sgview", *_command(args, folder, out), *options]
    result = _timed(command, _environment(folder))
    if report.is_file():
        result["marks"] = _since(began, json.loads(report.read_text()))
    _remove(out)
    return result


def _since(began: float, value: Any) -> Any:
    """Return a report whose points of real time count from the start."""
    if isinstance(value, dict):
        return {name: _since(began, each) for name, each in value.items()}
    if isinstance(value, list):
        return [_since(began, each) for each in value]
    is_time = isinstance(value, float) and value > 1e9
    return round(value - began, 3) if is_time else value


def _timed(command: list[str], environment: dict[str, str]) -> dict[str, Any]:
    since = time.time()
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_LIMIT, env=environment
        )
    except subprocess.TimeoutExpired:
        return {"error": f"not done after {_LIMIT:g} s"}
    result: dict[str, Any] = {"seconds": round(time.time() - since, 3)}
    if done.returncode:
        result["error"] = done.stderr.strip().splitlines()[-4:]
    return result


def _target(folder: Path, suffix: str) -> Path:
    return folder / ("profiled" if suffix == "png" else f"profiled.{suffix}")


def _remove(out: Path) -> None:
    if out.is_dir():
        shutil.rmtree(out)
    out.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main())

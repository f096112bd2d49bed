"""Whole runs of `sgview render`, watched from outside."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sgview.cli.films.parts import MANIFEST, parts_folder
from sgview.outputs.film_writers import cores
from tests.support.processes import descendants_called
from tools.film_bench_take import TAKE
from tools.machine_load import MachineLoad

FORMATS = {
    "png": ("png", ()),
    "mp4": ("mp4", ()),
    "mkv": ("mkv", ()),
    "webm": ("webm", ()),
    # The graphics card limits these: pictures that cost little to encode, or much to make.
    "png-128px": ("png", ("--size", "128x128")),
    "png-fp32": ("png", ("--precision", "fp32")),
}
"""What can be measured: the suffix of the film, and options."""
_LIMIT = 900.0  # of one run [s]
_CHUNKS_BEFORE_KILL = 2


@dataclass(frozen=True)
class Setup:
    """What is rendered."""

    folder: Path
    device: str
    frames: int
    with_single: bool  # also the program without workers

    def command(self, out: Path, *options: str) -> list[str]:
        """Return how the film is rendered to `out`."""
        take = str(self.folder / TAKE)
        command = [sys.executable, "-m", "sgview", "render", "--take", take, "--out", str(out)]
        return [*command, "--device", self.device, "--frames", str(self.frames), *options]


def measure_runs(
    setup: Setup, formats: list[str], counts: list[int], *, kills: bool
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the name and result of each run; workers always have the same number of cores."""
    share = max(1, cores() // max(counts, default=1))
    of_first = ""  # of the files of the first format
    for name in formats:
        hashes: set[str] = set()
        suffix, extra = FORMATS[name]
        if setup.with_single:
            yield f"{name}, one process", _run(setup, suffix, [*extra])
        rates: dict[int, float] = {}
        for count in counts:
            result = _run(setup, suffix, [*extra, "--workers", str(count), "--threads", str(share)])
            rates[count] = result.get("fps") or 0.0
            result.setdefault("notes", []).append(f"{share} cores for each worker")
            if count != counts[0] and rates[counts[0]]:
                result["times_faster"] = round(rates[count] / rates[counts[0]], 3)
                result["notes"].append(f"{result['times_faster']} times {counts[0]}")
            if suffix == "png":
                hashes.add(result["sha256"])
                of_first = of_first or result["sha256"]
                result["notes"].append(f"bytes {'equal' if len(hashes) == 1 else 'DIFFER'}")
            yield f"{name}, {count} worker{'s' * (count > 1)}", result
    if kills and counts:
        count = max(counts)
        suffix, extra = FORMATS[formats[0]]
        options = [*extra, "--workers", str(count), "--threads", str(share)]
        result = _run(setup, suffix, options, is_killed=True)
        notes = result.setdefault("notes", [])
        if suffix == "png":
            is_equal = result["sha256"] == of_first
            notes.append(f"bytes {'equal' if is_equal else 'DIFFER'}")
        yield f"{formats[0]}, {count}, one killed", result


def _run(
    setup: Setup, suffix: str, options: list[str], *, is_killed: bool = False
) -> dict[str, Any]:
    out = setup.folder / ("pictures" if suffix == "png" else f"film.{suffix}")
    report = setup.folder / "report.json"
    _remove(out, parts_folder(out), report)
    if "--workers" in options:
        options = [*options, "--report", str(report)]
    with MachineLoad() as load:
        began = time.time()
        process = subprocess.Popen(setup.command(out, *options), stderr=subprocess.PIPE, text=True)
        if is_killed:
            killer = threading.Thread(target=_kill_one, args=(process, parts_folder(out)))
            killer.start()
        try:
            _, said = process.communicate(timeout=_LIMIT)
        except subprocess.TimeoutExpired:
            process.terminate()
            _, said = process.communicate()
        ended = time.time()
    seconds = ended - began
    result: dict[str, Any] = {
        "seconds": round(seconds, 3),
        "fps_with_start": round(setup.frames / seconds, 2),
        "exit_code": process.returncode,
        "said": said.strip().splitlines()[-2:],
    }
    if process.returncode:
        return result | {"sha256": "", "notes": [f"FAILED: {result['said']}"]}
    since, until = began, ended
    if report.is_file():
        made = json.loads(report.read_text())
        since, until = made["first_chunk"], made["last_chunk"]
        result["start_s"] = round(since - began, 2)
        result["end_s"] = round(ended - until, 2)
        result["fps"] = made["pictures_a_second"]
        result["lost_workers"] = made["lost_workers"]
        if is_killed:
            result["notes"] = [f"{made['lost_workers']} workers lost, {made['pictures']} pictures"]
    result |= load.between(since, until)
    result["sha256"] = _digest(out)
    result["MB"] = round(_size(out) / 1e6, 1)
    _remove(out)
    return result


def _kill_one(process: subprocess.Popen[str], parts: Path) -> None:
    """Kill a worker as soon as some chunks are there."""
    while process.poll() is None:
        with suppress(OSError):
            lines = (parts / MANIFEST).read_bytes().count(b"\n")
            if lines > _CHUNKS_BEFORE_KILL and (
                workers := descendants_called("ray::FilmWorker", process.pid)
            ):
                os.kill(workers[0], signal.SIGKILL)
                return
        time.sleep(0.01)


def _files(out: Path) -> list[Path]:
    return sorted(out.iterdir()) if out.is_dir() else [out]


def _digest(out: Path) -> str:
    """Return one hash of all files, their names and order."""
    files = _files(out)
    with ThreadPoolExecutor(8) as threads:
        hashes = threads.map(lambda path: hashlib.sha256(path.read_bytes()).hexdigest(), files)
        whole = hashlib.sha256()
        for path, digest in zip(files, hashes, strict=True):
            whole.update(f"{path.name} {digest}\n".encode())
    return whole.hexdigest()


def _size(out: Path) -> int:
    return sum(path.stat().st_size for path in _files(out))


def _remove(*paths: Path) -> None:
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)

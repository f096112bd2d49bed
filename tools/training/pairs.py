"""Train both pairs of built-in networks side by side, in one call or in several.

    python tools/training/pairs.py --work /tmp/pairs --out OUT --minutes 15 --call 9
    python tools/training/pairs.py --work /tmp/pairs --out OUT --minutes 15 --call 6.5

GPUs are shared out among the pairs. In each pair blooms trains alone at first, on all GPUs of the
pair; then planets starts from what blooms is, and both train on, each on half of the GPUs. What
runs are made of stays in `--work`, so that the next call goes on where this one stopped.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from PIL import Image

_SCRIPT = Path(__file__).with_name("train.py")
_WRITING = 0.75  # minutes that a run may take to write its results
_DISCRIMINATORS = {"sg2": "8192", "sg3": "8192"}  # channel base


@dataclass(frozen=True)
class Plan:
    """What one call is to do."""

    work: Path
    out: Path
    minutes: float  # of blooms, all calls together
    alone: float  # share of that in which blooms trains alone
    deadline: float  # time.monotonic() at which everything is written
    is_last: bool
    samples: int
    extra: tuple[str, ...]  # more options for every run

    @property
    def left(self) -> float:
        """Minutes until the deadline."""
        return (self.deadline - time.monotonic()) / 60


class Crew:
    """The training processes of all pairs; knows how to stop them."""

    def __init__(self) -> None:
        self._processes: list[subprocess.Popen[bytes]] = []
        self._lock = threading.Lock()
        self.should_stop = False

    def start(self, plan: Plan, name: str, gpus: list[str], arguments: list[str]) -> list[Any]:
        """Start one run with a process on each of `gpus`; on a CPU `gpus` has one empty name."""
        started = []
        with self._lock:
            port = 29_500 + len(self._processes)
            for rank in range(len(gpus)):
                environment = os.environ | {
                    "CUDA_VISIBLE_DEVICES": ",".join(gpus),
                    "RANK": str(rank),
                    "WORLD_SIZE": str(len(gpus)),
                    "MASTER_ADDR": "127.0.0.1",
                    "MASTER_PORT": str(port),
                    "OMP_NUM_THREADS": "2",
                }
                with (plan.work / f"{name}-{rank}.log").open("ab") as log:
                    command = [sys.executable, str(_SCRIPT), *arguments]
                    process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
                self._processes.append(process)
                started.append(process)
        return started

    def stop(self) -> None:
        """Ask all to write what they have and end."""
        self.should_stop = True
        for process in self._processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)


def play_pair(plan: Plan, crew: Crew, network: str, gpus: list[str]) -> None:
    """Take one pair as far as this call's time goes."""
    split = plan.minutes * plan.alone
    blooms = minutes_of(plan, network, "blooms")
    if blooms < split - 0.2:
        pause = min(split, blooms + plan.left - _WRITING)
        _wait(
            plan, crew.start(plan, f"{network}-blooms", gpus, _run(plan, network, "blooms", pause))
        )
    if crew.should_stop or minutes_of(plan, network, "blooms") < split - 0.2:
        return
    fork = plan.work / f"{network}-fork"
    if not fork.exists():  # planets reads it while blooms already writes on
        shutil.copytree(plan.work / f"{network}-blooms", fork)
    half = len(gpus) // 2
    first, second = (gpus[:half], gpus[half:]) if half else (gpus, gpus)
    started = []
    for family, places in (("blooms", first), ("planets", second)):
        if plan.left > _WRITING + 0.1:
            arguments = _run(plan, network, family, None)
            started += crew.start(plan, f"{network}-{family}", places, arguments)
    _wait(plan, started)


def minutes_of(plan: Plan, network: str, family: str) -> float:
    """How long a run has gone on, all calls together."""
    file = plan.work / f"{network}-{family}" / f"{network}-{family}.json"
    return json.loads(file.read_text())["record"]["minutes"] if file.exists() else 0.0


def _run(plan: Plan, network: str, family: str, pause: float | None) -> list[str]:
    """Options of train.py for the next part of a run; without `pause` up to the deadline."""
    folder = plan.work / f"{network}-{family}"
    spent = minutes_of(plan, network, family)
    minutes = plan.minutes * (1 if family == "blooms" else 1 - plan.alone)
    end = spent + plan.left
    samples = "0"
    if pause is None:
        samples = str(plan.samples)
        pause = end - _WRITING
        if plan.is_last:  # then the rate has fallen when the time is over
            minutes = end
    arguments = ["--network", network, "--family", family, "--out", str(folder)]
    arguments += ["--minutes", f"{minutes:.3f}", "--pause-at", f"{pause:.3f}"]
    arguments += ["--channel-base", _DISCRIMINATORS.get(network, "256"), "--state", "full"]
    arguments += ["--samples", samples, *plan.extra]
    if (folder / "state-0.safetensors").exists():
        return [*arguments, "--resume", str(folder)]
    if family == "planets":
        return [*arguments, "--start-from", str(plan.work / f"{network}-fork")]
    return arguments


def _wait(plan: Plan, processes: list[Any]) -> None:
    """Until all have ended; one that hangs past the deadline is told to end, then made to."""
    for process in processes:
        try:
            process.wait(max(plan.left * 60, 0) + 15)
        except subprocess.TimeoutExpired:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
    failed = [process.args for process in processes if process.wait() != 0]
    if failed:
        print(f"a run failed, see its log: {failed}", flush=True)


def collect(plan: Plan, networks: list[str]) -> list[Path]:
    """Gather into `out`: network files, one sheet of sheets, one of curves, and all records."""
    plan.out.mkdir(parents=True, exist_ok=True)
    sheets, curves, report, files = [], [], {}, []
    for network in networks:
        for family in ("blooms", "planets"):
            name = f"{network}-{family}"
            folder = plan.work / name
            if not (folder / f"{name}.json").exists():
                continue
            files.append(Path(shutil.copy(folder / f"{name}.safetensors", plan.out)))
            sheets.append(folder / f"{name}.png")
            curves.append(folder / f"{name}-curves.png")
            report[name] = json.loads((folder / f"{name}.json").read_text())
    text = json.dumps(report, indent=None, separators=(",", ":"))
    (plan.out / "pairs.json").write_text(text)
    files.append(plan.out / "pairs.json")
    if sheets:
        files.append(_mosaic(sheets, plan.out / "sheets.jpg", (1200, 600)))
        files.append(_mosaic(curves, plan.out / "curves.png", (960, 480)))
    return files


def _mosaic(pictures: list[Path], path: Path, size: tuple[int, int]) -> Path:
    """Pictures two by two in one file, each fitted into `size`."""
    width, height = size
    rows = -(-len(pictures) // 2)
    mosaic = Image.new("RGB", (2 * width, rows * height), "white")
    for index, picture in enumerate(pictures):
        with Image.open(picture) as image:
            tile = image.convert("RGB")
            tile.thumbnail(size, Image.Resampling.LANCZOS)
            mosaic.paste(tile, (index % 2 * width, index // 2 * height))
    mosaic.save(path, quality=88, optimize=True)
    return path


def main(arguments: list[str] | None = None) -> None:
    """Train as the command line says, then gather the results."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--work", type=Path, required=True, help="where runs keep their states between calls")
    add("--out", type=Path, required=True, help="folder for the results, at most 7 files")
    add("--minutes", type=float, required=True, help="of training, all calls together")
    add("--call", type=float, help="wall clock of this call, writing included; default: minutes")
    add("--alone", type=float, default=0.42, help="share of the time before planets starts")
    add("--networks", default="sg2,sg3", help="the pairs, separated by commas")
    add("--samples", type=int, default=2048, help="pictures for each Frechet distance")
    add("--gpus", type=int, default=torch.cuda.device_count(), help="0: the CPU")
    add("extra", nargs="*", help="after --: more options for train.py")
    args = parser.parse_args(arguments)
    started = time.monotonic()
    call = args.minutes if args.call is None else args.call
    networks = args.networks.split(",")
    args.work.mkdir(parents=True, exist_ok=True)
    clock = args.work / "clock.json"
    before = json.loads(clock.read_text()) if clock.exists() else 0.0
    clock.write_text(json.dumps(before + call))
    is_last = before + call >= args.minutes - 0.5
    deadline = started + call * 60
    plan = Plan(
        args.work, args.out, args.minutes, args.alone, deadline, is_last, args.samples,
        tuple(args.extra),
    )  # fmt: skip

    crew = Crew()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: crew.stop())
    gpus = [str(index) for index in range(args.gpus)] or [""]
    threads = []
    for index, network in enumerate(networks):
        share = [g for i, g in enumerate(gpus) if i * len(networks) // len(gpus) == index]
        share = share or [gpus[index % len(gpus)]]
        threads.append(threading.Thread(target=play_pair, args=(plan, crew, network, share)))
        threads[-1].start()
    for thread in threads:
        while thread.is_alive():
            thread.join(0.5)  # signals are seen in between
    for path in collect(plan, networks):
        print(f"{path.stat().st_size / 1e6:8.2f} MB  {path}")
    for file in sorted(args.work.glob("*/*.json")):
        print(file.stem, json.dumps(json.loads(file.read_text())["record"]), flush=True)


if __name__ == "__main__":
    main()

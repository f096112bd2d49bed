"""Run the targets, some at a time, and print what came of it."""

from __future__ import annotations

import argparse
import importlib.util
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import nullcontext
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tools.fuzz.measure import Outcome

GUIDED_FROM = (
    300.0  # what coverage needs to be worth its time: loading alone takes half a minute [s]
)
LATE = 300.0  # a process that has not ended so long after its time is ended [s]


def main() -> int:
    """Fuzz; 0 if nothing escaped."""
    parser = argparse.ArgumentParser(prog="python -m tools.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="for all targets together")
    parser.add_argument("--only", action="append", metavar="NAME", help="a target; repeatable")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes at a time")
    parser.add_argument("--mutation", action="store_true", help="not led by coverage")
    parser.add_argument("--list", action="store_true", help="print the names of the targets")
    parser.add_argument("--keep", type=Path, default=Path("out/fuzz"), help="for what escaped")
    args = parser.parse_args()
    is_long = args.seconds >= GUIDED_FROM or args.only
    has_atheris = importlib.util.find_spec("atheris") is not None
    is_guided = bool(has_atheris and is_long and not args.mutation)
    start = time.monotonic()
    names = _load(is_guided)
    wanted = args.only or names
    if unknown := set(wanted) - set(names):
        parser.error(f"no target {', '.join(unknown)}; there is {', '.join(names)}")
    if args.list:
        print("\n".join(names))
        return 0
    way = "led by coverage (atheris)" if is_guided else "mutated at random"
    print(f"{len(wanted)} targets, {way}; loaded in {time.monotonic() - start:.1f} s", flush=True)
    outcomes = dict(_run_all(args, wanted, is_guided, args.seconds - time.monotonic() + start))
    return _report(wanted, outcomes, args.keep, time.monotonic() - start)


def _load(is_guided: bool) -> list[str]:
    """Import what reads, once for all processes; return the names of the targets."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if is_guided:
        import atheris

        context = atheris.instrument_imports(include=["sgview", "stylegan3"])
    else:
        context = nullcontext()
    with context:
        from tools.fuzz.targets import targets
    with tempfile.TemporaryDirectory() as folder:
        return [target.name for target in targets(Path(folder))]


def _run_all(
    args: argparse.Namespace, names: list[str], is_guided: bool, seconds: float
) -> Iterator[tuple[str, Outcome]]:
    """Run each target for its share of the time, some at a time."""
    from tools.fuzz.process import Task, ended, run

    fork = multiprocessing.get_context("fork")
    end = time.monotonic() + seconds
    with tempfile.TemporaryDirectory(dir=_quick_folder()) as folder:
        waiting, running = list(names), list[tuple[Task, BaseProcess, Connection, float]]()
        while waiting or running:
            while waiting and len(running) < args.jobs:
                rounds = -(-len(waiting) // args.jobs)
                share = max(0.5, (end - time.monotonic()) / rounds - 0.7)
                name = waiting.pop(0)
                task = Task(name, share, args.seed, is_guided, Path(folder) / name, args.keep)
                receiver, sender = fork.Pipe(duplex=False)
                process = fork.Process(target=run, args=(task, sender), daemon=True)
                process.start()
                sender.close()
                running.append((task, process, receiver, time.monotonic() + share + LATE))
            time.sleep(0.02)
            for entry in list(running):
                task, process, receiver, late = entry
                if process.is_alive() and time.monotonic() < late and not receiver.poll():
                    continue
                try:
                    outcome = receiver.recv() if receiver.poll() else None
                except EOFError:
                    outcome = None
                process.join(1.0)
                if process.is_alive():
                    process.kill()
                    process.join()
                running.remove(entry)
                yield task.name, outcome or ended(task, process.exitcode)


def _quick_folder() -> str | None:
    """Return a folder in memory, where the system has one."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def _report(names: list[str], outcomes: dict[str, Outcome], kept: Path, seconds: float) -> int:
    titles = ("inputs", "gave a value", "seconds", "worst time [ms]", "worst memory [MB]")
    print(f"| reader | {' | '.join(titles)} | escaped |")
    print("|---|---|---|---|---|---|---|")
    for name in names:
        o = outcomes[name]
        print(
            f"| {name} | {o.inputs} | {o.accepted} | {o.seconds:.0f} | {o.worst_time * 1e3:.0f}"
            f" | {o.worst_memory:.0f} | {len(o.escaped) or 'nothing'} |"
        )
    total = sum(o.inputs for o in outcomes.values())
    slow = sum(o.slow for o in outcomes.values())
    escaped = [f"{name}: {what}" for name, o in outcomes.items() for what in o.escaped]
    print(f"{total} inputs in {seconds:.0f} s; {slow} took longer than they should")
    for what in escaped:
        print(f"ESCAPED {what}, in {kept}")
    return 1 if escaped else 0


if __name__ == "__main__":
    sys.exit(main())

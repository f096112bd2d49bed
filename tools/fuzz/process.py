"""One target in a process of its own, which may run out of memory, hang or crash."""

from __future__ import annotations

import faulthandler
import hashlib
import logging
import os
import resource
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import torch

from tools.fuzz.measure import Judge, Outcome, Watch
from tools.fuzz.mutation import LARGEST, Mutator
from tools.fuzz.targets import targets

ROOM = 3 << 30  # of addresses, beyond what is in use before the first input [bytes]
WARM_UP = 0.3  # [s]
HANG = 120.0  # an input that takes so long ends the process [s]


@dataclass(frozen=True)
class Task:
    """What a process does."""

    name: str
    seconds: float
    seed: int
    is_guided: bool  # by coverage
    folder: Path  # for files to be read
    kept: Path  # for inputs that are worth keeping


def run(task: Task, sender: Connection) -> None:
    """Try inputs until time is over; send the outcome."""
    logging.disable(logging.WARNING)  # a file that cannot be read may be a log line
    torch.set_num_threads(1)
    for folder in (task.folder, task.kept):
        folder.mkdir(parents=True, exist_ok=True)
    target = next(each for each in targets(task.folder) if each.name == task.name)
    judge = Judge(
        target.read,
        target.refusals,
        Watch(),
        lambda data, problem: _keep(task, data, problem),
        time_limit=target.time_limit,
        memory_limit=target.memory_limit,
    )
    seeds = target.seeds()
    if judge.warm(seeds) == 0:
        judge.outcome.escaped.append(f"none of the {len(seeds)} good inputs is read")
    mutator = Mutator(task.seed, seeds, target.tokens)
    start = time.monotonic()
    while time.monotonic() - start < WARM_UP:  # what is imported at the first refusals
        with suppress(*target.refusals, Exception):
            target.read(mutator.make())
    _bound_memory()
    if task.is_guided:
        _fuzz_guided(task, seeds, judge, mutator, sender)
    start = time.monotonic()
    while time.monotonic() - start < task.seconds:
        _try(task, judge, mutator.make())
    judge.outcome.seconds = time.monotonic() - start
    sender.send(judge.outcome)


def _fuzz_guided(
    task: Task, seeds: list[bytes], judge: Judge, mutator: Mutator, sender: Connection
) -> None:
    """Let coverage choose which inputs are changed further; does not return."""
    import atheris

    corpus = task.folder / "corpus"
    corpus.mkdir(exist_ok=True)
    for number, seed in enumerate(seeds):
        (corpus / f"seed-{number}").write_bytes(seed)
    start = time.monotonic()

    def try_one(data: bytes) -> None:
        _try(task, judge, data)
        if time.monotonic() - start >= task.seconds:
            judge.outcome.seconds = time.monotonic() - start
            sender.send(judge.outcome)
            os._exit(0)

    def mutate(data: bytes, largest: int, seed: int) -> bytes:
        choice = seed % 3
        if choice == 0:
            return atheris.Mutate(data, largest)
        return (mutator.make() if choice == 1 else mutator.mutate(data))[:largest]

    arguments = [sys.argv[0], str(corpus), f"-seed={task.seed + 1}", f"-max_len={LARGEST}"]
    arguments += ["-rss_limit_mb=0", f"-timeout={HANG:.0f}", "-verbosity=0", "-close_fd_mask=3"]
    arguments += [f"-artifact_prefix={task.kept}/"]
    atheris.Setup(arguments, try_one, custom_mutator=mutate)
    atheris.Fuzz()


def _try(task: Task, judge: Judge, data: bytes) -> None:
    """Try one input, which is in the folder if it ends the process."""
    (task.folder / "input").write_bytes(data)
    if time.monotonic() - judge.outcome.watched > 1.0:  # arming takes longer than most inputs
        faulthandler.dump_traceback_later(HANG, exit=True)
        judge.outcome.watched = time.monotonic()
    judge.judge(data)


def _bound_memory() -> None:
    """Let an input that would take all the machine's memory have no more than `ROOM`."""
    with suppress(OSError, ValueError):
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * os.sysconf("SC_PAGE_SIZE") + ROOM
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _keep(task: Task, data: bytes, problem: str) -> str:
    """Write an input and what came of it; return the file's name."""
    path = task.kept / f"{task.name}-{hashlib.sha256(data).hexdigest()[:12]}"
    path.write_bytes(data)
    path.with_suffix(".txt").write_text(f"{problem}\n")
    return path.name


def ended(task: Task, code: int | None) -> Outcome:
    """Return the outcome of a process that sent none, with the input that ended it."""
    outcome, name = Outcome(), "no input"
    last = task.folder / "input"
    if last.exists():
        name = _keep(task, last.read_bytes(), f"ended with {code}")
    outcome.escaped.append(f"the process ended with {code} [{name}]")
    return outcome

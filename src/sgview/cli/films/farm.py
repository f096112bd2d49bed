"""Many workers for one film, by Ray: an engine a GPU, or several on processors.

The driver resolves shots, which remember earlier ones and are cheap; workers make chunks of them.
A chunk whose worker was lost goes to another, and a new worker takes the lost one's place.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import numpy as np

from sgview.cli.films.cluster import cause_of, connect
from sgview.cli.films.farm_worker import FilmWorker
from sgview.cli.films.maker import Share
from sgview.cli.films.pace import Pace
from sgview.cli.films.recipe import Chunk, Recipe
from sgview.cli.films.sent_files import SentFiles
from sgview.cli.films.where import REMOTE
from sgview.cli.interrupts import Interrupts
from sgview.closing import Closing
from sgview.outputs.film_writers import SEQUENCES, cores, first_of
from sgview.show.takes.take import RecordedNetwork
from sgview.state.networks import NetworkStatus, Slot
from sgview.state.params import Params
from sgview.state.user_files import UserFiles, user_files
from sgview.state.validation import ConfigError

MOST_LOSSES = 3  # workers that one chunk may cost before it is thought to be the cause
_MOST_KEPT = 4  # chunks that wait to be written
_PATIENCE = 0.2  # after which interrupts are looked for [s]
Made = list[list[memoryview]]
"""The files of a chunk for each film that it was made for."""

Keep = Callable[[Chunk, Made, list[str]], None]


class Farm(Closing):
    """Workers that make chunks.

    Args:
        where: how many workers on this machine, or the address of a cluster, ``ray://HOST:PORT``,
            of which every GPU, or without any every core, becomes one.
        recipes: how pictures are made, the same in all, and written: one for each film.
        threads: of each worker; 0: all workers of a machine share its cores.
        named: finds the files that parameters name.

    Raises:
        ConfigError: if Ray is not installed or does not answer, or there are fewer GPUs.
    """

    def __init__(
        self,
        where: str,
        recipes: Sequence[Recipe],
        threads: int = 0,
        named: UserFiles | None = None,
    ) -> None:
        self._recipes = tuple(recipes)
        self._workers: list[Any] = []
        self._ray, self._is_mine = connect(where)
        self.files = SentFiles(self._ray, named or UserFiles())
        try:
            self._gpus = self._count_gpus()
            self._count = self._count_workers(where)
        except BaseException:
            self.close()
            raise
        self._threads = threads or self._fair_share(where)
        share = Share(self._threads)
        # Of pictures: chunks that are rendered, encoded, and on their way.
        is_film = any(recipe.codec not in SEQUENCES for recipe in recipes)
        self._depth = share.in_hand if is_film else 3
        self._workers = [self._hire() for _ in range(self._count)]
        self.lost = 0  # workers
        self.pace = Pace()
        self.hired = time.time()

    @property
    def description(self) -> str:
        """How many workers there are, for people."""
        kind = "a GPU each" if self._gpus else "on the processor"
        return f"{self._count} worker{'s' * (self._count > 1)}, {kind}"

    def check(
        self, params: Params, networks: dict[Slot, RecordedNetwork]
    ) -> dict[Slot, NetworkStatus]:
        """Do as `ChunkMaker.check`, by which errors are raised."""
        files = self.files.of_networks(networks)
        named = self.files.named(user_files(params))
        return self._result(self._workers[0].check.remote(params, networks, files, named))

    def make(self, chunks: Iterator[Chunk], keep: Keep, asked: Interrupts) -> None:
        """Make chunks, in any order, until all are kept or the user wants to stop.

        Args:
            chunks: taken as they are needed.
            keep: called with each chunk, its files for `Chunk.films` and notes, once; in a thread,
                one at a time.
            asked: ends the work; chunks that are not yet made are given up.

        Raises:
            ConfigError: if a chunk ends its workers, or as of `ChunkMaker.make`.
            CheckpointError, OutputError: as of `ChunkMaker.make`.
        """
        with ThreadPoolExecutor(1, "sgview chunks") as writer:  # which the workers do not wait for
            kept: deque[Future[None]] = deque()

            def keep_later(chunk: Chunk, made: Made, notes: list[str]) -> None:
                kept.append(writer.submit(keep, chunk, made, notes))
                while kept and (kept[0].done() or len(kept) > _MOST_KEPT):
                    first_of(kept)

            self._make(chunks, keep_later, asked)
            while kept:
                first_of(kept)

    def _make(self, chunks: Iterator[Chunk], keep: Keep, asked: Interrupts) -> None:
        again: deque[Chunk] = deque()
        running: dict[Any, tuple[Any, Chunk]] = {}
        losses: Counter[int] = Counter()
        while not asked.is_wanted:
            self._hand_out(chunks, again, running)
            if not running:
                return
            done, _ = self._ray.wait(list(running), num_returns=1, timeout=_PATIENCE)
            for reference in done:
                if reference not in running:  # its worker was found lost meanwhile
                    continue
                worker, chunk = running.pop(reference)
                try:
                    data, sizes, notes = self._result(reference)
                except self._ray.exceptions.RayActorError as error:
                    losses[chunk.number] += 1
                    if losses[chunk.number] >= MOST_LOSSES:
                        raise ConfigError(
                            f"{chunk.label} ended {MOST_LOSSES} workers: {cause_of(error)}"
                        ) from error
                    again.append(chunk)
                    again.extend(self._replace(worker, running))
                else:
                    keep(chunk, _split(data, sizes), notes)
                    self.pace.note(id(worker), len(chunk.shots))

    def starts(self) -> list[dict[str, float]]:
        """Return when each worker that is left began what, by name, in real time [s]."""
        found = []
        for worker in self._workers:
            with suppress(Exception):
                found.append(self._ray.get(worker.began.remote(), timeout=_PATIENCE))
        return found

    def close(self) -> None:
        """End the workers, and Ray where it was started for them; idempotent."""
        for worker in self._workers:
            with suppress(Exception):
                self._ray.kill(worker)
        self._workers = []
        if self._is_mine:
            self._ray.shutdown()

    def _hand_out(
        self,
        chunks: Iterator[Chunk],
        again: deque[Chunk],
        running: dict[Any, tuple[Any, Chunk]],
    ) -> None:
        """Give every worker what it can have in hand, those with the least first."""
        for depth in range(self._depth):
            for worker in self._workers:
                if sum(busy is worker for busy, _ in running.values()) > depth:
                    continue
                chunk = again.popleft() if again else next(chunks, None)
                if chunk is None:
                    return
                files, named = self.files.of_chunk(chunk)
                running[worker.make.remote(chunk.shots, chunk.films, files, named)] = (
                    worker,
                    chunk,
                )

    def _replace(self, lost: Any, running: dict[Any, tuple[Any, Chunk]]) -> list[Chunk]:
        """Put a new worker in the place of a lost one, and return what it had in hand."""
        if lost not in self._workers:
            return []
        self.lost += 1
        self.pace.note_loss()
        self._workers[self._workers.index(lost)] = self._hire()
        references = [reference for reference, (worker, _) in running.items() if worker is lost]
        return [running.pop(reference)[1] for reference in references]

    def _hire(self) -> Any:
        resources = {"num_gpus": 1 if self._gpus else 0, "num_cpus": 0}
        kind = self._ray.remote(FilmWorker)
        options = kind.options(
            **resources, max_concurrency=self._depth, scheduling_strategy="SPREAD"
        )
        return options.remote(self._recipes, self._threads)

    def _result(self, reference: Any) -> Any:
        try:
            return self._ray.get(reference)
        except self._ray.exceptions.RayTaskError as error:
            raise (error.cause if isinstance(error.cause, Exception) else error) from error

    def _count_gpus(self) -> int:
        if self._recipes[0].device in ("cpu", "mps"):
            return 0
        return int(self._ray.cluster_resources().get("GPU", 0))

    def _fair_share(self, where: str) -> int:
        """Return how many cores each worker has."""
        if not where.startswith(REMOTE):
            return max(1, cores() // self._count)
        cpus = int(self._ray.cluster_resources().get("CPU", 1))
        return max(1, cpus // self._count)

    def _count_workers(self, where: str) -> int:
        if where.startswith(REMOTE):
            return self._gpus or int(self._ray.cluster_resources().get("CPU", 1))
        wanted = int(where)
        if self._gpus and wanted > self._gpus:
            raise ConfigError(
                f"--workers {wanted}: there {'is' if self._gpus == 1 else 'are'} {self._gpus} GPU"
                f"{'s' * (self._gpus > 1)}, and each worker needs one; --device cpu needs none"
            )
        return wanted


def _split(data: np.ndarray, sizes: list[list[int]]) -> Made:
    """Return the files that follow each other in `data`, which are not copied."""
    made, start = [], 0
    for of_film in sizes:
        files = []
        for size in of_film:
            files.append(data[start : start + size].data)
            start += size
        made.append(files)
    return made

"""Many workers for one film, by Ray: an engine a GPU, or several on processors.

The driver resolves shots, which remember earlier ones and are cheap; workers make chunks of them.
A chunk whose worker was lost goes to another, and a new worker takes the lost one's place.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from sgview.cli.films.farm_worker import Files, FilmWorker, Named
from sgview.cli.films.maker import Share
from sgview.cli.films.pace import Pace
from sgview.cli.films.recipe import Chunk, Recipe, digest_file
from sgview.cli.films.where import REMOTE
from sgview.cli.interrupts import Interrupts
from sgview.closing import Closing
from sgview.outputs.film_writers import SEQUENCES, cores, first_of
from sgview.show.takes.take import RecordedNetwork
from sgview.state.networks import NetworkStatus, Slot
from sgview.state.params import Params
from sgview.state.user_files import UserFile, UserFiles, user_files
from sgview.state.validation import ConfigError

MOST_LOSSES = 3  # workers that one chunk may cost before it is thought to be the cause
_MOST_KEPT = 4  # chunks that wait to be written
_PATIENCE = 0.2  # after which interrupts are looked for [s]
ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",  # nothing is sent anywhere
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    # It ends workers by how full memory looks, which is wrong where memory grows as it is used.
    "RAY_memory_monitor_refresh_ms": "0",
    "RAY_worker_niceness": "0",  # 15 otherwise: beside anything else a film would stand still
}
"""What Ray reads when it is started."""

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
        self._disk = named or UserFiles()
        self._workers: list[Any] = []
        self._ray, self._is_mine = _connect(where)
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
        self._files: dict[str, list[Any]] = {}
        self._named: Named = {}
        self._digests: dict[RecordedNetwork | UserFile, str] = {}
        self._workers = [self._hire() for _ in range(self._count)]
        self.lost = 0  # workers
        self.pace = Pace()
        self.hired = time.time()

    @property
    def description(self) -> str:
        """How many workers there are, for people."""
        kind = "a GPU each" if self._gpus else "on the processor"
        return f"{self._count} worker{'s' * (self._count > 1)}, {kind}"

    def digest(self, network: RecordedNetwork) -> str:
        """Return what identifies a network, whatever its file is called.

        Raises:
            ConfigError: if its file cannot be read.
        """
        if network not in self._digests:
            path = network.path
            self._digests[network] = digest_file(Path(path)) if path else f"built in {network.name}"
        return self._digests[network]

    def digest_named(self, file: UserFile) -> str:
        """Return what identifies a file that parameters name; "": there is none.

        Raises:
            ConfigError: if it cannot be read.
        """
        if file not in self._digests:
            path = self._disk.find(*file)
            self._digests[file] = digest_file(path) if path else ""
        return self._digests[file]

    def check(
        self, params: Params, networks: dict[Slot, RecordedNetwork]
    ) -> dict[Slot, NetworkStatus]:
        """Do as `ChunkMaker.check`, by which errors are raised."""
        files = self._files_of(networks)
        named = self._sent(user_files(params))
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
                            f"{chunk.label} ended {MOST_LOSSES} workers: {_cause(error)}"
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
                files, named = self._files_of_all(chunk)
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

    def _files_of_all(self, chunk: Chunk) -> tuple[Files, Named]:
        files: Files = {}
        named: set[UserFile] = set()
        for shot in chunk.shots:
            files |= self._files_of(shot.networks)
            named |= user_files(shot.params, shot.motion)
        return files, self._sent(named)

    def _sent(self, named: Iterable[UserFile]) -> Named:
        """Return files as workers take them; those that are not there are left out."""
        for file in named:
            path = None if file in self._named else self._disk.find(*file)
            if path is not None:
                self._named[file] = (path.suffix, [self._put(path)])
        return {file: self._named[file] for file in named if file in self._named}

    def _files_of(self, networks: dict[Slot, RecordedNetwork]) -> Files:
        files: Files = {}
        for network in networks.values():
            path = network.path
            if path and path not in self._files:
                self._files[path] = [self._put(path)]
            if path:
                files[path] = self._files[path]
        return files

    def _put(self, path: Path | str) -> Any:
        """Return a reference to the bytes of a file."""
        try:
            data = np.fromfile(path, np.uint8)
        except OSError as error:
            cause = error.strerror or error
            raise ConfigError(f"{path} cannot be read: {cause}") from error
        return self._ray.put(data)

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


def _connect(where: str) -> tuple[Any, bool]:
    """Return Ray, connected to a cluster, and whether it was not connected before.

    Without an address that is one on this machine, started for this program alone.
    """
    os.environ.update(ENVIRONMENT)
    try:
        import ray
    except ImportError:
        raise ConfigError("--workers needs Ray: pip install 'sgview[farm]'") from None
    if ray.is_initialized():
        return ray, False
    handler = signal.getsignal(signal.SIGTERM)  # Ray puts its own in its place
    quiet: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
    try:
        if where.startswith(REMOTE):
            ray.init(where, **quiet)
        else:
            # As many processes are made ready at once as there are said to be processors; none of
            # more is needed, and beside each other they all start later.
            ray.init("local", include_dashboard=False, num_cpus=int(where), **quiet)
    except Exception as error:  # of many kinds, Ray's and gRPC's
        raise ConfigError(f"Ray cannot be started at {where}: {_cause(error)}") from error
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, handler)
    return ray, True


def _cause(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


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

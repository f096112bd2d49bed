"""What runs in each worker of a farm: an engine, and the networks as they came over the wire.

A worker needs nothing of the driver's disk: networks are objects of the farm, put there once, and
chunks go back as bytes.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

import sgview
from sgview.cli.films.maker import ChunkMaker
from sgview.cli.films.recipe import Recipe
from sgview.cli.warm_up import warm_up
from sgview.outputs.film_writers import SEQUENCES
from sgview.show.takes.replay import Shot
from sgview.show.takes.take import RecordedNetwork
from sgview.state.networks import NetworkStatus, Slot
from sgview.state.params import Params
from sgview.state.user_files import UserFile
from sgview.state.validation import ConfigError

_COMPUTING = 1
"""Threads that a worker renders with on a processor: always one, so that the same bytes come out
however many workers there are. More workers, not more threads, use more cores."""

Files = dict[str, list[Any]]
"""Paths that a take names, and for each a list of one reference to the bytes of its file.

The list keeps the farm from fetching them for every call."""

Named = dict[UserFile, tuple[str, list[Any]]]
"""Files that parameters name, the ending of each on the disk, and its bytes as in `Files`."""


class FilmWorker:
    """An engine in a process of its own; an actor of Ray whose calls may overlap.

    It is opened by the first call, so that what is wrong with it is an error of that call; until
    then it imports what it will need.

    Args:
        recipes: how pictures are made, the same in all, and written.
        threads: to encode with.
    """

    def __init__(self, recipes: tuple[Recipe, ...], threads: int) -> None:
        self._recipes = recipes
        self._threads = threads
        self._files: Files = {}
        self._known: set[UserFile] = set()  # by the maker
        self._folder = tempfile.TemporaryDirectory(prefix="sgview-")
        self._opening = Lock()
        self._maker: ChunkMaker | None = None
        self._began = {"process": time.time()}
        is_film = any(recipe.codec not in SEQUENCES for recipe in recipes)
        warm_up(recipes[0].device, is_film=is_film)

    def began(self) -> dict[str, float]:
        """Return when this worker began what, in real time [s]."""
        return self._began

    def check(
        self,
        params: Params,
        networks: dict[Slot, RecordedNetwork],
        files: Files,
        named: Named,
    ) -> dict[Slot, NetworkStatus]:
        """Do as `ChunkMaker.check`, by which errors are raised."""
        return self._open(files, named).check(params, networks)

    def make(
        self, shots: tuple[Shot, ...], films: tuple[int, ...], files: Files, named: Named
    ) -> tuple[np.ndarray, list[list[int]], list[str]]:
        """Return a chunk's files behind each other [n] uint8, and notes.

        Between them stand the sizes of the files of each film [bytes].

        Errors are those of `ChunkMaker.make`.
        """
        maker = self._open(files, named)
        self._began.setdefault("first chunk", time.time())
        made = maker.make(shots, films)
        self._began.setdefault("first chunk made", time.time())
        data = np.frombuffer(b"".join(file for files in made for file in files), np.uint8)
        return data, [[len(file) for file in files] for files in made], maker.take_notes()

    def _open(self, files: Files, named: Named) -> ChunkMaker:
        """Return the maker, which knows these files of networks, and those that parameters
        name.

        Raises:
            ConfigError: if the device is not there, or another version of sgview is.
        """
        with self._opening:
            self._files |= files
            version = self._recipes[0].version
            if version != sgview.__version__:
                raise ConfigError(
                    f"a worker has sgview {sgview.__version__}, and this is"
                    f" {version}: install the same on all machines of the farm"
                )
            if self._maker is None:
                self._began["engine"] = time.time()
                self._maker = ChunkMaker(self._recipes, self._threads, _COMPUTING, self._find)
            new = {file: named[file] for file in named.keys() - self._known}
            self._maker.give({file: self._write(*held) for file, held in new.items()})
            self._known |= new.keys()
            return self._maker

    def _write(self, suffix: str, held: list[Any]) -> Path:
        """Write a file that parameters name where this worker can read it."""
        import ray

        file = Path(tempfile.mkdtemp(dir=self._folder.name)) / f"file{suffix}"
        file.write_bytes(memoryview(ray.get(held[0])))
        return file

    def _find(self, path: str) -> Path:
        """Write the file of a network where this worker can read it."""
        import ray

        folder = tempfile.mkdtemp(dir=self._folder.name)  # two networks may have one name
        file = Path(folder) / Path(path).name
        file.write_bytes(memoryview(ray.get(self._files[path][0])))
        return file

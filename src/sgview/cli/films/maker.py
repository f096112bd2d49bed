"""Chunks of a film to closed files: the part of the work that can be done anywhere."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sgview.cli.films.casting import TakeNetworks, check
from sgview.cli.films.frames import pictures_of
from sgview.cli.films.recipe import Recipe
from sgview.closing import Closing
from sgview.outputs.film_writers import (
    SEQUENCES,
    at_depth,
    bits_of,
    encoders_for,
    threads_of,
)
from sgview.outputs.png import encode_png
from sgview.outputs.video import rate_of
from sgview.settings import GpuSettings, Settings
from sgview.show.takes.replay import Shot
from sgview.show.takes.take import RecordedNetwork
from sgview.state.networks import NetworkStatus, Slot
from sgview.state.params import Params
from sgview.state.user_files import UserFile

if TYPE_CHECKING:
    from sgview.engine.engine import Engine
    from sgview.outputs.film_chunks import FilmFormat


@dataclass(frozen=True)
class Share:
    """How many cores a maker has, and so how many chunks it has in hand."""

    threads: int

    @property
    def encoders(self) -> int:
        """Chunks of a film that are encoded at the same time."""
        return encoders_for(self.threads)

    @property
    def in_hand(self) -> int:
        """Chunks that are encoded, and the one that is rendered."""
        return self.encoders + 1


class ChunkMaker(Closing):
    """Renders and encodes chunks; several threads may ask for one each.

    Pictures are rendered by one thread at a time, and those of one chunk are encoded while those of
    the next are rendered.

    Args:
        recipes: how pictures are made, the same in all, and written.
        threads: to encode with.
        computing: threads that render where the processor does it; 0: as torch likes. Sums come out
            a bit differently with another number.
        find: gives the file of a network for the path that a take names.

    Raises:
        ConfigError: if the device is not there.
    """

    def __init__(
        self,
        recipes: Sequence[Recipe],
        threads: int,
        computing: int = 0,
        find: Callable[[str], Path] = Path,
    ) -> None:
        self._recipes = recipes
        self._share = Share(threads)
        self._engine = open_engine(recipes[0])
        if computing and self._engine.device.type == "cpu":
            import torch

            torch.set_num_threads(computing)
        # What lies on this machine under the same name is not what was meant.
        self._engine.library.files.is_closed = True
        self._cast = TakeNetworks(self._engine, find)
        self._rendering = threading.Lock()
        self._encoding = threading.Semaphore(self._share.encoders)
        self._pool = ThreadPoolExecutor(threads, "sgview film")
        self._notes: list[str] = []

    def give(self, files: Mapping[UserFile, Path]) -> None:
        """Play these files where parameters name them."""
        self._engine.library.files.give(files)

    def check(
        self, params: Params, networks: dict[Slot, RecordedNetwork]
    ) -> dict[Slot, NetworkStatus]:
        """Refuse what the networks cannot play, and return what they are.

        Raises:
            ConfigError: naming it.
            CheckpointError: if a network cannot be read.
        """
        with self._rendering:
            self._cast.set(networks)
            self._notes += check(self._engine, params)
            return {slot: network.status for slot, network in self._engine.networks.items()}

    def make(self, shots: tuple[Shot, ...], films: Sequence[int] = (0,)) -> list[list[bytes]]:
        """Return the files of a chunk: of each film one file, or a PNG file a picture.

        Args:
            shots: each is rendered once.
            films: which recipes are followed, by their place.

        Raises:
            ConfigError: if no network plays in a shot, or a built-in one is not there.
            CheckpointError: if a network cannot be read.
            OutputError: if the pictures cannot be encoded.
        """
        writings = [self._writing(self._recipes[film]) for film in films]
        with self._rendering:
            pictures = pictures_of(
                self._engine,
                shots,
                lambda shot: self._cast.set(shot.networks),
                frame=self._recipes[0].frame,
            )
            for picture in pictures:
                for writing in writings:
                    writing.held.append(self._pool.submit(writing.prepare, picture))
        return [self._files_of(writing) for writing in writings]

    def _writing(self, recipe: Recipe) -> _Writing:
        if recipe.codec in SEQUENCES:
            return _Writing(partial(_png, recipe), None, [])
        from sgview.outputs.film_chunks import FilmFormat, frame_for

        threads = threads_of(self._share.encoders, self._share.threads)
        form = FilmFormat(
            recipe.codec, rate_of(recipe.fps), recipe.quality, recipe.has_alpha, threads
        )
        return _Writing(partial(frame_for, form=form), form, [])

    def _files_of(self, writing: _Writing) -> list[bytes]:
        """Wait for the files of one film."""
        if writing.form is None:
            return [file.result() for file in writing.held]
        from sgview.outputs.film_chunks import encode_chunk

        with self._encoding:
            return [encode_chunk((frame.result() for frame in writing.held), writing.form)]

    def take_notes(self) -> list[str]:
        """Return what the user should know of the pictures since the last call."""
        with self._rendering:
            notes, self._notes = self._notes, []
            notices = self._engine.take_notices()
        return notes + [f"{notice.text} {notice.hint}" for notice in notices]

    def close(self) -> None:
        """Free the networks; idempotent."""
        self._pool.shutdown(cancel_futures=True)
        self._engine.close()


@dataclass(frozen=True, eq=False)
class _Writing:
    """A chunk of one film on its way."""

    prepare: Callable[[np.ndarray], Any]  # a picture to a PNG file, or to a frame of the encoder
    form: FilmFormat | None  # None: PNG files
    held: list[Future[Any]]  # what was prepared, in order


def _png(recipe: Recipe, rgba8: np.ndarray) -> bytes:
    channels = 4 if recipe.has_alpha else 3
    return encode_png(at_depth(rgba8[..., :channels], bits_of(recipe.codec)))


def open_engine(recipe: Recipe) -> Engine:
    """Return an engine that computes as the recipe says.

    Raises:
        ConfigError: if the device is not there.
    """
    from sgview.cli import options

    gpu = GpuSettings(ops=recipe.ops, precision=recipe.precision, kernels=recipe.kernels)  # type: ignore[arg-type]
    return options.open_engine(Settings(device=recipe.device, gpu=gpu))  # type: ignore[arg-type]

"""The films that workers make in one run: what is there of each, and joining it in the end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sgview.cli.films.farm import Made
from sgview.cli.films.parts import Parts, said_of
from sgview.cli.films.recipe import Chunk, Recipe
from sgview.cli.targets import make_room, refuse_to_replace
from sgview.outputs.film_writers import SEQUENCES
from sgview.outputs.video import OutputError, rate_of
from sgview.state.validation import ConfigError


@dataclass(frozen=True)
class Wanted:
    """One film of the run."""

    out: Path
    recipe: Recipe
    made_of: dict[str, Any]  # what tells it from another film, as JSON has it


class KeptFilms:
    """Keeps the chunks of all films of a run; each film has those of its own.

    Args:
        films: what is wanted, in the order of `Chunk.keys`.
        forces: whether what is there is given up.

    Raises:
        OutputError: if something is there that shall stay.
    """

    def __init__(self, films: Sequence[Wanted], *, forces: bool) -> None:
        self._films = films
        self._parts = [self._opened(place) for place in range(len(films))]
        if forces:
            for parts in self._parts:
                parts.forget()
            self._parts = [self._opened(place) for place in range(len(films))]
        for film, parts in zip(films, self._parts, strict=True):
            if forces or parts.is_same_film:
                continue
            refuse_to_replace(film.out)
            if parts.is_there:
                raise OutputError(
                    f"{parts.folder} holds what another film has got so far: choose another name"
                    " for this one, or add --force to give that up"
                )
        self._bar: Any = None
        self._numbers: list[int] = []  # of all chunks, in order
        self.count = 0  # pictures that are there in all films
        self.there = 0  # of them before this run
        self.notes: dict[str, None] = {}  # in order

    @property
    def label(self) -> str:
        """What is written, for people."""
        return ", ".join(str(film.out) for film in self._films)

    def begin(self, bar: Any) -> None:
        """Make room, and show on a bar of progress what comes.

        Raises:
            OutputError: if nothing can be written there.
        """
        self._bar = bar
        for film, parts in zip(self._films, self._parts, strict=True):
            if not parts.is_same_film:
                make_room(film.out)
            parts.begin()

    def missing(self, chunks: Iterator[Chunk]) -> Iterator[Chunk]:
        """Yield the chunks that are to be made, for the films that lack them."""
        for chunk in chunks:
            self._numbers.append(chunk.number)
            films = tuple(place for place, parts in enumerate(self._parts) if not parts.has(chunk))
            if films:
                yield replace(chunk, films=films)
                continue
            length = len(chunk.shots)
            self.there += length
            self.count += length
            if not self._bar.disable:
                self._bar.initial += length  # they do not count as speed
            self._bar.update(length)

    def keep(self, chunk: Chunk, made: Made, notes: list[str]) -> None:
        """Write a chunk that was made.

        Raises:
            OutputError: if the disk does not take it.
        """
        for place, files in zip(chunk.films, made, strict=True):
            self._parts[place].keep(chunk, files)
        self.count += len(chunk.shots)
        self.notes |= dict.fromkeys(notes)
        self._bar.update(len(chunk.shots))

    def finish(self) -> None:
        """Join the chunks of every film; of PNG files nothing is left to do.

        Nothing is given up before all are joined, so that a run that ends here goes on.

        Raises:
            OutputError: if a film cannot be written.
            ConfigError: if its chunks cannot be removed.
        """
        for film, parts in zip(self._films, self._parts, strict=True):
            if film.recipe.codec not in SEQUENCES:
                self._join(film, parts)
        for film, parts in zip(self._films, self._parts, strict=True):
            if film.recipe.codec not in SEQUENCES:
                with said_of(film.out):
                    parts.draft.replace(film.out)
        for parts in self._parts:
            try:
                parts.forget()
            except OSError as error:
                raise ConfigError(f"{parts.folder} cannot be removed: {error.strerror}") from error

    def _join(self, film: Wanted, parts: Parts) -> None:
        from sgview.outputs.film_joiner import FilmJoiner

        with said_of(film.out), FilmJoiner(parts.draft, rate_of(film.recipe.fps)) as joiner:
            for number in self._numbers:
                joiner.append(parts.read(number))

    def _opened(self, place: int) -> Parts:
        film = self._films[place]
        return Parts(film.out, film.recipe.codec, film.made_of, place)

"""Several films of one run: each picture is made once and written into all of them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from sgview.cli.unfinished import Unfinished
from sgview.outputs.film_writers import codec_of, holds_alpha
from sgview.outputs.video import OutputError, PictureWriter


def options_of(args: argparse.Namespace, out: Path) -> dict[str, Any]:
    """Return how one film of the command line is written: codec, quality, has_alpha.

    --codec and --quality are those of the first; alpha is written wherever it can be.
    """
    is_first = out == args.outs[0]
    return {
        "codec": args.codec if is_first else None,
        "quality": args.quality if is_first else None,
        "has_alpha": args.alpha and (is_first or holds_alpha(codec_of(out))),
    }


class SeveralFilms:
    """Does with all what `Unfinished` does with one."""

    def __init__(self, films: Sequence[Unfinished]) -> None:
        self._films = list(films)
        self.out = ", ".join(str(film.out) for film in films)
        """What is written, for people."""
        self.there = 0
        """Pictures that need not be made, since they are in all films."""

    def resume(self) -> bool:
        """Find what a run before has left; return whether there is anything left to do.

        A film that this run had not begun is begun.

        Raises:
            OutputError: if nothing is there, or one is made of something else.
        """
        if not any(film.is_begun for film in self._films):
            raise OutputError(f"{self.out}: there is nothing to go on with")
        self._films = [film for film in self._films if not film.is_begun or film.resume()]
        self.there = min((film.there for film in self._films), default=0)
        return bool(self._films)

    def open(self) -> PictureWriter:
        """Open what the next picture is written into.

        Raises:
            OutputError: if one cannot be written.
        """
        with ExitStack() as opened:
            writers = []
            for film in self._films:
                writers.append(film.open())
                opened.callback(writers[-1].close)
            opened.pop_all()
        return _Writers(writers, [film.there - self.there for film in self._films])

    def finish(self, written: int) -> None:
        """Give the whole films their names."""
        for film in self._films:
            film.finish(self._new(film, written))

    def stop(self, written: int) -> str:
        """Put together what there is, and return where it is, in words."""
        return "; ".join(film.stop(self._new(film, written)) for film in self._films)

    def after_failure(self) -> str:
        """Say what plays of films that the disk did not take."""
        return "".join(film.after_failure() for film in self._films)

    def _new(self, film: Unfinished, written: int) -> int:
        """Return how many pictures one film has got."""
        return max(self.there + written - film.there, 0)


class _Writers:
    """A `PictureWriter` that gives each picture to all.

    Args:
        writers: of the films.
        there: how many of the pictures that come each film has already.
    """

    def __init__(self, writers: Sequence[PictureWriter], there: Sequence[int]) -> None:
        self._writers = writers
        self._there = there
        self._count = 0

    @property
    def note(self) -> str:
        """What people should know of the files."""
        return " ".join(filter(None, (writer.note for writer in self._writers)))

    def write(self, rgba8: np.ndarray) -> None:
        """Append one picture to each that has it not."""
        for writer, there in zip(self._writers, self._there, strict=True):
            if self._count >= there:
                writer.write(rgba8)
        self._count += 1

    def close(self) -> None:
        """Finish all files, also where one cannot be."""
        with ExitStack() as closing:
            for writer in self._writers:
                closing.callback(writer.close)

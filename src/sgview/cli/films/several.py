"""Several films of one run: each picture is made once and written into all of them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

import numpy as np

from sgview.cli.unfinished import Unfinished
from sgview.outputs.video import PictureWriter


class SeveralFilms:
    """Does with all what `Unfinished` does with one; none of them goes on with an earlier run."""

    def __init__(self, films: Sequence[Unfinished]) -> None:
        self._films = films
        self.there = 0

    @property
    def out(self) -> str:
        """What is written, for people."""
        return ", ".join(str(film.out) for film in self._films)

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
        return _Writers(writers)

    def finish(self, written: int) -> None:
        """Give the whole films their names."""
        for film in self._films:
            film.finish(written)

    def stop(self, written: int) -> str:
        """Put together what there is, and return where it is, in words."""
        return "; ".join(film.stop(written) for film in self._films)

    def after_failure(self) -> str:
        """Say what plays of films that the disk did not take."""
        return "".join(film.after_failure() for film in self._films)


class _Writers:
    """A `PictureWriter` that gives each picture to all."""

    def __init__(self, writers: Sequence[PictureWriter]) -> None:
        self._writers = writers

    @property
    def note(self) -> str:
        """What people should know of the files."""
        return " ".join(filter(None, (writer.note for writer in self._writers)))

    def write(self, rgba8: np.ndarray) -> None:
        """Append one picture to each."""
        for writer in self._writers:
            writer.write(rgba8)

    def close(self) -> None:
        """Finish all files, also where one cannot be."""
        with ExitStack() as closing:
            for writer in self._writers:
                closing.callback(writer.close)

"""Directions in w by name: "sefa3", "pca1:0-4", "smile", "smile#2:8-13"."""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct

Method = Literal["sefa", "pca"]

SHOWN = 12  # of each method
MOST = 32  # that a method finds

_NAME = re.compile(
    r"(?:(?P<method>sefa|pca)(?P<number>[1-9]\d?)|(?P<file>[^\x00:.]{1,200}))"
    r"(?::(?P<first>\d{1,4})-(?P<last>\d{1,4}))?",
    re.ASCII,
)


class Direction(Struct, frozen=True):
    """Which vector is meant, and the rows of w that it acts in.

    Rows are written as in Harkonen et al. 2020 (GANSpace): the first and the last one.
    """

    method: Method | Literal["file"]
    number: int = 0  # from 0, of a method
    file: str = ""  # its name in the folder of directions, without its suffix
    rows: tuple[int, int] | None = None  # the first and the last one; None: all

    def __str__(self) -> str:
        """Return its name."""
        what = self.file if self.method == "file" else f"{self.method}{self.number + 1}"
        return what if self.rows is None else f"{what}:{self.rows[0]}-{self.rows[1]}"


def read_direction(name: str) -> Direction:
    """Return the direction of that name.

    Raises:
        ValueError: if there is none.
    """
    match = _NAME.fullmatch(name.strip())
    if match is None:
        raise ValueError(f"{name[:60]!r} is no direction: write sefa3, pca1:0-4, or a file's name")
    rows = None
    if match["first"] is not None:
        first, last = sorted((int(match["first"]), int(match["last"])))
        rows = (first, last)
    if match["file"] is not None:
        return Direction("file", file=match["file"].strip(), rows=rows)
    number = int(match["number"]) - 1
    if number >= MOST:
        raise ValueError(f"{name[:60]!r}: there are {MOST} of each kind")
    method: Method = "sefa" if match["method"] == "sefa" else "pca"
    return Direction(method, number, rows=rows)


def found_names(method: Method, rows: tuple[int, int] | None, count: int = SHOWN) -> list[str]:
    """Return the names of the first directions of a method."""
    return [str(Direction(method, number, rows=rows)) for number in range(count)]

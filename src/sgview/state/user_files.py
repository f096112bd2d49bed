"""Files of the user that parameters name: which may play, and where they lie.

A leaf that names a file belongs to a row of `KINDS`. By that row the engine finds the file, a film
is known by what is in it, and it travels to the machines that make the film.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from sgview.state.directions import read_direction
from sgview.state.library_files import files_played, find_file, split_name
from sgview.state.motion import Motion
from sgview.state.params import Params
from sgview.state.region_params import NAMES


@dataclass(frozen=True)
class FileKind:
    """One row of the table."""

    name: str
    label: str  # as sentences call such a file
    leaves: tuple[str, ...]  # of `Params` that name one, places in lists and tables as "*"
    folder: str  # in that of the library, where names without a path are looked for; "": itself
    names: Callable[[Params, Motion | None], Iterable[str]]
    """Those that pictures of these parameters may be made from, without "#3" for the third one."""


class UserFile(NamedTuple):
    """A file as parameters name it."""

    kind: str  # of a row of `KINDS`
    name: str  # in the folder of its kind, or a path


def _directions(params: Params, motion: Motion | None) -> Iterable[str]:
    """Return all that are named: a binding or a script may move one that stands at 0."""
    for name in params.directions.amounts:
        try:
            direction = read_direction(name)
        except ValueError:
            continue
        if direction.method == "file":
            yield split_name(direction.file)[0]


def _averages(params: Params, motion: Motion | None) -> Iterable[str]:
    name = params.mapping.centroids.strip()
    return [name] if name and params.mapping.centre == "modes" else []


def _masks(params: Params, motion: Motion | None) -> Iterable[str]:
    """Return all that are named where a mask is a file: a strength of 0 may be moved."""
    regions = [getattr(params.regions, name) for name in NAMES]
    files = (region.file.strip() for region in regions if region.mask == "file")
    return [file for file in files if file]


LATENT, DIRECTION, AVERAGES, MASK = "latent", "direction", "averages", "mask"
_REGIONS = tuple(f"regions.{name}" for name in NAMES)

KINDS: tuple[FileKind, ...] = (
    FileKind(
        LATENT,
        "latent of the library",
        (
            *("latents.entry", "latents.path.keys.*.place", "mixing.entry", "mapping.centre_entry"),
            *(f"{region}.entry" for region in _REGIONS),
        ),
        "",
        files_played,
    ),
    FileKind(DIRECTION, "direction", ("directions.amounts.*",), "directions", _directions),
    FileKind(AVERAGES, "file of modes", ("mapping.centroids",), "", _averages),
    FileKind(MASK, "mask", tuple(f"{region}.file" for region in _REGIONS), "masks", _masks),
)
"""Every kind of file that parameters name; the label of each is its own."""


def user_files(params: Params, motion: Motion | None = None) -> frozenset[UserFile]:
    """Return the files that pictures of these parameters may be made from."""
    return frozenset(
        UserFile(kind.name, name) for kind in KINDS for name in kind.names(params, motion)
    )


class UserFiles:
    """Finds files.

    Attributes:
        folder: of the library.
        is_closed: whether only what was given is found, as on a machine that is not the user's.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or Path()
        self.is_closed = False
        self._given: dict[UserFile, Path] = {}

    def give(self, files: Mapping[UserFile, Path]) -> None:
        """Find these from now on, wherever they lie."""
        self._given.update(files)

    def folder_of(self, kind: str) -> Path:
        """Return where files of a kind are looked for."""
        return self.folder / next(row.folder for row in KINDS if row.name == kind)

    def find(self, kind: str, name: str) -> Path | None:
        """Return the file of that name; None if there is none."""
        given = self._given.get(UserFile(kind, name))
        if given is not None or self.is_closed:
            return given
        return find_file(self.folder_of(kind), name)

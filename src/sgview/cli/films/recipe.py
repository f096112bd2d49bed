"""What a film is made of: plain values that travel, and by which chunks are known again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Protocol

import msgspec

import sgview
from sgview.cli.films.frames import FilmFrame
from sgview.show.takes.replay import Shot
from sgview.show.takes.take import RecordedNetwork
from sgview.state.output_frame import PICTURE, Fit
from sgview.state.user_files import UserFile, user_files
from sgview.state.validation import ConfigError

FEWEST, MOST = 16, 64  # pictures of a chunk
_AT_ONCE = 1 << 20  # read of a file [bytes]


@dataclass(frozen=True)
class Recipe:
    """How every picture of a film is made and written; one for each film of a run."""

    codec: str  # "png", or a row of the table of codecs
    fps: float  # [1/s]
    quality: float | None = None  # of a codec that loses, 0 to 100; None: as is usual
    has_alpha: bool = False
    beside_alpha: bool = False  # whether a film of the same run has alpha: pictures come with it
    size: str = PICTURE  # of its pictures, as `FilmFrame` has it
    fit: Fit = "fit"
    device: str = "auto"
    ops: str = "auto"
    precision: str = "fast"
    kernels: str = "auto"
    version: str = sgview.__version__

    @property
    def frame(self) -> FilmFrame:
        """What its pictures are brought into."""
        return FilmFrame(self.size, self.fit, has_alpha=self.has_alpha or self.beside_alpha)

    @property
    def length(self) -> int:
        """Pictures of a chunk: a second, which is one group of pictures of a film."""
        return min(max(round(self.fps), FEWEST), MOST)


@dataclass(frozen=True)
class Chunk:
    """Some consecutive pictures, for all films of a run."""

    number: int  # from 0
    first: int  # picture
    shots: tuple[Shot, ...]
    keys: tuple[str, ...]  # of each film; equal for what gives equal pictures, written alike
    films: tuple[int, ...] = (0,)  # for which it is to be made, by their place

    @property
    def label(self) -> str:
        """Which pictures these are, for people."""
        return f"pictures {self.first} to {self.first + len(self.shots) - 1}"


class Digests(Protocol):
    """What is in the files that shots name."""

    def digest(self, network: RecordedNetwork) -> str:
        """Return which network is meant, whatever its file's name."""
        ...

    def digest_named(self, file: UserFile) -> str:
        """Return what a file that parameters name holds; "" if there is none."""
        ...


def chunks_of(
    shots: Iterable[Shot], recipes: Sequence[Recipe], digests: Digests
) -> Iterator[Chunk]:
    """Divide shots into chunks, the same for all films."""
    rest, number, length = iter(shots), 0, recipes[0].length
    ways = [msgspec.json.encode(asdict(recipe), order="sorted") for recipe in recipes]
    every = tuple(range(len(recipes)))
    while some := tuple(islice(rest, length)):
        content = _content(some, digests)
        keys = tuple(hashlib.sha256(way + content).hexdigest() for way in ways)
        yield Chunk(number, number * length, some, keys, every)
        number += 1


def _content(shots: tuple[Shot, ...], digests: Digests) -> bytes:
    """Return what is equal for what gives equal pictures."""
    content = hashlib.sha256()
    for shot in shots:
        networks = sorted(
            (slot, digests.digest(network)) for slot, network in shot.networks.items()
        )
        files = sorted(user_files(shot.params, shot.motion))
        named = [(*file, digests.digest_named(file)) for file in files]
        values = (shot.params, shot.t, shot.motion, networks, named)
        content.update(msgspec.json.encode(values, order="sorted"))
    return content.digest()


def digest_file(path: Path) -> str:
    """Return the SHA-256 of a file.

    Raises:
        ConfigError: if it cannot be read.
    """
    content = hashlib.sha256()
    try:
        if path.exists() and not path.is_file() and not path.is_dir():  # it may have no end
            raise ConfigError(f"{path} cannot be read: it is no regular file")
        with path.open("rb") as file:
            while data := file.read(_AT_ONCE):
                content.update(data)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror or error}") from error
    return content.hexdigest()

"""The files that were fetched, by their addresses; the least used leave when room is short."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec
import platformdirs
from msgspec import Struct

from sgview.downloads.addresses import normalised
from sgview.downloads.client import Offer
from sgview.state.places import is_file
from sgview.state.validation import decode_json
from sgview.state.whole_file import write_whole

LIMIT = 40 * 10**9  # bytes of all files together
_LARGEST_NOTE = 10_000  # of what stands beside a file [bytes]


class Kept(Struct, frozen=True):
    """What is known of one file of the cache."""

    address: str
    url: str  # where it came from
    name: str
    size: int  # bytes
    sha256: str
    fetched: float  # when [s since 1970]
    version: str = ""


class Cache:
    """A folder with a folder for each address: the file, and `kept.json` about it.

    Args:
        folder: None: the one of this user.
        limit: of all files together [bytes].
        now: seconds since 1970.
    """

    def __init__(
        self,
        folder: Path | None = None,
        limit: int = LIMIT,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.folder = folder or platformdirs.user_cache_path("sgview") / "networks"
        self._limit = limit
        self._now = now

    def find(self, address: str) -> Path | None:
        """Return the file of an address, if it is here and whole by its size."""
        place = self.place_of(normalised(address))
        kept = _read_note(place / "kept.json")
        if kept is None or not is_file(place / kept.name):
            return None
        if (place / kept.name).stat().st_size != kept.size:
            return None
        with suppress(OSError):  # so that it is the last to leave
            (place / "kept.json").touch()
        return place / kept.name

    def place_of(self, address: str) -> Path:
        """Return the folder for a file and for what has come of it."""
        return self.folder / hashlib.sha256(address.encode()).hexdigest()[:20]

    def keep(self, offer: Offer, part: Path, sha256: str) -> Path:
        """Take a file that is whole; others leave if there is no room for all.

        Raises:
            OSError: if the disk refuses.
        """
        place, size = self.place_of(offer.address), part.stat().st_size
        kept = Kept(offer.address, offer.url, offer.name, size, sha256, self._now(), offer.version)
        part.replace(place / offer.name)
        write_whole(place / "kept.json", msgspec.json.format(msgspec.json.encode(kept)))
        self.make_room(0, keep=place)
        return place / offer.name

    def entries(self) -> list[tuple[Kept, Path]]:
        """Return what is here with its folder, the last used first."""
        found = [(kept, path.parent) for path in self._notes() if (kept := _read_note(path))]
        return sorted(found, key=lambda entry: _used(entry[1]), reverse=True)

    def size(self) -> int:
        """Return how much the cache takes, unfinished files too [bytes]."""
        return sum(_size(place) for place in self._places())

    def make_room(self, size: int, keep: Path | None = None) -> None:
        """Let the least used leave until `size` bytes more are within the limit."""
        places = sorted(self._places(), key=_used)
        excess = sum(map(_size, places)) + size - self._limit
        for place in places:
            if excess <= 0:
                return
            if place != keep:
                excess -= _size(place)
                shutil.rmtree(place, ignore_errors=True)

    def remove(self, place: Path) -> None:
        """Delete one folder of the cache, and nothing else."""
        assert place.parent == self.folder
        shutil.rmtree(place, ignore_errors=True)

    def clear(self) -> None:
        """Delete all that was fetched."""
        for place in self._places():
            self.remove(place)

    def _places(self) -> list[Path]:
        with suppress(OSError):
            return [path for path in self.folder.iterdir() if path.is_dir()]
        return []

    def _notes(self) -> list[Path]:
        return [place / "kept.json" for place in self._places()]


def _used(place: Path) -> float:
    with suppress(OSError):
        return (place / "kept.json").stat().st_mtime
    return 0.0


def _size(place: Path) -> int:
    with suppress(OSError):
        return sum(path.stat().st_size for path in place.iterdir())
    return 0


def _read_note(path: Path) -> Kept | None:
    try:
        with path.open("rb") as file:
            kept = decode_json(file.read(_LARGEST_NOTE), Kept)
    except (OSError, ValueError):
        return None
    return kept if Path(kept.name).name == kept.name != "" else None

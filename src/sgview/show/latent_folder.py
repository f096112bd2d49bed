"""The folder of the library: which latents there are, their pictures, and writing new ones."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image

from sgview.closing import Closing
from sgview.outputs.snapshot import UNREADABLE, load_snapshot
from sgview.show.latent_counts import ReadShapes, count_latents
from sgview.show.look_files import file_name, shrink
from sgview.state.places import is_there
from sgview.state.text import drawable
from sgview.state.validation import ConfigError
from sgview.state.whole_file import write_whole

SUFFIXES = (".npy", ".npz", ".pt", ".pth", ".safetensors", ".png")
MOST = 500
SCAN_EVERY = 2.0  # [s]
LARGEST_PICTURE = 512  # that a file of latents has [px]
LARGEST = 4096  # snapshot of which a thumbnail is made [px]

_Stamp = tuple[int, int]


@dataclass(frozen=True, eq=False)
class LibraryEntry:
    """A file of latents."""

    name: str  # of the file
    stamp: _Stamp  # time [ns] and size
    thumbnail: np.ndarray | None = None  # uint8 [H, W, 4]
    is_latent: bool = True  # False: a PNG that carries none
    count: int = 1  # of its latents

    @property
    def latents(self) -> Iterator[LibraryEntry]:
        """One entry for each latent: "walk.npz#1", "walk.npz#2", .. where there are several."""
        if self.count == 1:
            yield self
            return
        for number in range(1, self.count + 1):
            thumbnail = self.thumbnail if number == 1 else None
            yield replace(self, name=f"{self.name}#{number}", thumbnail=thumbnail, count=1)


class LatentFolder(Closing):
    """Looks into the folder from time to time, on a thread.

    Args:
        folder: of the library; it comes with the first latent.
        now: the source of real time [s].
        read_shapes: what .pt and .pth hold; None: each is one latent.
    """

    def __init__(
        self,
        folder: Path,
        now: Callable[[], float] = time.monotonic,
        read_shapes: ReadShapes | None = None,
    ) -> None:
        self.folder, self._read_shapes = folder, read_shapes
        self._now = now
        self._thread = ThreadPoolExecutor(1, "sgview library")
        self._scan: Future[dict[str, LibraryEntry]] | None = None
        self._due = now()
        self._known: Mapping[str, LibraryEntry] = {}
        self.entries: Mapping[str, LibraryEntry] = {}

    @property
    def thumbnails(self) -> dict[str, np.ndarray]:
        """Pictures by name, the same objects until they change."""
        return {
            f"latent {entry.name}": entry.thumbnail
            for entry in self.entries.values()
            if entry.thumbnail is not None
        }

    def poll(self) -> None:
        """Take in what was found, and look again when it is time; cheap, each frame."""
        if self._scan is not None and self._scan.done():
            before, self._known, self._scan = self._known, self._scan.result(), None
            if before != self._known:
                held = [entry for entry in self._known.values() if entry.is_latent]
                latents = (latent for entry in held for latent in entry.latents)
                self.entries = {latent.name: latent for latent in islice(latents, MOST)}
            self._due = self._now() + SCAN_EVERY
        if self._scan is None and self._now() >= self._due:
            self._scan = self._thread.submit(
                _scan, self.folder, dict(self._known), self._read_shapes
            )

    def look_again(self) -> None:
        """Look with the next `poll`: something was written."""
        self._due = self._now()

    def new_path(self, name: str) -> Path:
        """Return a file of that name, or the next free number after it."""
        stem = file_name(name) or "latent"
        numbers = (f"{stem} {n}" if n else stem for n in range(10_000))
        return next(path for n in numbers if not is_there(path := self.folder / f"{n}.npz"))

    def close(self) -> None:
        """Finish the scan that is running."""
        self._thread.shutdown()


def save_latent(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write a latent as .npz, whole or not at all.

    Raises:
        OSError: if it cannot be written.
    """
    data = io.BytesIO()
    np.savez_compressed(data, **arrays)  # type: ignore[arg-type]
    write_whole(path, data.getvalue())


def _scan(
    folder: Path, known: dict[str, LibraryEntry], read_shapes: ReadShapes | None
) -> dict[str, LibraryEntry]:
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    except OSError:
        return {}
    found: dict[str, LibraryEntry] = {}
    for path in paths[:MOST]:
        try:
            facts = path.stat()
        except OSError:
            continue
        name, stamp = drawable(path.name), (facts.st_mtime_ns, facts.st_size)
        old = known.get(name)
        if old is not None and old.stamp == stamp:
            found[name] = old
        elif path.suffix.lower() != ".png":
            count = count_latents(path, read_shapes)
            found[name] = LibraryEntry(name, stamp, _thumbnail(path), count=count)
        else:
            found[name] = LibraryEntry(name, stamp, *_snapshot(path))
    return found


def _snapshot(path: Path) -> tuple[np.ndarray | None, bool]:
    """Return the picture of a PNG, small, and whether it carries a latent."""
    try:
        if not load_snapshot(path).has_latent:
            return None, False
        with Image.open(path, formats=["PNG"]) as image:
            pixels = np.asarray(image.convert("RGBA")) if max(image.size) <= LARGEST else None
    except (ConfigError, *UNREADABLE):
        return None, False
    return None if pixels is None else shrink(pixels), True


def _thumbnail(path: Path) -> np.ndarray | None:
    """Return the picture that `save_latent` put into a file, None if there is none."""
    if path.suffix.lower() != ".npz":
        return None
    try:
        with np.load(path, allow_pickle=False) as held:
            if "thumbnail" not in held.files:
                return None
            picture = held["thumbnail"]
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, KeyError):
        return None
    is_picture = picture.dtype == np.uint8 and picture.ndim == 3 and picture.shape[2] == 4
    is_small = is_picture and 0 < max(picture.shape[:2]) <= LARGEST_PICTURE
    return np.ascontiguousarray(picture) if is_small else None

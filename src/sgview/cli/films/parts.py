"""The chunks of a film that are there: files, and a manifest that says what is in them.

The manifest is appended to, a line of JSON a chunk, after its files are whole; a chunk counts only
if its files are there with the contents that the manifest names. So a film goes on where it ended,
however it ended.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from sgview.cli.films.recipe import Chunk
from sgview.outputs.film_writers import SEQUENCES
from sgview.outputs.video import OutputError
from sgview.state.validation import decode_json
from sgview.state.whole_file import write_whole

MANIFEST = "manifest.jsonl"
_WRITERS = 8  # threads that write and read files: the disk's work, not the processor's


class PartFile(Struct, frozen=True):
    """A file of a chunk."""

    name: str
    size: int  # [bytes]
    sha256: str


class Part(Struct, frozen=True):
    """A chunk that was made."""

    number: int
    key: str
    count: int  # pictures
    files: tuple[PartFile, ...]


class Parts:
    """Keeps the chunks of one film.

    Args:
        out: the film, or the folder of its PNG files, which are its chunks' files themselves.
        codec: of it.
        film: what the film is made of; chunks of another film are not touched by it.
        place: among the films of the run.

    Raises:
        OutputError: if the manifest cannot be read.
    """

    def __init__(self, out: Path, codec: str, film: dict[str, Any], place: int = 0) -> None:
        self.folder = parts_folder(out)
        self._out = out
        self._is_png = codec in SEQUENCES
        self._film = film
        self._place = place
        self._known: dict[int, Part] = {}
        self.is_same_film = self._read()

    @property
    def is_there(self) -> bool:
        """Whether a film that was not finished has left chunks."""
        return (self.folder / MANIFEST).is_file()

    def begin(self) -> None:
        """Go on with the same film, or begin anew, forgetting the chunks of another.

        Raises:
            OutputError: if nothing can be written there.
        """
        with said_of(self.folder):
            if not self.is_same_film:
                self.forget()
                self._known = {}
            lines = [self._film, *self._known.values()]  # without one that was cut short
            write_whole(self.folder / MANIFEST, msgspec.json.Encoder().encode_lines(lines))
            if self._is_png:
                self._out.mkdir(parents=True, exist_ok=True)
            self._out.parent.mkdir(parents=True, exist_ok=True)

    def has(self, chunk: Chunk) -> bool:
        """Whether a chunk is there as it is wanted; its files are read to see it."""
        part = self._known.get(chunk.number)
        if part is None or part.key != chunk.keys[self._place]:
            return False
        with ThreadPoolExecutor(_WRITERS) as threads:
            return all(threads.map(self._is_whole, part.files))

    def keep(self, chunk: Chunk, files: Sequence[bytes | memoryview]) -> None:
        """Write a chunk: a film's file, or a PNG file a picture.

        Raises:
            OutputError: if the disk does not take it.
        """
        names = self._names(chunk, len(files))
        with said_of(self._out), ThreadPoolExecutor(_WRITERS) as threads:
            written = tuple(threads.map(self._write, names, files))
            key = chunk.keys[self._place]
            part = Part(chunk.number, key, len(chunk.shots), written)
            with (self.folder / MANIFEST).open("ab") as manifest:
                manifest.write(msgspec.json.encode(part) + b"\n")
            self._known[chunk.number] = part

    def read(self, number: int) -> bytes:
        """Return the file of a film's chunk.

        Raises:
            OutputError: if it cannot be read.
        """
        with said_of(self.folder):
            return self._path(self._known[number].files[0].name).read_bytes()

    def forget(self) -> None:
        """Remove the manifest and the files of a film's chunks; PNG files stay.

        Raises:
            OSError: if they cannot be removed.
        """
        if self.folder.is_dir():
            shutil.rmtree(self.folder)

    @property
    def draft(self) -> Path:
        """Where the film is joined before it takes its name."""
        return self.folder / f"joined{self._out.suffix}"

    def _names(self, chunk: Chunk, count: int) -> Iterator[str]:
        if self._is_png:
            return (f"{number:06d}.png" for number in range(chunk.first, chunk.first + count))
        return (f"{chunk.number:06d}-{number}" for number in range(count))

    def _path(self, name: str) -> Path:
        return (self._out if self._is_png else self.folder) / name

    def _write(self, name: str, data: bytes | memoryview) -> PartFile:
        write_whole(self._path(name), data, waits=not self._is_png)
        return PartFile(name, len(data), hashlib.sha256(data).hexdigest())

    def _is_whole(self, file: PartFile) -> bool:
        path = self._path(file.name)
        try:
            if path.stat().st_size != file.size:
                return False
            return hashlib.sha256(path.read_bytes()).hexdigest() == file.sha256
        except OSError:
            return False

    def _read(self) -> bool:
        """Read the manifest as far as it is whole; return whether it is of this film."""
        try:
            lines = (self.folder / MANIFEST).read_bytes().split(b"\n")
        except OSError:
            return False
        try:
            if decode_json(lines[0], object) != self._film:
                return False
        except ValueError:
            return False
        for line in filter(None, lines[1:]):
            try:
                part = decode_json(line, Part)
            except ValueError:
                continue  # a kill or a loss of power cut it short
            self._known[part.number] = part
        return True


def parts_folder(out: Path) -> Path:
    """Return where the chunks of a film are while it is made."""
    return out.with_name(f"{out.name}.parts")


@contextmanager
def said_of(path: Path) -> Iterator[None]:
    """Say in a sentence what the system says of a place."""
    try:
        yield
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}") from error

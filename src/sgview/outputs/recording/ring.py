"""The newest part of a film in memory, in pieces that can be thrown away from the front."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

MOST_BYTES = 512_000_000  # that are kept, however short a time that is [bytes]
HEADER_BOXES = (b"ftyp", b"moov")


@dataclass(frozen=True, eq=False)
class Ring:
    """What a `RingFile` held at one moment."""

    header: bytes
    fragments: tuple[bytes, ...]

    def reader(self) -> PieceReader:
        """Return a file that reads as a whole film."""
        return PieceReader((self.header, *self.fragments))


class RingFile:
    """Takes the bytes of a fragmented MP4 or QuickTime film, and keeps its newest fragments.

    Args:
        most_fragments: that are kept, one for each second of the film.
        most_bytes: that are kept.
    """

    def __init__(self, most_fragments: int, most_bytes: int = MOST_BYTES) -> None:
        self.error: OSError | None = None
        self._most_fragments, self._most_bytes = most_fragments, most_bytes
        self._lock = Lock()
        self._partial = bytearray()  # of a box
        self._fragment = bytearray()  # boxes of the fragment that is not complete
        self._header = b""
        self._fragments: deque[bytes] = deque()
        self.size = 0  # of all complete fragments [bytes]
        self.completed = 0  # fragments so far

    def write(self, data: bytes) -> int:
        """Take bytes; whole fragments are added, and the oldest dropped."""
        self._partial += data
        while (box := self._next_box()) is not None:
            self._take(box)
        return len(data)

    def ring(self) -> Ring:
        """Return what is kept now; from any thread."""
        with self._lock:
            return Ring(self._header, tuple(self._fragments))

    def close(self) -> None:
        """Do nothing: what is in memory is forgotten with the object."""

    def _next_box(self) -> bytes | None:
        """Return the next whole box: four bytes of length, four of type, contents."""
        partial = self._partial
        if len(partial) < 8:
            return None
        length = int.from_bytes(partial[:4], "big")
        if length == 1 and len(partial) >= 16:
            length = int.from_bytes(partial[8:16], "big")
        if length < 8 or len(partial) < length:
            return None
        box = bytes(partial[:length])
        del partial[:length]
        return box

    def _take(self, box: bytes) -> None:
        kind = box[4:8]
        if kind in HEADER_BOXES:
            with self._lock:
                self._header += box
            return
        if kind == b"mfra":  # an index of a file that is complete, which this is not
            return
        self._fragment += box
        if kind != b"mdat":
            return
        fragment = bytes(self._fragment)
        self._fragment.clear()
        with self._lock:
            self._fragments.append(fragment)
            self.size += len(fragment)
            self.completed += 1
            while len(self._fragments) > 1 and (
                len(self._fragments) > self._most_fragments or self.size > self._most_bytes
            ):
                self.size -= len(self._fragments.popleft())


class PieceReader:
    """Reads pieces of memory one after the other, as PyAV wants a file to read."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._pieces = deque(memoryview(piece) for piece in pieces)

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes; b"" at the end."""
        while self._pieces:
            piece = self._pieces[0]
            if not piece:
                self._pieces.popleft()
                continue
            self._pieces[0] = piece[size:]
            return bytes(piece[:size])
        return b""

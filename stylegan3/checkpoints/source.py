"""Positional, bounded reading of one file: the only place that touches a checkpoint's bytes.

Tensors are read once, straight into the memory they will live in. The file is not mapped, because
a mapped file that another program truncates or replaces kills the process (SIGBUS) or changes the
weights of a network that is playing.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, cast

from stylegan3.checkpoints.errors import UnusableError

BLOCK = 1 << 13  # bytes read ahead while parsing
LONGEST_LINE = 1 << 13  # bytes; text arguments of old opcodes: names, numbers, short text
BULK_BLOCK = 1 << 23  # bytes between two progress reports


@dataclass(frozen=True, slots=True)
class Span:
    """A run of bytes of the file that nobody has read yet."""

    start: int
    length: int


class Source:
    """An open file with a budget: it cannot make its reader read much more than its own size.

    Args:
        path: its name.
        progress: as in `read_into`.
        file: what is read instead of opening `path`; it stays open.
    """

    def __init__(
        self,
        path: Path,
        progress: Callable[[float], None] | None = None,
        file: BinaryIO | None = None,
    ) -> None:
        self.path = path
        self._is_ours = file is None
        self._file = cast(FileIO, file or path.open("rb", buffering=0))
        self.size = self._file.seek(0, 2)  # [bytes]
        self._progress = progress
        self._expected = 0
        self._done = 0
        self._budget = 4 * self.size + (1 << 20)

    def __enter__(self) -> Source:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._is_ours:
            self._file.close()

    @property
    def file(self) -> BinaryIO:
        """What is read from; it may be read anywhere, and is not to be closed."""
        return cast("BinaryIO", self._file)

    def read(self, start: int, length: int) -> bytes:
        """Read exactly `length` bytes from `start`.

        Raises:
            UnusableError: if the file ends before that.
        """
        if start < 0 or length < 0 or start + length > self.size:
            raise UnusableError("the file is truncated: data that it announces lie beyond its end")
        block = bytearray(length)
        self._fill(start, memoryview(block))
        return bytes(block)

    def charge(self, nbytes: int) -> None:
        """Ask for memory; a file may ask for a small multiple of its own size in all.

        Raises:
            UnusableError: if it asks for more, as it can by using the same bytes over and over.
        """
        self._budget -= nbytes
        if self._budget < 0:
            raise UnusableError("its tensors claim far more data than the file holds")

    def read_into(self, start: int, target: memoryview) -> None:
        """Fill `target` with tensor data from `start`, and report progress.

        Raises:
            UnusableError: if the file ends before that.
        """
        if start < 0 or start + len(target) > self.size:
            raise UnusableError("the file is truncated: tensor data lie beyond its end")
        for offset in range(0, len(target), BULK_BLOCK):
            part = target[offset : offset + BULK_BLOCK]
            self._fill(start + offset, part)
            self._done += len(part)
            if self._progress and self._expected:
                self._progress(min(self._done / self._expected, 1.0))

    def expect(self, nbytes: int) -> None:
        """Announce how many bytes `read_into` will fill in all: what progress 1.0 means."""
        self._expected = nbytes
        if self._progress:
            self._progress(0.0)

    def _fill(self, start: int, target: memoryview) -> None:
        self._file.seek(start)
        done = 0
        while done < len(target):
            count = self._file.readinto(target[done:])
            if not count:
                raise UnusableError("the file became shorter while it was read")
            done += count


class Cursor:
    """Reads a span of a source front to back, in small pieces, through a buffer."""

    def __init__(self, source: Source, span: Span) -> None:
        self._source = source
        self._block = b""
        self._block_start = span.start
        self._index = 0
        self._stop = span.start + span.length

    @property
    def position(self) -> int:
        """Offset in the file of the next byte."""
        return self._block_start + self._index

    def take(self, length: int) -> bytes:
        """The next `length` bytes."""
        end = self._index + length
        if end > len(self._block):
            self._refill(length)
            end = length
        data = self._block[self._index : end]
        self._index = end
        return data

    def take_byte(self) -> int:
        """The next byte, as a number: what a parser asks for most often."""
        if self._index >= len(self._block):
            return self.take(1)[0]
        self._index += 1
        return self._block[self._index - 1]

    def take_line(self) -> bytes:
        """The bytes before the next line feed, which is skipped."""
        end = self._block.find(b"\n", self._index)
        if end < 0 or end - self._index > LONGEST_LINE:
            self._refill(min(LONGEST_LINE, self._stop - self.position))
            end = self._block.find(b"\n")
        if not 0 <= end - self._index <= LONGEST_LINE:
            raise UnusableError("it is damaged: a line in it has no end")
        line = self._block[self._index : end]
        self._index = end + 1
        return line

    def take_number(self, layout: struct.Struct) -> int:
        """The next integer, one of `struct`'s."""
        end = self._index + layout.size
        if end > len(self._block):
            return layout.unpack(self.take(layout.size))[0]
        number = layout.unpack_from(self._block, self._index)[0]
        self._index = end
        return number

    def skip(self, length: int) -> Span:
        """Pass over `length` bytes without reading them."""
        span = Span(self.position, length)
        if length < 0 or span.start + length > self._stop:
            raise UnusableError("the file is truncated: data that it announces lie beyond its end")
        self.seek(span.start + length)
        return span

    def seek(self, position: int) -> None:
        """Continue at this offset in the file."""
        index = position - self._block_start
        if 0 <= index <= len(self._block):
            self._index = index
        else:
            self._block, self._block_start, self._index = b"", position, 0

    def _refill(self, length: int) -> None:
        start = self.position
        left = self._stop - start
        if length > left:
            raise UnusableError("the file is truncated: it ends in the middle of its data")
        self._block = self._source.read(start, min(max(length, BLOCK), left))
        self._block_start, self._index = start, 0

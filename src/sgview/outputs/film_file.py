"""The file that a film is written into, apart from the library that makes its bytes.

FFmpeg gets a stream that never fails; what goes wrong is kept here and said by whoever writes the
film. For where the header of an MP4 or MOV does not reach a full disk, FFmpeg frees its tracks, and
PyAV (18.1) writes the header once more with the next packet, also with one that the encoder is
flushed of at the end: `avformat_init_output` then reads what was freed, and the process is gone
(SIGSEGV). So nothing in this program lets FFmpeg open a file to write, and nothing sends a packet
to a container that refused one.
"""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

SYNC_EVERY = 1.0  # at most so much of a film is lost with the power [s]


class FilmFile:
    """Takes bytes for PyAV, which wants `write`, `seek` and `tell`; all reach the system at once.

    Args:
        path: the file, which is replaced.

    Raises:
        OSError: if there can be no such file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("wb", buffering=0)
        self._synced = time.monotonic()
        self._position = 0
        self.size = 0  # [bytes]
        self.error: OSError | None = None  # the first thing that went wrong

    def write(self, data: bytes) -> int:
        """Write all of `data`, or note why not."""
        if self.error is None:
            try:
                left = memoryview(data)
                while left:
                    left = left[self._file.write(left) :]
                self._sync(SYNC_EVERY)
            except OSError as error:
                self.error = error
        self._position += len(data)
        self.size = max(self.size, self._position)
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go on elsewhere in the file."""
        start = (0, self._position, self.size)[whence]
        self._position = start + offset
        if self.error is None:
            try:
                self._file.seek(self._position)
            except OSError as error:
                self.error = error
        return self._position

    def tell(self) -> int:
        """Return where the next byte goes."""
        return self._position

    def close(self) -> None:
        """Wait until the disk has everything; idempotent.

        Of an MP4 that could not be written to its end the last fragment is taken off, if it is in
        pieces: what is left plays to its end in every player.

        Raises:
            OSError: what went wrong first, now or before.
        """
        if self._file.closed:
            return
        try:
            self._sync(0.0)
            status = os.fstat(self._file.fileno())
            self._file.close()
            if self.error is None and status.st_size < self.size:
                raise OSError(errno.EIO, f"the disk has {status.st_size} of {self.size} bytes")
        except OSError as error:
            self.error = self.error or error
            self._file.close()
        if self.error is not None:
            with contextlib.suppress(OSError):
                self._take_off_pieces()
            raise self.error

    def _take_off_pieces(self) -> None:
        if self._path.suffix in (".mp4", ".mov") and self._path.is_file():
            with self._path.open("r+b") as file:
                if end := end_of_fragments(file):
                    file.truncate(end)

    def _sync(self, every: float) -> None:
        if time.monotonic() - self._synced < every:
            return
        try:
            os.fsync(self._file.fileno())
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # a device or pipe has no disk
                raise
        self._synced = time.monotonic()


class NotesErrors(Protocol):
    """Keeps what went wrong, and raises it when it is closed."""

    error: OSError | None


@contextlib.contextmanager
def ending(file: NotesErrors) -> Iterator[None]:
    """Note what fails while the container that writes to `file` is flushed and closed."""
    from av.error import FFmpegError

    try:
        yield
    except OSError as error:
        file.error = file.error or error
    except FFmpegError as error:
        file.error = file.error or OSError(error.errno, error.strerror)


def end_of_fragments(file: BinaryIO) -> int:
    """Return where the last whole fragment of an MP4 ends [bytes]; 0: there is none.

    ISO/IEC 14496-12, section 4.2: a file is a row of boxes, each of which begins with its size and
    kind; the pictures of a fragment are in its "mdat".
    """
    whole = position = 0
    size = file.seek(0, os.SEEK_END)
    while position + 16 <= size:
        file.seek(position)
        head = file.read(16)
        length = int.from_bytes(head[:4], "big")
        if length == 1:
            length = int.from_bytes(head[8:], "big")
        position += length
        if length < 8 or position > size:
            break
        if head[4:8] == b"mdat":
            whole = position
    return whole

"""The file that a film is written into, apart from the library that makes its bytes.

FFmpeg gets a stream that never fails: a library that meets a full disk while it closes a file has
ended the whole program. What goes wrong is kept here and said by whoever writes the film.
"""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

SYNC_EVERY = 1.0  # at most so much of a film is lost with the power [s]


class FilmFile:
    """Takes bytes for PyAV, which wants `write`, `seek` and `tell`; all reach the system at once.

    Args:
        path: the file, which is replaced.

    Raises:
        OSError: if there can be no such file.
    """

    def __init__(self, path: Path) -> None:
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
            raise self.error

    def _sync(self, every: float) -> None:
        if time.monotonic() - self._synced < every:
            return
        try:
            os.fsync(self._file.fileno())
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # a device or pipe has no disk
                raise
        self._synced = time.monotonic()

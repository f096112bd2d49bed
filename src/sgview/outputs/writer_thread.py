"""An output that writes pictures on a thread: what cannot be written in time is dropped."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import cast

from sgview.closing import Closing
from sgview.outputs.backlog import Backlog
from sgview.outputs.picture import OutputPicture
from sgview.outputs.video import PictureWriter
from sgview.outputs.work_thread import WorkThread
from sgview.state.status import OutputStatus

MOST_WAITING = 8  # pictures, the one that is being written among them


class WriterThread:
    """An `Output` for anything that writes one picture after the other.

    What goes wrong on the thread is raised by the next `offer` or `status`, after `close` by
    `take_messages`; what waits then is not written any more.

    Args:
        writer: used and closed on the thread alone.
        name: of the thread.
        target: what the panel shows of where pictures go.
        now: the source of real time [s].
        send: takes each picture in place of `writer.write`, for those who want more than pixels.
        most_waiting: pictures that may wait, the one that is being written among them.
        verb: of the sentence that says at the end what was written; "": there is none.
    """

    def __init__(
        self,
        writer: PictureWriter | Closing,
        name: str,
        target: str = "",
        now: Callable[[], float] = time.monotonic,
        send: Callable[[OutputPicture], None] | None = None,
        most_waiting: int = MOST_WAITING,
        verb: str = "",
    ) -> None:
        self._writer = writer
        self._send = send or self._write_pixels
        self._target = target
        self._backlog = Backlog(most_waiting, now)
        self._thread = WorkThread(f"sgview {name}")
        self._is_closed = False
        self.is_ended = False  # closed, and what waited is written or given up
        self._verb = verb
        self._size = (0, 0)

    def offer(self, picture: OutputPicture) -> None:
        """Hand a picture to the thread, or drop it while as many as may wait do.

        Raises:
            Exception: what went wrong on the thread.
        """
        if self._backlog.take():
            self._thread.submit(self._write, picture)

    def status(self) -> OutputStatus:
        """Return how it goes.

        Raises:
            Exception: what went wrong on the thread.
        """
        self._backlog.raise_error()
        with self._backlog.lock:
            return OutputStatus(
                target=self._target,
                size=self._size,
                rate=self._backlog.rate(),
                written=self._backlog.written,
                dropped=self._backlog.dropped,
            )

    def close(self) -> None:
        """Let the thread end once it has written what waits, without waiting for it."""
        if self._is_closed:
            return
        self._is_closed = True
        self._thread.submit(self._end)
        self._thread.close()

    def take_messages(self) -> list[str]:
        """Return what was written, once all is.

        Raises:
            Exception: what went wrong on the thread.
        """
        if not self.is_ended:
            return []
        self._backlog.raise_error()
        verb, self._verb, count = self._verb, "", self._backlog.written
        what = "1 picture" if count == 1 else f"{count} pictures"
        return [f"{verb} {self._target}: {what}"] if verb and count else []

    def _end(self) -> None:
        """Close the writer; runs on the thread."""
        try:
            self._writer.close()
        except Exception as error:
            self._backlog.note_end(error, self._target or "an output")
        self.is_ended = True

    def _write(self, picture: OutputPicture) -> None:
        """Write one picture; runs on the thread."""
        try:
            if self._backlog.error is None:
                self._send(picture)
                with self._backlog.lock:
                    self._size = picture.size
                    self._backlog.note_written()
        except Exception as error:  # raised again where it is handled, on the other thread
            self._backlog.error = error
        finally:
            self._backlog.done()

    def _write_pixels(self, picture: OutputPicture) -> None:
        cast(PictureWriter, self._writer).write(picture.host())

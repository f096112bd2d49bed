"""What the program and the browsers have in common: the newest picture and state, and wishes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock

import numpy as np

from sgview.closing import Closing
from sgview.outputs.page.jpeg import JpegEncoder
from sgview.outputs.page.messages import PageState, Wish, encode

MOST_WISHES = 256  # that wait for the next frame; the oldest go first
QUALITY = 80  # of JPEG
THUMBNAIL_QUALITY = 75


@dataclass(frozen=True)
class Jpeg:
    """One encoded picture, the same bytes for all browsers."""

    number: int
    data: bytes


class Hub(Closing):
    """The newest of everything; written by one thread, read by another, nothing is queued.

    Attributes:
        tell: called whenever there is something new, on the thread that brings it.
        viewers: browsers and programs that look now, in whatever way.
        jpeg_viewers: those of them that want JPEG.
        picture: the newest.
        state: the newest, encoded.
    """

    def __init__(self) -> None:
        self.tell: Callable[[], None] = lambda: None
        self.viewers = 0
        self.jpeg_viewers = 0
        self.picture: Jpeg | None = None
        self.state = b"{}"
        self._encoder = JpegEncoder(QUALITY)
        self._state = PageState()
        self._lock = Lock()
        self._wishes: deque[Wish] = deque(maxlen=MOST_WISHES)
        self._thumbnails: Mapping[str, np.ndarray] = {}

    def put_picture(self, rgba8: np.ndarray) -> None:
        """Encode [H, W, 4] uint8 once, for all."""
        number = self.picture.number + 1 if self.picture is not None else 0
        self.picture = Jpeg(number, self._encoder.encode(rgba8))
        self.tell()

    def close(self) -> None:
        """Encode nothing any more; on the thread that encoded. Idempotent."""
        self._encoder.close()

    def put_state(self, state: PageState, thumbnails: Mapping[str, np.ndarray]) -> None:
        """Take the state of now, and the pictures of looks by their names."""
        self._thumbnails = thumbnails
        if state != self._state:
            self._state, self.state = state, encode(state)
            self.tell()

    def thumbnail(self, name: str) -> bytes | None:
        """Return the picture of a look as JPEG."""
        pixels = self._thumbnails.get(name)
        if pixels is None:
            return None
        with JpegEncoder(THUMBNAIL_QUALITY) as encoder:
            return encoder.encode(pixels)

    def wish(self, wish: Wish) -> None:
        """Ask for something; from the thread of the server."""
        with self._lock:
            self._wishes.append(wish)

    def take_wishes(self) -> list[Wish]:
        """Return what was asked for since the last call."""
        with self._lock:
            taken = list(self._wishes)
            self._wishes.clear()
        return taken

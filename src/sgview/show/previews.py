"""Small pictures of places that nobody has been at yet: files, kept places, keys of a path."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping

import numpy as np


class Previews:
    """Which places want a picture, one after the other, and those that have one.

    `take` may be called by any thread, all else by one.
    """

    def __init__(self) -> None:
        self._pictures: dict[str, np.ndarray | None] = {}  # by place; None: it cannot be played
        self._asked = ""
        self._arrived: deque[tuple[object, str, np.ndarray | None]] = deque()
        self._networks: object = None

    @property
    def networks(self) -> object:
        """What the pictures are of."""
        return self._networks

    def poll(self, networks: object) -> None:
        """Take in what has arrived; pictures of other networks than these are forgotten."""
        if networks != self._networks:
            self._pictures, self._asked, self._networks = {}, "", networks
        while self._arrived:
            made_by, place, picture = self._arrived.popleft()
            if made_by == networks:
                self._pictures[place], self._asked = picture, ""

    def ask(self, places: Iterable[str]) -> str:
        """Return the next place of these that wants a picture, "" while there is none or one is
        on its way.
        """
        if not self._asked:
            self._asked = next((place for place in places if place not in self._pictures), "")
            return self._asked
        return ""

    def take(self, networks: object, place: str, picture: np.ndarray | None) -> None:
        """Take the picture of a place, uint8 [H, W, 4], as those networks made it."""
        self._arrived.append((networks, place, picture))

    @property
    def refused(self) -> frozenset[str]:
        """Places that cannot be played, such as a file of another width."""
        return frozenset(place for place, picture in self._pictures.items() if picture is None)

    @property
    def thumbnails(self) -> Mapping[str, np.ndarray]:
        """Pictures by place, the same objects until they change."""
        return {
            f"preview {place}": picture
            for place, picture in self._pictures.items()
            if picture is not None
        }

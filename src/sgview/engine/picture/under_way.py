"""Pictures that are begun on the device and perhaps not finished, and how quickly they come."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable

from sgview.engine.picture.picture import Picture

_SPAN = 2.0  # over which the time a picture is taken [s]
_MOST = 30  # pictures of that


class UnderWay:
    """Pictures in the order in which the device makes them; of the engine's thread alone."""

    def __init__(self) -> None:
        self._pictures: deque[Picture] = deque()

    def __len__(self) -> int:
        return len(self._pictures)

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """All of them, oldest first."""
        return tuple(self._pictures)

    def begin(self, picture: Picture) -> None:
        """Add one whose work was just given to the device."""
        self._pictures.append(picture)

    def is_oldest_finished(self) -> bool:
        """Ask the device, without waiting; what it answers with an error, `take_oldest` raises."""
        ready = self._pictures[0].ready
        try:
            return ready is None or ready.query()
        except Exception:
            return True

    def take_oldest(self) -> Picture:
        """Wait until the oldest is finished, and return it."""
        picture = self._pictures.popleft()
        if picture.ready is not None:
            picture.ready.synchronize()  # sleeps: the events are blocking ones
        return picture

    def clear(self) -> None:
        """Forget all of them."""
        self._pictures.clear()


class PictureRate:
    """How quickly finished pictures come.

    Args:
        now: the source of real time [s].
    """

    def __init__(self, now: Callable[[], float] = time.perf_counter) -> None:
        self._now = now
        self._finished: deque[float] = deque(maxlen=_MOST)  # [s]

    def note(self) -> None:
        """A picture was finished now."""
        self._finished.append(self._now())

    @property
    def fps(self) -> float:
        """Pictures a second."""
        return 1 / max(self.seconds_a_picture, 1e-6)

    @property
    def seconds_a_picture(self) -> float:
        """The mean of the last two seconds or 30 pictures [s]."""
        now, recent = self._now(), self._finished
        if recent and now - recent[0] >= _SPAN:
            recent = [moment for moment in recent if now - moment < _SPAN]
        return math.inf if len(recent) < 2 else (recent[-1] - recent[0]) / (len(recent) - 1)

"""What other threads ask of the engine's: the newest picture, tasks between two, a preview."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from sgview.engine.picture.under_way import UnderWay
from sgview.engine.preview import PreviewTurn
from sgview.engine.tuning_turn import TuningTurn
from sgview.state.motion import Motion
from sgview.state.params import Params

_USEFUL = 4  # times an unchanged frame is made on CUDA: its statistics are downloaded a frame late
_GLANCE = 0.0003  # how often the device is asked whether it has finished [s]

Wanted = tuple[Params, float, Motion | None]
"""Arguments of `Engine.render`."""
Task = Callable[[], None]


class Request(NamedTuple):
    """What the engine's thread is to do next; none of it: to finish a picture under way."""

    task: Task | None = None
    wanted: Wanted | None = None
    is_new: bool = False  # a frame is a function of `wanted`: more of an old one would be equal
    preview: Task | None = None
    tunes: bool = False  # whether there is time to measure convolutions


class Requests:
    """Takes requests on any thread without waiting, and hands them to the engine's.

    Args:
        works_behind: whether the device lags behind the host, as on CUDA.

    Attributes:
        asked: what was asked for last, begun or not.
        preview: the one that waits for its turn.
        tuning: what measures convolutions while nothing moves; None: nothing does.
    """

    def __init__(self, *, works_behind: bool) -> None:
        self._works_behind = works_behind
        lock = threading.Lock()
        self._condition = threading.Condition(lock)  # notified of work: parameters or tasks
        self._begun = threading.Condition(lock)  # notified when the newest request is begun
        self._wanted: Wanted | None = None
        self.asked: Wanted = (Params(), 0.0, None)
        self._is_begun = False  # the newest request
        self._repeats = 0  # of the last one
        self._tasks: deque[Task] = deque()  # run between frames on the thread
        self.preview = PreviewTurn(works_behind=works_behind)
        self.tuning: TuningTurn | None = None
        self._is_closing = False

    def submit(self, wanted: Wanted) -> None:
        """Ask for the picture of this instant; what was asked before and not begun is dropped."""
        with self._condition:
            self._wanted, self._is_begun = wanted, False
            self.asked = wanted
            self._condition.notify_all()

    def post(self, task: Task) -> None:
        """Have the engine's thread run a task, between two frames."""
        with self._condition:
            self._tasks.append(task)
            self._condition.notify_all()

    def post_preview(self, task: Task) -> None:
        """Have it run a task when there is nothing else to do; a new one takes its place."""
        with self._condition:
            self.preview.request(task)
            self._condition.notify_all()

    def wake(self) -> None:
        """Let the engine's thread look whether there is something to do."""
        with self._condition:
            self._condition.notify_all()

    def await_begun(self, seconds: float) -> None:
        """Sleep until the newest picture asked for is begun, at most so many seconds."""
        with self._condition:
            self._begun.wait_for(lambda: self._is_begun, seconds)

    def note_launched(self) -> None:
        """Note on the engine's thread that all of a picture is given to the device."""
        with self._condition:
            self._is_begun = self._wanted is None
            self._begun.notify_all()

    def take(self, last: Wanted | None, under_way: UnderWay) -> Request | None:
        """Wait on the engine's thread for something to do, and return it; None: it is to end.

        Args:
            last: what was made last; None: anything is new.
            under_way: pictures that are to be finished.
        """
        useful = _USEFUL if self._works_behind else 1
        with self._condition:
            self._wait(under_way)
            if self._is_closing:
                return None
            if self._tasks:
                self._put_off_tuning()
                return Request(task=self._tasks.popleft())
            wanted, self._wanted = self._wanted, None
            if wanted is not None:
                self._repeats = self._repeats + 1 if wanted == last else 1
                self._is_begun = self._repeats <= useful and not self._works_behind
                if last is None or _moved(last, wanted):
                    self.preview.put_off()
                if last is None or _moved(last, wanted) or wanted[0].noise_mode == "random":
                    self._put_off_tuning()
                self._begun.notify_all()
            preview = None if under_way else self.preview.take()
            tunes = wanted is None and preview is None and not under_way and self._is_tuning_due()
            return Request(None, wanted, self._repeats <= useful, preview, tunes)

    def close(self) -> bool:
        """Have the engine's thread end; return False where that was asked for already."""
        with self._condition:
            if self._is_closing:
                return False
            self._is_closing = True
            self._condition.notify_all()
            return True

    def _wait(self, under_way: UnderWay) -> None:
        """Wait for something to do; the condition is held.

        Either something new is wanted, or the picture under way is finished. The device cannot
        wake this thread up through the condition, so it is asked from time to time.
        """
        while not (self._is_closing or self._tasks or self._wanted is not None):
            if not under_way:
                left = self._seconds_left()
                if left is not None and left <= 0.0:
                    return
                self._condition.wait(left)
            elif under_way.is_oldest_finished():
                return
            else:
                self._condition.wait(_GLANCE)

    def _seconds_left(self) -> float | None:
        """Return for how long what has time waits [s], None if there is none."""
        turns = (self.preview, self.tuning)
        waits = [turn.seconds_left() for turn in turns if turn is not None]
        return min((left for left in waits if left is not None), default=None)

    def _is_tuning_due(self) -> bool:
        return self.tuning is not None and self.tuning.is_due()

    def _put_off_tuning(self) -> None:
        if self.tuning is not None:
            self.tuning.put_off()


def _moved(last: Wanted, wanted: Wanted) -> bool:
    """Return whether there is another picture to see; time alone goes by all the same."""
    return last[0] != wanted[0] or last[2] != wanted[2]

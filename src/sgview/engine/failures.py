"""What failed on the engine's thread: a notice, once, or the word that the device is lost."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

from sgview.engine.device import DeviceLostError, device_answers
from sgview.engine.engine import Engine
from sgview.engine.rescue import Rescue
from sgview.state.params import Params
from sgview.state.status import Notice
from stylegan3.cuda import is_out_of_memory

_log = logging.getLogger(__name__)


class Failures:
    """Runs what may fail, and keeps what the user should know of it until it is taken.

    Args:
        engine: whose device is asked whether it still answers.
        rescue: knows what would make room.
        on_loss: called where the device does not answer any more.

    Attributes:
        device_name: how notices name the device.
        lost: that the device does not compute any more; None while it does.
    """

    def __init__(self, engine: Engine, rescue: Rescue, on_loss: Callable[[], None]) -> None:
        self._engine, self._rescue, self._on_loss = engine, rescue, on_loss
        self.device_name = engine.device_description.partition(",")[0]
        self.lost: DeviceLostError | None = None
        self._lock = threading.Lock()  # of the notices
        self._notices: list[Notice] = []
        self._last_problem = ""

    def guard(self, task: Callable[[], None], params: Params | None = None) -> None:
        """Run `task`; an exception becomes a notice, once until something else happens.

        Args:
            task: what may fail.
            params: of the picture that it makes.
        """
        try:
            task()
        except Exception as error:
            if is_out_of_memory(error):
                text = f"The memory of {self.device_name} is full."
                hint, offer = self._rescue.advice(params or Params())
                self._report(Notice(0, "error", text, hint, offer=offer), error)
            elif device_answers(self._engine.device):
                text = f"A picture could not be made: {first_line(error)}"
                self._report(Notice(0, "error", text, "The log says where."), error)
            else:
                self._lose(error)

    def note_success(self) -> None:
        """Note that a picture was made: what fails from now on is told anew."""
        self._last_problem = ""

    def tell(self, *notices: Notice) -> None:
        """Keep notices until they are taken; any thread may call it."""
        with self._lock:
            self._notices.extend(notices)

    def take_notices(self) -> Sequence[Notice]:
        """Return what the user should know since the last call; ids are 0."""
        with self._lock:
            notices, self._notices = self._notices, []
            return notices

    def _lose(self, error: Exception) -> None:
        """Note that nothing can be computed in this process any more."""
        self._on_loss()
        lost = DeviceLostError(f"{self.device_name} does not answer any more ({first_line(error)})")
        lost.__cause__ = error
        self.lost = lost

    def _report(self, notice: Notice, error: Exception) -> None:
        if notice.text == self._last_problem:
            return
        self._last_problem = notice.text
        _log.error("%s", notice.text, exc_info=error)
        self.tell(notice)


def first_line(error: Exception) -> str:
    """Return the first line of what an error says; further ones are advice for developers."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].strip()

"""When convolutions are measured in the window: while nothing moves, and only if asked to."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future

import torch

from sgview.engine.background import Background
from sgview.engine.device import device_answers
from sgview.engine.failures import first_line
from sgview.state.status import Notice
from stylegan3.cuda import is_out_of_memory, let_go
from stylegan3.fast import IdleTuning

_log = logging.getLogger(__name__)

REST = 5.0  # without anything that moves, before a layer is measured [s]
_AHEAD = "`sgview tune` measures ahead of a show."


class TuningTurn:
    """Measures on the engine's thread, a few launches at a time; kernels compile on another.

    As soon as anything moves, what was begun is dropped. What goes wrong ends it for this process,
    with one notice, and pictures go on by what plays without it.

    Args:
        device: a CUDA device.
        tell: takes a notice.
        wake: lets the engine's thread look for something to do; called on any thread.
        tuning: None for what networks on this device play.
        now: the source of real time [s].
    """

    def __init__(
        self,
        device: torch.device,
        tell: Callable[[Notice], None],
        wake: Callable[[], None],
        tuning: IdleTuning | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._device, self._tell, self._now = device, tell, now
        self._tuning = tuning
        self._background = Background("sgview tuning", device)
        self._background.on_done = wake
        self._compiling: Future[None] | None = None
        self._due = now() + REST
        self._is_still = True
        self._has_ended = False
        self._told = 0  # layers that a notice was about

    def seconds_left(self) -> float | None:
        """Return for how long it waits [s], None if there is nothing to do."""
        if self._has_ended or (self._compiling is not None and not self._compiling.done()):
            return None
        left = self._due - self._now()
        if left > 0.0 or self._tuning is None:
            return left
        return left if self._tuning.has_work or self._is_to_be_told else None

    def put_off(self) -> None:
        """Drop what was begun, and wait until nothing has moved for a while."""
        self._due = self._now() + REST
        self._is_still = False
        if self._tuning is not None:
            self._tuning.drop()

    def is_due(self) -> bool:
        """Whether it is time for a step."""
        left = self.seconds_left()
        return left is not None and left <= 0.0

    def step(self) -> None:
        """Do a little of what there is to do; where the device answers, nothing is raised."""
        self._is_still = True
        try:
            self._step()
        except Exception as error:
            if not device_answers(self._device):
                # dropped by nobody, so that the file stays for the process that takes over
                self._has_ended, self._tuning = True, None
                raise
            let_go(error)
            if self._tuning is not None:
                self._tuning.leave_out()
            if is_out_of_memory(error):
                _log.info("a layer was not measured: there is no memory for it")
            else:
                self._end(f"No more convolutions are measured: {first_line(error)}", error)

    def close(self) -> None:
        """Drop what was begun, and end the other thread."""
        self._has_ended, self._is_still = True, False
        if self._tuning is not None:
            self._tuning.drop()
        self._background.close()

    def _step(self) -> None:
        if self._tuning is None:
            self._tuning = IdleTuning(self._device)
        tuning, compiled = self._tuning, self._compiling
        if compiled is not None:
            self._compiling = None
            compiled.result()  # raises what was raised there
        if tuning.is_barred:
            text = "No convolutions are measured: another program does so on this card,"
            self._end(f"{text} or the last time it did not come to an end.")
            return
        if not tuning.has_work:
            self._tell_of_success(tuning.measured)
            return
        job = tuning.ahead(lambda: self._is_still)
        if job is None:
            tuning.step()
        else:
            self._compiling = self._background.submit(job)

    @property
    def _is_to_be_told(self) -> bool:
        return self._tuning is not None and self._tuning.measured > self._told

    def _tell_of_success(self, measured: int) -> None:
        if not self._is_to_be_told:
            return
        layers = f"{measured - self._told} layer{'s' * (measured - self._told != 1)}"
        text = f"The fastest convolutions of {layers} were measured on this card."
        self._told = measured
        if self._device.type == "cuda":
            torch.cuda.empty_cache()  # up to a gigabyte, which nothing else here needs
        self._tell(Notice(0, "info", text, "Networks that are opened from now on play by them."))

    def _end(self, text: str, error: Exception | None = None) -> None:
        self._has_ended = True
        _log.warning("%s", text, exc_info=error)
        self._tell(Notice(0, "warning", text, f"All plays as before. {_AHEAD}"))

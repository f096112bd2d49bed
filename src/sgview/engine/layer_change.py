"""From one layer to another while the network plays on, if that is asked for."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from typing import NamedTuple

from sgview.engine.background import Background
from stylegan3.cuda import let_go
from stylegan3.fast import FastSynthesis

_log = logging.getLogger(__name__)


class _Job(NamedTuple):
    fast: FastSynthesis
    layer: str  # full name, "" for the image
    noise_mode: str
    future: Future[Callable[[], None]]


class LayerChange:
    """Has the launches of a layer planned behind the pictures, which stay on the layer before.

    Its first picture is launched and captured on the engine's thread all the same. What fails is
    tried again there, and told by whoever tells such things.

    Args:
        background: where it is done.
    """

    def __init__(self, background: Background) -> None:
        self._background = background
        self._shown: str | None = None
        self._job: _Job | None = None

    def follow(self, fast: FastSynthesis | None, layer: str, noise_mode: str) -> str:
        """Return the layer to show now: `layer` once it is planned, before that the one before.

        Args:
            fast: plays the network; None: it is not prepared yet, or modules play.
            layer: full name of what is wanted, "" for the image.
            noise_mode: of the picture; another mode is planned where it is played.
        """
        before = self._shown
        if fast is None or not self._waits_for(fast, layer, noise_mode, before):
            self._shown = layer
            return layer
        assert before is not None
        return before

    def _waits_for(
        self, fast: FastSynthesis, layer: str, noise_mode: str, before: str | None
    ) -> bool:
        job, self._job = self._job, None
        if job is not None and job[:3] != (fast, layer, noise_mode):
            job.future.cancel()
            job = None
        has_other = before is not None and fast.has_plan(before or None, noise_mode)
        if self._background.waits or not has_other or fast.has_plan(layer or None, noise_mode):
            if job is not None:
                job.future.cancel()
            return False
        if job is None:
            future = self._background.submit(lambda: fast.planned(layer or None, noise_mode))
            job = _Job(fast, layer, noise_mode, future)
        if not job.future.done():
            self._job = job
            return True
        error = job.future.exception()
        if error is None:
            job.future.result()()
        elif isinstance(error, Exception):
            let_go(error)
            _log.warning("%s could not be planned behind the pictures: %s", layer, error)
        else:
            raise error
        return False

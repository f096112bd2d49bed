"""From one canvas to another while the network plays on."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, NamedTuple, TypeVar

from sgview.engine.background import Background
from stylegan3 import Canvas
from stylegan3.cuda import let_go

T = TypeVar("T")


class Prepared(NamedTuple, Generic[T]):
    """What was made for a canvas, or why it could not be."""

    canvas: Canvas | None  # None: the network's own size
    made: T | None
    error: Exception | None


class _Job(NamedTuple, Generic[T]):
    canvas: Canvas | None
    is_moving: bool
    future: Future[T]


class CanvasChange(Generic[T]):
    """Has one network prepared for the canvas that is wanted, in the background.

    One canvas is prepared at a time, and of those that are wanted meanwhile the newest is next.

    Args:
        background: where it is done.
    """

    def __init__(self, background: Background) -> None:
        self._background = background
        self._job: _Job[T] | None = None

    @property
    def is_under_way(self) -> bool:
        """Whether a canvas is being prepared."""
        return self._job is not None

    def follow(
        self,
        wanted: Canvas | None,
        begin: Callable[[], Callable[[], T]],  # returns what prepares for it on another thread
        *,
        is_moving: bool = False,  # it may be one of many, as where a hand draws a slider
    ) -> Prepared[T] | None:
        """Return what is ready to take over, None while the canvas before has to stay.

        While the size moves, what was ready late is shown all the same, so that pictures follow
        in steps. A shape that was left again is not shown any more.
        """
        job = self._job
        if job is not None and job.canvas != wanted and job.future.cancel():
            job = None
        if job is None:
            job = self._job = _Job(wanted, is_moving, self._background.submit(begin()))
        if not job.future.done():
            return None
        self._job = None
        if job.canvas != wanted:
            self._job = _Job(wanted, is_moving, self._background.submit(begin()))
            if not (job.is_moving and is_moving):
                return None
        return _outcome(job)

    def drop(self) -> None:
        """Forget what is being prepared: the present canvas is wanted."""
        if self._job is not None:
            self._job.future.cancel()
            self._job = None


def _outcome(job: _Job[T]) -> Prepared[T]:
    error = job.future.exception()
    if error is None:
        return Prepared(job.canvas, job.future.result(), None)
    if not isinstance(error, Exception):
        raise error
    let_go(error)
    return Prepared(job.canvas, None, error)

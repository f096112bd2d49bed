"""How long the graphics card takes for the stages of a window's frame."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import numpy as np
from OpenGL import GL

from sgview.closing import Closing

_UNDER_WAY = 4  # queries a stage whose results have not come
_UNTIMED = nullcontext()


class DrawTimer(Closing):
    """Times stretches of OpenGL commands by queries of the card, which are never waited for.

    Stages must not lie within one another. Costs nothing while `is_wanted` is False. The context
    it was used in must be current.
    """

    def __init__(self) -> None:
        self.is_wanted = False
        self._free: list[int] = []
        self._pending: dict[str, deque[int]] = {}
        self._latest: dict[str, float] = {}

    def stage(self, name: str) -> AbstractContextManager[None]:
        """Time the OpenGL commands of the body as the stage `name`."""
        if not self.is_wanted:
            return _UNTIMED
        pending = self._pending.setdefault(name, deque())
        return _UNTIMED if len(pending) >= _UNDER_WAY else self._timed(pending)

    @contextmanager
    def _timed(self, pending: deque[int]) -> Iterator[None]:
        query = self._free.pop() if self._free else int(np.ravel(GL.glGenQueries(1))[0])
        GL.glBeginQuery(GL.GL_TIME_ELAPSED, query)
        try:
            yield
        finally:
            GL.glEndQuery(GL.GL_TIME_ELAPSED)
            pending.append(query)

    def latest(self) -> dict[str, float]:
        """Return the newest known time of each stage [ms], by its name; {} while not wanted."""
        if not self.is_wanted:
            self._latest = {}
        for name, pending in self._pending.items():
            while pending and _is_known(pending[0]):
                query = pending.popleft()
                self._free.append(query)
                if self.is_wanted:
                    self._latest[name] = _ask(query, GL.GL_QUERY_RESULT) / 1e6  # [ns] -> [ms]
        return dict(self._latest)

    def close(self) -> None:
        """Delete the queries; again does nothing."""
        queries = [*self._free, *(query for each in self._pending.values() for query in each)]
        if queries:
            GL.glDeleteQueries(len(queries), queries)
        self._free, self._pending, self._latest = [], {}, {}


def _is_known(query: int) -> bool:
    return bool(_ask(query, GL.GL_QUERY_RESULT_AVAILABLE))


def _ask(query: int, what: int) -> int:
    return int(np.ravel(GL.glGetQueryObjectuiv(query, what))[0])

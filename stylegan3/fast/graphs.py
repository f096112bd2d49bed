"""CUDA graphs of plans: a frame is one launch of the host."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable

import torch


class GraphCache:
    """The graphs used last; what they allocate while captured lies in one shared pool.

    Graphs of one cache must be replayed on one stream, one after the other.

    Args:
        size: graphs kept.
    """

    def __init__(self, size: int = 8) -> None:
        self._size = size
        self._graphs: OrderedDict[Hashable, torch.cuda.CUDAGraph] = OrderedDict()
        self._pool = torch.cuda.graph_pool_handle()

    def run(self, key: Hashable, frame: Callable[[], None]) -> None:
        """Run `frame`, which launches the same work for the same key every time.

        The first time for a key it runs directly and is then captured; the stream must not be the
        default one for that. Other threads may use the device meanwhile.
        """
        graph = self._graphs.get(key)
        if graph is not None:
            self._graphs.move_to_end(key)
            graph.replay()
            return
        frame()
        graph = torch.cuda.CUDAGraph()
        graph.capture_begin(pool=self._pool, capture_error_mode="thread_local")
        try:
            frame()
        finally:
            graph.capture_end()
        self._graphs[key] = graph
        while len(self._graphs) > self._size:
            self._graphs.popitem(last=False)

    def clear(self) -> None:
        """Drop all graphs."""
        self._graphs.clear()

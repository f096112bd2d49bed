"""CUDA graphs of plans: a frame is one launch of the host."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable

import torch

from stylegan3.cuda import is_out_of_memory, let_go


class GraphCache:
    """The graphs used last; what they allocate while captured lies in one shared pool.

    Graphs of one cache must be replayed on one stream, one after the other.

    Args:
        size: graphs kept.
    """

    def __init__(self, size: int = 8) -> None:
        self._size = size
        self._graphs: OrderedDict[Hashable, torch.cuda.CUDAGraph] = OrderedDict()
        self._too_large: set[Hashable] = set()  # keys of what had no room to be captured
        self._pool = torch.cuda.graph_pool_handle()

    def run(self, key: Hashable, frame: Callable[[], None]) -> None:
        """Run `frame`, which launches the same work for the same key every time.

        The first time for a key it runs directly and is then captured; the stream must not be the
        default one for that. Other threads may use the device meanwhile.

        Where there is no memory to capture it, all other graphs are dropped, and if that is not
        enough it runs directly from then on.
        """
        graph = self._graphs.get(key)
        if graph is not None:
            self._graphs.move_to_end(key)
            graph.replay()
            return
        frame()
        if key in self._too_large or self._captures(key, frame):
            return
        torch.cuda.current_stream().synchronize()
        self.clear()
        torch.cuda.empty_cache()
        if not self._captures(key, frame):
            self._too_large.add(key)

    def clear(self) -> None:
        """Drop all graphs and what they allocated; none may be under way."""
        self._graphs.clear()
        self._too_large.clear()
        self._pool = torch.cuda.graph_pool_handle()  # torch keeps no pool that nobody uses

    def _captures(self, key: Hashable, frame: Callable[[], None]) -> bool:
        """Capture `frame`; return False if there is no memory for that."""
        try:
            self._graphs[key] = self._capture(frame)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            let_go(error)
            return False
        while len(self._graphs) > self._size:
            self._graphs.popitem(last=False)
        return True

    def _capture(self, frame: Callable[[], None]) -> torch.cuda.CUDAGraph:
        graph = torch.cuda.CUDAGraph()
        graph.capture_begin(pool=self._pool, capture_error_mode="thread_local")
        try:
            frame()
        finally:
            graph.capture_end()
        return graph

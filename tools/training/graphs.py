"""Functions that run as CUDA graphs once they have run a few times."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

WARM_UP = 3  # eager calls before capture: they choose algorithms and make state


class Captures:
    """What the graphs of one stage share: a memory pool, and the stream of their warm-up."""

    def __init__(self) -> None:
        self.pool = torch.cuda.graph_pool_handle()
        self.stream = torch.cuda.Stream()


class Replayed:
    """A function that runs eagerly a few times and then as a captured CUDA graph.

    Without shared captures it always runs eagerly.
    """

    def __init__(self, function: Callable[[], Tensor | None], captures: Captures | None) -> None:
        self._function, self._captures = function, captures
        self._calls = 0
        self._graph: torch.cuda.CUDAGraph | None = None
        self._result: Tensor | None = None

    def __call__(self) -> Tensor | None:
        """Run it, and return a copy of its result."""
        if self._captures is None:
            return self._function()
        if self._graph is None and self._calls < WARM_UP:
            self._calls += 1
            # What capture must not see for the first time happens on another stream before it.
            self._captures.stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(self._captures.stream):
                result = self._function()
                result = None if result is None else result.clone()
            torch.cuda.current_stream().wait_stream(self._captures.stream)
            return result
        if self._graph is None:
            torch.cuda.synchronize()
            graph = torch.cuda.CUDAGraph()
            try:
                with torch.cuda.graph(
                    graph, pool=self._captures.pool, capture_error_mode="thread_local"
                ):
                    self._result = self._function()
            except RuntimeError as error:
                # Training slowly is better than not at all, but it has to be seen.
                print(f"no CUDA graph for {self._function.__name__}, running eagerly: {error}")
                self._captures = None
                return self._function()
            self._graph = graph
        self._graph.replay()
        # a copy: graphs that were captured before this one write to the same pool
        return None if self._result is None else self._result.clone()

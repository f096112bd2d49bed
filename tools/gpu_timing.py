"""GPU times by replayed CUDA graphs: no launch overhead of the host in them."""

from __future__ import annotations

import statistics
from collections.abc import Callable

import torch


def median_us(run: Callable[[], object], calls: int = 10, replays: int = 9) -> float:
    """Median time of one `run()` [us], over replays of a graph of `calls` of them."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(2):
            run()
    torch.cuda.current_stream().wait_stream(stream)
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        for _ in range(calls):
            run()
    graph.replay()
    return statistics.median(replay_ms(graph, replays)) * 1e3 / calls


def replay_ms(graph: torch.cuda.CUDAGraph, replays: int) -> list[float]:
    """Times of single replays [ms]."""
    times = []
    for _ in range(replays):
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        graph.replay()
        end.record()
        end.synchronize()
        times.append(start.elapsed_time(end))
    return times

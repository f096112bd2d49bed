"""The cache of CUDA graphs, with graphs that only count: memory for them may be full."""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
import torch

from stylegan3.fast.graphs import GraphCache


class Card:
    """Stands in for torch's graphs: so many have room, of frames that are not `huge`."""

    def __init__(self) -> None:
        self.room = 3
        self.held = self.pools = self.waits = self.freed = 0
        self.captures: list[int] = []


class Graph:
    card: Card
    launches: list[str]

    def __init__(self) -> None:
        self.is_captured = False

    def capture_begin(self, **_: object) -> None:
        self.card.captures.append(self.card.held)
        if self.card.held >= self.card.room:
            raise torch.OutOfMemoryError("CUDA out of memory.")

    def capture_end(self) -> None:
        self.is_captured = True
        self.card.held += 1

    def replay(self) -> None:
        self.launches.append("replay")

    def __del__(self) -> None:
        self.card.held -= self.is_captured


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> Iterator[Card]:
    card = Graph.card = Card()
    Graph.launches = []

    def pool() -> int:
        card.pools += 1
        return card.pools

    def wait() -> None:
        card.waits += 1

    def free() -> None:
        assert card.waits and card.held == 0  # nothing under way, and all graphs gone
        card.freed += 1

    monkeypatch.setattr(torch.cuda, "CUDAGraph", Graph)
    monkeypatch.setattr(torch.cuda, "graph_pool_handle", pool)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda: SimpleNamespace(synchronize=wait))
    monkeypatch.setattr(torch.cuda, "empty_cache", free)
    yield card


def test_other_graphs_make_room_for_a_new_one(card: Card) -> None:
    cache, launches = GraphCache(), Graph.launches
    for key in ("a", "b", "c"):
        cache.run(key, lambda key=key: launches.append(key))
    assert card.held == 3 and card.freed == 0
    launches.clear()
    cache.run("d", lambda: launches.append("d"))
    assert launches == ["d", "d"]  # directly, and captured
    assert card.held == 1 and card.freed == 1
    assert card.pools == 2  # torch keeps no pool of graphs that are gone
    cache.run("d", lambda: launches.append("d"))
    assert launches[-1] == "replay"


def test_what_has_no_room_at_all_is_launched_directly_from_then_on(card: Card) -> None:
    cache, launches = GraphCache(), Graph.launches
    card.room = 0
    for _ in range(3):
        cache.run("huge", lambda: launches.append("huge"))
    assert launches == ["huge"] * 3
    assert len(card.captures) == 2  # tried, tried in an empty cache, and not again
    cache.clear()
    card.room = 1
    cache.run("huge", lambda: launches.append("huge"))
    assert card.held == 1


def test_other_errors_are_raised(card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Graph) -> None:
        raise RuntimeError("operation not permitted when stream is capturing")

    monkeypatch.setattr(Graph, "capture_end", fail)
    with pytest.raises(RuntimeError, match="not permitted"):
        GraphCache().run("a", lambda: None)
    assert card.freed == 0

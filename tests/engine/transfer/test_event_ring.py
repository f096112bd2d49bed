"""Events of pictures, recorded in turn."""

import pytest
import torch

from sgview.engine.transfer.event_ring import EventRing


class Event:
    made = 0

    def __init__(self, blocking: bool) -> None:
        assert blocking  # who waits for it sleeps
        Event.made += 1
        self.streams: list[object] = []

    def record(self, stream: object) -> None:
        self.streams.append(stream)


def test_events_are_recorded_in_turn_on_their_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "Event", Event)
    ring = EventRing("stream", count=3)  # type: ignore[arg-type]
    events = [ring.record() for _ in range(7)]
    assert Event.made == 3
    assert len(set(events[:3])) == 3 and events[3:6] == events[:3]
    assert events[0].streams == ["stream"] * 3 and events[1].streams == ["stream"] * 2


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no NVIDIA GPU")
def test_an_event_recorded_again_never_says_too_early_that_work_is_done() -> None:
    stream = torch.cuda.Stream()
    ring = EventRing(stream, count=2)
    with torch.cuda.stream(stream):
        early = ring.record()
        torch.cuda._sleep(200_000_000)
        late, again = ring.record(), ring.record()
        assert again is early
        assert not late.query() and not early.query()
    early.synchronize()
    assert late.query() and early.query()

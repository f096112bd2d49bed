import time

import pytest
import torch

from sgview.engine.meters.timers import StageTimers


def test_stages_in_order():
    timers = StageTimers(torch.device("cpu"))
    start = time.perf_counter()
    timers.start_frame()
    with timers.stage("first"):
        time.sleep(0.01)
    with timers.stage("second"):
        pass
    timings = timers.finish_frame()
    whole = (time.perf_counter() - start) * 1e3
    assert [timing.stage for timing in timings] == ["first", "second"]
    assert 9.0 < timings[0].milliseconds < whole
    assert 0.0 <= timings[1].milliseconds < whole - 9.0


def test_a_frame_that_fails_leaves_no_stages_behind():
    timers = StageTimers(torch.device("cpu"))
    timers.start_frame()
    with pytest.raises(RuntimeError), timers.stage("broken"):
        raise RuntimeError
    timers.start_frame()
    with timers.stage("whole"):
        pass
    assert [timing.stage for timing in timers.finish_frame()] == ["whole"]


def test_a_frame_is_not_timed_while_the_times_of_one_are_unknown(monkeypatch):
    events = []

    class Event:
        is_done = False

        def __init__(self, enable_timing):
            self.moment = 0

        def record(self):
            events.append(self)
            self.moment = len(events)

        def query(self):
            return self.is_done

        def elapsed_time(self, end):
            return float(end.moment - self.moment)

    monkeypatch.setattr(torch.cuda, "Event", Event)
    timers = StageTimers(torch.device("cuda", 0))

    def frame():
        timers.start_frame()
        for name in ("one", "other"):
            with timers.stage(name):
                pass
        return [(timing.stage, timing.milliseconds) for timing in timers.finish_frame()]

    assert frame() == [] and len(events) == 3
    assert frame() == [] and len(events) == 3  # no event is recorded in vain
    Event.is_done = True
    assert frame() == [("one", 1.0), ("other", 1.0)]
    assert len(events) == 6
    Event.is_done = False
    assert frame() == [("one", 1.0), ("other", 1.0)] and len(events) == 6


def test_frames_that_follow_a_timed_one_too_soon_are_not_timed(monkeypatch):
    now, made = [0.0], []

    class Event:
        def __init__(self, enable_timing):
            made.append(self)

        def record(self):
            pass

        def query(self):
            return True

        def elapsed_time(self, _):
            return 1.0

    monkeypatch.setattr(torch.cuda, "Event", Event)
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    timers = StageTimers(torch.device("cuda", 0), interval=0.5)
    marks = []
    monkeypatch.setattr(Event, "record", lambda _: marks.append(now[0]))
    for now[0] in (1.0, 1.4, 1.6, 1.7):
        timers.start_frame()
        with timers.stage("one"):
            pass
        timings = timers.finish_frame()
    assert marks == [1.0, 1.0, 1.6, 1.6]
    assert [timing.stage for timing in timings] == ["one"]


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no NVIDIA GPU")
def test_cuda_timings_come_one_frame_late():
    timers = StageTimers(torch.device("cuda", 0))
    for _ in range(3):
        timers.start_frame()
        with timers.stage("sleep"):
            torch.cuda._sleep(2_000_000)
        timings = timers.finish_frame()
        torch.cuda.synchronize()
    assert [timing.stage for timing in timings] == ["sleep"]
    assert 0.1 < timings[0].milliseconds < 100.0

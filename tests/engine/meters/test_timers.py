import time

import pytest
import torch

from sgview.engine.meters.timers import StageTimers
from sgview.engine.transfer.download import Readback


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


def test_readback_on_the_cpu_is_immediate():
    readback = Readback()
    assert readback.latest() is None
    write(readback, "tag", torch.tensor([1.0, 2.0]))
    assert read(readback) == ("tag", [1.0, 2.0])
    write(readback, "longer", torch.tensor([3.0, 4.0, 5.0]))
    assert read(readback) == ("longer", [3.0, 4.0, 5.0])


class Ready:
    """An event of a device that is done when the test says so."""

    is_done = False

    def query(self) -> bool:
        return self.is_done

    def synchronize(self) -> None:
        self.is_done = True


def test_a_vector_is_read_when_it_arrived_and_its_memory_only_then_used_again():
    readback, first, second = Readback(), Ready(), Ready()
    letter = write(readback, "first", torch.tensor([1.0]), first)
    other = write(readback, "second", torch.tensor([2.0]), second)
    assert readback.latest() is None and other.memory.data_ptr() != letter.memory.data_ptr()
    first.is_done = True
    assert read(readback) == ("first", [1.0])
    values = readback.latest()[1]
    assert write(readback, "third", torch.tensor([3.0]), Ready()) is letter
    assert values.tolist() == [1.0]  # what was read does not change any more
    second.is_done = True
    assert read(readback) == ("second", [2.0])


def test_where_nobody_waits_for_pictures_no_more_than_a_few_vectors_are_under_way():
    readback, ready, cpu = Readback(), Ready(), torch.device("cpu")
    letters = [write(readback, n, torch.ones(1), ready) for n in range(8)]
    assert readback.letter(1, cpu) is None
    ready.is_done = True
    assert readback.letter(1, cpu) in letters
    assert read(readback) == (7, [1.0])


def test_memory_that_a_failed_frame_may_still_write_is_not_given_away():
    readback, cpu = Readback(), torch.device("cpu")
    letter = readback.letter(2, cpu)  # its frame fails
    assert readback.letter(2, cpu) is letter


def test_closing_waits_for_what_is_still_written():
    readback, ready = Readback(), Ready()
    write(readback, "tag", torch.ones(1), ready)
    readback.close()
    assert ready.is_done


def write(readback, tag, values, ready=None):
    """Send `values` as a frame does, and return the letter."""
    letter = readback.letter(len(values), values.device)
    letter.memory.copy_(values, non_blocking=True)
    if isinstance(ready, torch.cuda.Event):
        ready.record()
    readback.send(letter, tag, ready)
    return letter


def read(readback):
    tag, values = readback.latest()
    return tag, values.tolist()


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no NVIDIA GPU")
def test_readback_on_cuda_arrives_without_waiting(never_waiting):
    readback = Readback()
    with never_waiting():
        values = torch.arange(3, device="cuda", dtype=torch.float32)
        torch.cuda._sleep(200_000_000)
        write(readback, "first", values, torch.cuda.Event(blocking=True))
        assert readback.latest() is None
    torch.cuda.synchronize()
    assert read(readback) == ("first", [0.0, 1.0, 2.0])


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

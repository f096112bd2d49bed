"""Convolutions are measured while nothing moves, never beside what plays, and fail quietly."""

import threading
from collections.abc import Callable

import pytest
import torch
from msgspec.structs import replace

from sgview.engine import tuning_turn
from sgview.engine.acceleration import Acceleration
from sgview.engine.engine import Engine
from sgview.engine.picture.under_way import UnderWay
from sgview.engine.requests import Request, Requests, Wanted
from sgview.engine.tuning_turn import REST, TuningTurn
from sgview.engine.worker import EngineWorker
from sgview.state.motion import Motion
from sgview.state.params import Params
from sgview.state.status import Notice
from tests.support.until import until

CPU = torch.device("cpu")


class Tuning:
    """Two layers of three steps each."""

    def __init__(self) -> None:
        self.left, self.steps, self.dropped, self.measured = 2, 0, 0, 0
        self.job: Callable[[], None] | None = None
        self.failure: Exception | None = None
        self.is_barred = False

    @property
    def has_work(self) -> bool:
        return self.left > 0

    def ahead(self, goes_on: Callable[[], bool]) -> Callable[[], None] | None:
        job, self.job = self.job, None
        self.goes_on = goes_on
        return job

    def step(self) -> None:
        self.steps += 1
        if self.failure is not None:
            raise self.failure
        if self.steps % 3 == 0:
            self.left -= 1
            self.measured += 1

    def leave_out(self) -> None:
        self.left -= 1

    def drop(self) -> None:
        self.dropped += 1


class Desk:
    """The engine's thread without its loop, and a clock that the test sets."""

    def __init__(self) -> None:
        self.time = 0.0
        self.notices: list[Notice] = []
        self.tuning = Tuning()
        self.requests = Requests(works_behind=False)
        self.turn = TuningTurn(
            CPU,
            self.notices.append,
            self.requests.wake,
            self.tuning,  # type: ignore[arg-type]
            lambda: self.time,
        )
        self.requests.tuning = self.turn
        self.last: Wanted | None = None

    def take(self, wanted: Wanted | None = None) -> Request:
        """Ask for a picture, and return what the thread is to do; nothing may make it wait."""
        if wanted is not None:
            self.requests.submit(wanted)
        request = self.requests.take(self.last, UnderWay())
        assert request is not None
        self.last = request.wanted or self.last
        if request.tunes:
            self.turn.step()
        return request

    def rest(self) -> None:
        self.time += REST


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.take((Params(), 0.0, Motion()))
    return desk


def test_it_waits_until_nothing_has_moved_for_a_while(desk: Desk) -> None:
    assert desk.turn.seconds_left() == REST
    desk.rest()
    assert desk.take().tunes and desk.tuning.steps == 1
    assert not desk.take((Params(), 1.0, Motion())).tunes  # time goes by: a picture goes first
    assert desk.take().tunes
    dropped = desk.tuning.dropped
    moved = Motion(positions={"seed": 1.0})
    assert not desk.take((Params(), 2.0, moved)).tunes
    assert desk.tuning.dropped == dropped + 1 and desk.turn.seconds_left() == REST
    desk.rest()
    assert desk.take().tunes


def test_noise_that_is_drawn_for_each_picture_moves(desk: Desk) -> None:
    noisy = replace(Params(), noise_mode="random")
    desk.take((noisy, 0.0, Motion()))
    desk.rest()
    desk.take((noisy, 0.1, Motion()))
    assert desk.turn.seconds_left() == REST and desk.tuning.steps == 0


def test_what_is_posted_goes_first_and_puts_it_off(desk: Desk) -> None:
    desk.rest()
    desk.requests.post(lambda: None)
    assert desk.take().task is not None
    assert desk.turn.seconds_left() == REST


def test_once_all_is_measured_it_says_so_and_asks_for_no_time(desk: Desk) -> None:
    desk.rest()
    while desk.turn.seconds_left() is not None:
        assert desk.take().tunes
    assert desk.tuning.steps == 6
    [notice] = desk.notices
    assert notice.level == "info" and "of 2 layers were measured" in notice.text
    desk.tuning.left = 1  # another network is opened
    while desk.turn.seconds_left() is not None:
        desk.take()
    assert "of 1 layer were" in desk.notices[1].text


def test_kernels_compile_on_another_thread_first(desk: Desk) -> None:
    still: list[bool] = []
    desk.tuning.job = lambda: still.append(desk.tuning.goes_on())
    desk.rest()
    desk.take()
    until(lambda: still == [True] and desk.turn.seconds_left() is not None)
    assert desk.tuning.steps == 0
    desk.turn.put_off()
    assert not desk.tuning.goes_on()  # it leaves the rest for later
    desk.turn.close()


def test_what_fails_ends_it_with_one_notice(desk: Desk) -> None:
    desk.tuning.failure = RuntimeError("something\nmore of it")
    desk.rest()
    desk.take()
    [notice] = desk.notices
    assert notice.text == "No more convolutions are measured: something"
    assert "All plays as before" in notice.hint
    assert desk.turn.seconds_left() is None


def test_where_choices_cannot_be_looked_up_it_ends_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(device: torch.device) -> Tuning:
        raise RuntimeError("the driver does not tell its version")

    monkeypatch.setattr(tuning_turn, "IdleTuning", fail)
    notices: list[Notice] = []
    turn = TuningTurn(CPU, notices.append, lambda: None)
    turn.step()
    assert turn.seconds_left() is None and "does not tell its version" in notices[0].text


def test_what_fails_to_compile_ends_it_too(desk: Desk) -> None:
    def fail() -> None:
        raise RuntimeError("no compiler")

    desk.tuning.job = fail
    desk.rest()
    desk.take()
    until(lambda: desk.turn.seconds_left() is not None)
    desk.take()
    assert [n.text for n in desk.notices] == ["No more convolutions are measured: no compiler"]
    desk.turn.close()


def test_a_layer_without_room_is_left_out_quietly(desk: Desk) -> None:
    desk.tuning.failure = torch.OutOfMemoryError("CUDA out of memory")
    desk.rest()
    desk.take()
    assert not desk.notices and desk.tuning.left == 1
    desk.tuning.failure = None
    assert desk.take().tunes


def test_a_card_that_stops_is_no_matter_of_its_own(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file that says so stays; what is lost with a card is for those who know how."""
    monkeypatch.setattr(tuning_turn, "device_answers", lambda device: False)
    desk.tuning.failure = RuntimeError("CUDA error: unspecified launch failure")
    dropped = desk.tuning.dropped
    desk.rest()
    with pytest.raises(RuntimeError):
        desk.take()
    desk.requests.post(lambda: None)
    assert desk.take().task is not None
    desk.turn.close()
    assert desk.tuning.dropped == dropped and not desk.notices
    assert desk.turn.seconds_left() is None


def test_where_it_did_not_end_it_is_not_begun(desk: Desk) -> None:
    desk.tuning.is_barred = True
    desk.rest()
    desk.take()
    assert desk.tuning.steps == 0 and desk.turn.seconds_left() is None
    assert "did not come to an end" in desk.notices[0].text


@pytest.mark.parametrize(("acceleration", "tunes"), [
    (Acceleration(), False),  # unless somebody asks for it
    (Acceleration(tune="background"), True),
    (Acceleration(tune="background", kernels="generic"), False),  # there is no choice
    (Acceleration(tune="background", ops="ref"), False),
], ids=str)  # fmt: skip
def test_it_is_off_by_itself(
    acceleration: Acceleration, tunes: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    from stylegan3 import cuda

    monkeypatch.setattr(cuda, "unavailable_reason", lambda: None, raising=False)
    assert acceleration.tunes(torch.device("cuda", 0)) is tunes
    assert not acceleration.tunes(CPU)


class _Tuning(Acceleration):
    """Measures on every device."""

    def tunes(self, device: torch.device) -> bool:
        return True


def test_the_window_measures_on_the_engines_thread_and_plays_on(
    make_sg3, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: set[str] = set()

    class Noting(Tuning):
        def __init__(self, device: torch.device) -> None:
            super().__init__()
            made.append(self)

        def step(self) -> None:
            threads.add(threading.current_thread().name)
            super().step()

    made: list[Tuning] = []
    monkeypatch.setattr(tuning_turn, "IdleTuning", Noting)
    monkeypatch.setattr(tuning_turn, "REST", 0.01)
    with EngineWorker(Engine("cpu", _Tuning())) as worker:
        worker.set_network("a", make_sg3(0))
        worker.submit(Params(), 0.0)
        notices: list[Notice] = []
        until(lambda: notices.extend(worker.take_notices()) or notices)
        assert notices[0].level == "info" and "2 layers were measured" in notices[0].text
        worker.submit(Params(), 1.0)
        until(lambda: (picture := worker.latest()) is not None and picture.t == 1.0)
    assert threads == {"sgview engine"} and made[0].dropped > 0

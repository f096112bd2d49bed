"""What fails in a part of a frame fails alone, is told, and rests until it is woken."""

from collections.abc import Callable

import pytest

from sgview.state import boundary
from sgview.state.boundary import Boundary, open_boundary, place_of
from sgview.state.notices import Notices


class Clock:
    t = 0.0

    def __call__(self) -> float:
        return self.t


class Part:
    """Fails where it is told to."""

    def __init__(self) -> None:
        self.calls = 0
        self.is_bad = True

    def __call__(self) -> str:
        self.calls += 1
        if self.is_bad:
            raise ValueError(f"bad \udcff after {self.calls} calls")
        return "good"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def notices() -> Notices:
    return Notices()


@pytest.fixture
def guard(clock: Clock, notices: Notices) -> Boundary:
    return Boundary(notices, lambda part, error: f"/reports/{part}.txt", clock, strict=False)


def test_a_failure_is_told_with_place_and_report_and_the_part_rests(
    guard: Boundary, clock: Clock, notices: Notices
) -> None:
    part = Part()
    assert guard.call("looks", part, otherwise="last") == "last"
    (notice,) = notices.shown(0.0)
    assert notice.level == "warning"
    assert notice.text.startswith("Looks failed (test_boundary.py, line ")
    assert notice.text.endswith("ValueError: bad \ufffd after 1 calls")
    assert "/reports/looks.txt" in notice.hint
    assert "tried again by itself" in notice.hint
    assert guard.call("looks", part, otherwise="last") == "last"
    assert part.calls == 1
    clock.t = boundary.REST
    part.is_bad = False
    assert guard.call("looks", part, otherwise="last") == "good"


def test_after_three_failures_it_rests_until_it_is_woken(
    guard: Boundary, clock: Clock, notices: Notices
) -> None:
    part = Part()
    for _ in range(1000):
        guard.call("looks", part, otherwise="")
        clock.t += 0.5
    assert part.calls == 3
    (notice,) = notices.shown(clock.t)
    assert (notice.level, notice.resting) == ("error", "looks")
    assert "failed 3 times and rests" in notice.hint
    part.is_bad = False
    guard.wake("looks")
    assert notices.shown(clock.t) == ()
    assert guard.call("looks", part, otherwise="") == "good"


def test_failures_that_are_long_past_do_not_count(guard: Boundary, clock: Clock) -> None:
    part = Part()
    for _ in range(5):
        part.is_bad = True
        assert guard.call("looks", part, otherwise="") == ""
        part.is_bad = False
        clock.t += boundary.RECOVERY + 1
        assert guard.call("looks", part, otherwise="") == "good"


def test_what_wakes_the_others_is_tried_for_ever(guard: Boundary, clock: Clock) -> None:
    part = Part()
    for _ in range(100):
        guard.call("notices", part, otherwise="")
        clock.t += 1.0
    assert 8 < part.calls < 20


def test_what_the_user_asks_for_is_done_each_time(guard: Boundary, notices: Notices) -> None:
    part = Part()
    for _ in range(5):
        guard.attempt("save", part)
    assert part.calls == 5
    assert all(not notice.resting for notice in notices.shown(0.0))


def test_many_parts_that_fail_leave_the_buttons_on_show(
    guard: Boundary, clock: Clock, notices: Notices
) -> None:
    for _ in range(3):
        guard.call("looks", Part(), otherwise="")
        clock.t += 1.0
    for number in range(50):
        notices.add("error", f"{number}", now=clock.t)
    assert [n.resting for n in notices.shown(clock.t) if n.resting] == ["looks"]


def unsayable() -> None:
    class OddError(Exception):
        def __str__(self) -> str:
            raise SystemExit

    raise OddError


def deep(depth: int = 0) -> None:
    deep(depth + 1)


@pytest.mark.parametrize("fail", [unsayable, deep])
def test_exceptions_of_every_kind(
    guard: Boundary, notices: Notices, fail: Callable[[], None]
) -> None:
    guard.call("part", fail, otherwise=None)
    assert notices.shown(0.0)[0].text.startswith("Part failed")


def test_strict_raises(notices: Notices, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    for strict in (open_boundary(), Boundary(notices, None, clock)):  # conftest.py says so
        with pytest.raises(ValueError, match="after 1 calls"):
            strict.call("looks", Part(), otherwise="")
        with pytest.raises(KeyError):
            strict.fail("looks", KeyError("x"))
    monkeypatch.delenv(boundary.STRICT)
    assert Boundary(notices, None, clock).call("looks", Part(), otherwise="no") == "no"


def test_an_exception_that_was_never_raised_has_no_place() -> None:
    assert place_of(ValueError()) == ""

import numpy as np
import pytest

from sgview.gui.controls.graphs import bytes_text, milliseconds_text
from sgview.gui.controls.rolling import SPAN, Ceiling, Rolling, round_up


def fill(rolling: Rolling, seconds: float, value: float, start: float = 0.0) -> float:
    now = start
    while now < start + seconds:
        rolling.add(now, {"a": value})
        now += 1 / 60
    return now


def test_keeps_the_last_seconds_only() -> None:
    rolling = Rolling()
    now = fill(rolling, 30.0, 1.0)
    assert rolling.times[-1] == 0.0
    assert rolling.times[0] == pytest.approx(-SPAN, abs=0.05)
    rolling.add(now, {"a": 5.0, "b": 2.0})
    assert len(rolling.curve("b")) == len(rolling.times) == len(rolling.curve("a"))
    assert rolling.curve("b")[:-1].max() == 0.0  # it was not there before
    rolling.add(now + 1.0, {"b": 3.0})
    assert rolling.curve("a")[-1] == 0.0


def test_samples_that_come_faster_are_left_out() -> None:
    rolling = Rolling()
    for frame in range(1000):
        rolling.add(frame / 1000, {"a": 1.0})
    assert 50 <= len(rolling.times) <= 70


def test_figures_stand_still_for_a_while() -> None:
    rolling = Rolling()
    now = fill(rolling, 3.0, 10.0)
    assert rolling.mean("a") == pytest.approx(10.0)
    rolling.add(now, {"a": 100.0})
    before = rolling.mean("a")
    rolling.add(now + 0.02, {"a": 100.0})
    assert rolling.mean("a") == before
    fill(rolling, 1.5, 100.0, now + 0.04)
    assert rolling.mean("a") == pytest.approx(100.0)
    assert rolling.peak("a") == 100.0
    assert rolling.mean("unknown") == 0.0


def test_nothing_yet() -> None:
    rolling = Rolling()
    assert len(rolling.times) == len(rolling.curve("a")) == 0


@pytest.mark.parametrize(
    ("value", "expected"), [(0.9, 1.0), (1.0, 1.0), (1.01, 1.5), (7.0, 8.0), (930.0, 1000.0)]
)
def test_round_up(value: float, expected: float) -> None:
    assert round_up(value) == pytest.approx(expected)
    assert round_up(value / 1000) == pytest.approx(expected / 1000)


@pytest.mark.parametrize("value", [0.0, -1.0, np.inf, np.nan])
def test_round_up_of_what_is_no_number(value: float) -> None:
    assert round_up(value) == 0.0


def test_ceiling_rises_at_once_and_falls_late() -> None:
    ceiling = Ceiling(1.0)
    assert ceiling.over(0.1) == 1.0
    assert ceiling.over(5.0) == 6.0
    assert ceiling.over(4.0) == 6.0
    assert ceiling.over(3.0) == 6.0
    assert ceiling.over(2.0) == 3.0
    assert ceiling.over(0.0) == 1.0


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 kB"), (262_144, "262 kB"), (12_972_680, "13.0 MB"), (999_900_000, "1.00 GB"),
     (139_800_000_000, "140 GB")],
)  # fmt: skip
def test_bytes(size: int, text: str) -> None:
    assert bytes_text(size) == text


def test_milliseconds_have_three_digits() -> None:
    shown = [milliseconds_text(value) for value in (0.0123, 1.234, 12.34, 123.4)]
    assert shown == ["0.012", "1.23", "12.3", "123"]

"""How often a window draws, and how long it waits, on a card and where the processor draws."""

from types import SimpleNamespace

import pytest

from sgview.app.pace import (
    PANEL_RATE,
    RESTING_PANEL_RATE,
    RESTING_SOFTWARE_PANEL_RATE,
    SOFTWARE_FRAME,
    SOFTWARE_LIMIT,
    SOFTWARE_PANEL_RATE,
    FramePace,
)


def pace(*, is_software: bool, vsync: bool = False) -> FramePace:
    window = SimpleNamespace(
        graphics=SimpleNamespace(is_software=is_software), vsync=vsync, refresh_rate=60.0
    )
    return FramePace(window, 0.0)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("is_software", "vsync", "used", "rests"),
    [
        (False, True, PANEL_RATE, PANEL_RATE),
        (False, False, PANEL_RATE, RESTING_PANEL_RATE),
        (True, False, SOFTWARE_PANEL_RATE, RESTING_SOFTWARE_PANEL_RATE),
        (True, True, SOFTWARE_PANEL_RATE, RESTING_SOFTWARE_PANEL_RATE),
    ],
)
def test_panels_are_drawn_seldom_where_that_takes_from_pictures(
    is_software: bool, vsync: bool, used: float, rests: float
) -> None:
    asked = pace(is_software=is_software, vsync=vsync)
    assert asked.panel_rate(is_used=True) == used
    assert asked.panel_rate(is_used=False) == rests
    assert asked.keeps_panel == (is_software or not vsync)


def test_where_the_processor_draws_a_held_widget_waits_for_its_next_panel_alone() -> None:
    asked = pace(is_software=True)
    assert asked.patience(0.01, 1.0, is_held=False) == pytest.approx(SOFTWARE_FRAME - 0.01)
    assert asked.patience(0.01, 0.0, is_held=False) == pytest.approx(SOFTWARE_FRAME - 0.01)
    assert asked.patience(0.01, 0.005, is_held=True) == 0.005
    assert asked.patience(0.01, 0.0, is_held=True) == 0.0
    assert asked.patience(1.0, 1.0, is_held=True) == 0.0


def test_its_panel_is_not_drawn_more_often_than_frames_are() -> None:
    assert SOFTWARE_PANEL_RATE < SOFTWARE_LIMIT
    assert 1 / SOFTWARE_FRAME > SOFTWARE_PANEL_RATE > RESTING_SOFTWARE_PANEL_RATE

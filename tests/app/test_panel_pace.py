"""When the program in its window builds its panel, asks for pictures and waits for them."""

import time
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from sgview.app.pace import PANEL_RATE, RESTING_PANEL_RATE, SOFTWARE_FRAME
from sgview.show.clock import Pace
from sgview.state.params import Params, View
from tests.support.driver import Driver, difference

pytestmark = pytest.mark.gl


def test_frames_between_two_of_the_panel_show_new_pictures_beside_the_last_one(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = driver.app
    before, shot = driver.settle(), driver.shot()
    now = time.perf_counter()
    pace = Pace(60.0, lambda: now)
    pace.begin()
    monkeypatch.setattr(app.screen, "_panel_pace", pace)
    drawn = []
    draw = app.gui.draw
    monkeypatch.setattr(app.gui, "draw", lambda *given: drawn.append(given) or draw(*given))
    app.params = Params(view=View(flip_horizontal=True))
    after = driver.settle()
    np.testing.assert_array_equal(after, before[:, ::-1])
    light = driver.shot()
    assert not drawn
    x, y, width, height = app.gui.picture_rect
    left, top = map(int, app.screen.window.cursor)
    for picture in (shot, light):
        picture[y : y + height, x : x + width] = 0
        picture[max(top - 4, 0) : top + 28, max(left - 4, 0) : left + 24] = 0  # the mouse's arrow
    np.testing.assert_array_equal(light, shot)  # all of the panel
    now += 1.0
    app.frame()
    assert len(drawn) == 1


def test_without_vsync_a_card_keeps_the_panel_and_shows_it_beside_new_pictures(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = driver.app
    driver.settle()
    direct = driver.shot().astype(int)
    graphics = replace(app.screen.window.graphics, renderer="a card")
    monkeypatch.setattr(app.screen.window, "graphics", graphics)
    monkeypatch.setattr(app.screen.window, "_vsync", False)
    now = time.perf_counter()
    pace = Pace(60.0, lambda: now)
    monkeypatch.setattr(app.screen, "_panel_pace", pace)
    presented = []
    present = app.gui.present
    monkeypatch.setattr(app.gui, "present", lambda: presented.append(1) or present())
    app.frame()  # with the panel
    assert len(presented) == 1
    app.params = Params(view=View(flip_horizontal=True))
    driver.settle()
    light = driver.shot().astype(int)
    assert len(presented) == 1
    x, y, width, height = app.gui.picture_rect
    # Upright and mirrored pictures differ; beside them all is the panel, to a step of rounding.
    assert (light[y : y + height, x : x + width] != direct[y : y + height, x : x + width]).any()
    for picture in (direct, light):
        picture[y : y + height, x : x + width] = 0
    assert difference(direct, light) < 0.01  # numbers have moved
    assert direct.any()


def test_the_engine_is_asked_before_the_panel_is_built_where_pictures_set_the_pace(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, deeds = driver.app, []
    submit, draw = app.worker.submit, app.gui.draw
    monkeypatch.setattr(app.worker, "submit", lambda *what: deeds.append("ask") or submit(*what))
    monkeypatch.setattr(app.gui, "draw", lambda *what: deeds.append("draw") or draw(*what))
    monkeypatch.setattr(app.screen, "_panel_pace", Pace(1e9))
    app.frame()
    assert deeds == ["draw", "ask"]  # what the user changes is seen by the next screen
    deeds.clear()
    graphics = replace(app.screen.window.graphics, renderer="a card")
    monkeypatch.setattr(app.screen.window, "graphics", graphics)
    monkeypatch.setattr(app.screen.window, "_vsync", False)
    app.frame()
    assert deeds == ["ask", "draw", "ask"]


def test_a_panel_at_rest_makes_room_for_pictures(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, rates = driver.app, []
    graphics = replace(app.screen.window.graphics, renderer="a card")
    monkeypatch.setattr(app.screen.window, "graphics", graphics)
    monkeypatch.setattr(app.screen._panel_pace, "begin", rates.append)
    monkeypatch.setattr(app.screen._panel_pace, "is_due", lambda: True)
    driver.until(lambda: not app.gui.is_used)
    rates.clear()
    app.frame()
    assert rates == [PANEL_RATE]  # with vsync
    monkeypatch.setattr(app.screen.window, "_vsync", False)
    app.frame()
    driver.screen.xdotool("mousemove", 500, 500)
    driver.until(lambda: rates[-1] == PANEL_RATE)
    assert rates[1] == RESTING_PANEL_RATE


@pytest.mark.parametrize(
    ("renderer", "vsync", "waits_for"),
    [("llvmpipe", True, 0.02), ("a card", False, 0.5), ("a card", True, None)],
)
def test_a_frame_waits_for_a_new_picture_where_nothing_else_sets_the_pace(
    driver: Driver,
    monkeypatch: pytest.MonkeyPatch,
    renderer: str,
    vsync: bool,
    waits_for: float | None,
) -> None:
    app, waits = driver.app, []
    monkeypatch.setattr(
        app.screen.window, "graphics", replace(app.screen.window.graphics, renderer=renderer)
    )
    monkeypatch.setattr(app.screen.window, "_vsync", vsync)
    monkeypatch.setattr(app.screen._panel_pace, "seconds_left", lambda: 0.5)
    monkeypatch.setattr(app.worker, "await_newer", lambda *given: waits.append(given))
    moments = iter([10.0])  # when the frame begins; all else is 10 ms later
    monkeypatch.setattr(app.screen, "_now", lambda: next(moments, 10.0 + SOFTWARE_FRAME - 0.02))
    app.frame()
    if waits_for is None:
        assert not waits
    else:
        assert waits == [(app.picture, pytest.approx(waits_for))]


@pytest.fixture
def slow_driver(driver: Driver) -> Driver:
    """Of a window that the processor draws; at rest, and paused: no new pictures."""
    if not driver.app.screen.window.graphics.is_software:
        pytest.skip("a graphics card draws")
    driver.until(lambda: not driver.app.gui.is_used)
    return driver


def test_where_the_processor_draws_it_does_so_for_what_is_new_alone(
    slow_driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver, app = slow_driver, slow_driver.app
    now = time.perf_counter()
    pace = Pace(60.0, lambda: now)
    pace.begin()
    monkeypatch.setattr(app.screen, "_panel_pace", pace)
    shown, built = [], []
    swap, draw = app.screen.window.swap, app.gui.draw

    def record() -> None:
        shown.append((app.picture, app.params.view))
        swap()

    monkeypatch.setattr(app.screen.window, "swap", record)
    monkeypatch.setattr(app.gui, "draw", lambda *given: built.append(1) or draw(*given))
    driver.frames()
    shown.clear()
    driver.frames()
    assert (shown, built) == ([], [])
    app.params = Params(view=View(zoom=2.0))  # may be the same picture, in another way
    driver.frames()
    assert shown
    app.params = Params(view=View(zoom=2.0, flip_vertical=True))
    driver.settle()
    driver.frames()
    assert shown[-1][0].params.view.flip_vertical
    for one, next_one in pairwise(shown):
        assert one[0] is not next_one[0] or one[1] != next_one[1]
    assert not built
    driver.screen.xdotool("mousemove", 500, 400)
    driver.until(lambda: built)  # though its pace says that it is not due
    now += 1.0
    driver.frames(1)
    assert len(built) >= 2


def test_where_the_processor_draws_a_panel_in_use_is_not_kept(
    slow_driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver, app = slow_driver, slow_driver.app
    direct, kept = driver.shot(), []
    monkeypatch.setattr(app.screen._panel_pace, "is_due", lambda: True)
    monkeypatch.setattr(app.screen, "_input_at", -np.inf)
    drawn = app.screen._kept.drawn
    monkeypatch.setattr(app.screen._kept, "drawn", lambda size: kept.append(size) or drawn(size))
    for is_used in (True, False):
        kept.clear()
        monkeypatch.setattr(type(app.gui), "is_used", is_used)
        driver.frames()
        assert bool(kept) is not is_used
        assert difference(direct, driver.shot()) < 0.01  # it looks the same, but for numbers

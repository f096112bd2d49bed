"""The program in its window, with a real engine, driven by synthetic mouse and keys."""

import numpy as np
import pytest

from sgview.state.commands import Quit
from sgview.state.params import Blend, Edit, Params, View
from tests.support.app import SG3_A as A
from tests.support.app import SG3_B as B
from tests.support.driver import HEIGHT, WIDTH, Driver, difference

pytestmark = pytest.mark.gl


def engine_pixels(params: Params, t: float) -> np.ndarray:
    """Return what the engine makes of `params` away from the window."""
    from sgview.engine.engine import Engine
    from sgview.engine.networks import load_network

    with Engine("cpu") as engine:
        engine.set_network("a", load_network(A))
        engine.set_network("b", load_network(B))
        picture = engine.render(params, t)
        assert picture is not None
        return picture.rgba8.numpy()


def test_the_texture_holds_the_engines_picture_byte_for_byte(driver: Driver) -> None:
    np.testing.assert_array_equal(driver.settle(), engine_pixels(Params(), 0.0))


def test_the_screen_shows_the_picture_byte_for_byte(driver: Driver) -> None:
    driver.app.params = Params(view=View(fit="1:1", filter="nearest"))
    pixels = driver.settle()
    shot = driver.shot()
    x, y, width, height = driver.app.gui.picture_rect
    left, top = x + (width - 64) // 2, y + (height - 64) // 2
    np.testing.assert_array_equal(shot[top : top + 64, left : left + 64], pixels[..., :3])


def test_the_network_moves_when_time_runs(driver: Driver) -> None:
    before = driver.settle()
    driver.key("space")
    assert not driver.app.player.clock.is_paused
    driver.until(lambda: driver.app.player.clock.t > 0.5)
    driver.key("space")
    assert driver.app.player.clock.is_paused
    assert (driver.settle() != before).mean() > 0.2


@pytest.mark.parametrize(("key", "axis"), [("x", 1), ("y", 0)])
def test_flips_are_in_the_picture(driver: Driver, key: str, axis: int) -> None:
    before = driver.settle()
    driver.key(key)
    np.testing.assert_array_equal(driver.settle(), np.flip(before, axis))
    driver.key(key)
    np.testing.assert_array_equal(driver.settle(), before)


def test_brackets_walk_the_layers_and_0_returns_to_the_image(driver: Driver) -> None:
    driver.key("bracketleft")
    first = driver.app.params.layer.name
    assert first.startswith("L14")
    driver.key(*["bracketleft"] * 4)
    assert driver.app.params.layer.name.startswith("L10")
    driver.settle()
    assert driver.app.screen.display.size == (84, 84)
    assert driver.app.status.picture.layer.startswith("L10")
    driver.key("bracketright")
    assert driver.app.params.layer.name.startswith("L11")
    driver.key("0")
    assert driver.app.params.layer.name == ""
    driver.settle()
    assert driver.app.screen.display.size == (64, 64)


@pytest.mark.parametrize("key", ["h", "Tab"])
def test_panels_hide_and_the_picture_takes_their_place(driver: Driver, key: str) -> None:
    before = driver.shot()
    driver.key(key)
    assert driver.app.gui.picture_rect == (0, 0, WIDTH, HEIGHT)
    shot = driver.shot()[: HEIGHT - 40]
    bar = (WIDTH - HEIGHT) // 2  # beside the square picture
    assert len(np.unique(shot[:, WIDTH - bar :].reshape(-1, 3), axis=0)) == 1
    texels = np.arange(8, 56, 8)
    at = ((texels + 0.5) * HEIGHT / 64).astype(int)  # their centres on the screen
    own = driver.app.screen.display.read()[np.ix_(texels, texels)][..., :3].astype(int)
    assert np.abs(shot[np.ix_(at, at + bar)] - own).max() < 20
    driver.key(key)
    assert difference(driver.shot(), before) < 0.01  # the rates in the bar move


def test_escape_never_quits_and_closes_the_sheet_of_keys(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = driver.shot()
    driver.key("F1")
    assert difference(driver.shot(), before) > 0.1
    driver.key("Escape", "Escape", "Escape")
    frames = []
    with monkeypatch.context() as watched:
        watched.setattr(driver.app, "frame", lambda: frames.append(1))
        driver.app.run(seconds=0.0)
    assert frames  # it is still running
    assert not driver.app.screen.window.should_close
    assert difference(driver.shot(), before) < 0.01


def test_fullscreen_and_back(driver: Driver) -> None:
    driver.key("f")
    driver.until(lambda: driver.app.screen.window.framebuffer_size == (1600, 1000))
    assert driver.app.screen.window.placement.is_fullscreen
    driver.frames()
    assert driver.app.gui.picture_rect[3] > HEIGHT
    driver.key("f")
    driver.until(lambda: driver.app.screen.window.framebuffer_size == (WIDTH, HEIGHT))


def test_a_drag_of_a_slider_is_one_undo(driver: Driver) -> None:
    from imgui_bundle import imgui

    app = driver.app
    pane = imgui.internal.find_window_by_name("Blend")
    tab = pane.dc.dock_tab_item_rect
    driver.drag(((tab.min.x + tab.max.x) / 2, (tab.min.y + tab.max.y) / 2))
    size = imgui.get_font_size()
    y = pane.pos.y + pane.size.y - 3 * size  # somewhere in the list of groups
    x = pane.pos.x + pane.size.x * 0.5
    for row in range(40):  # find a group's bar from below: the layout is not this test's
        driver.drag((x, y - row * size), (x + 30, y - row * size), (x + 60, y - row * size))
        if app.params.blend.amounts:
            break
    assert app.params.blend.amounts
    assert app.params != Params()
    mixed = driver.settle()
    driver.key("ctrl+z")
    assert app.params == Params()
    before = driver.settle()
    assert (mixed != before).any()
    driver.key("ctrl+shift+z")
    np.testing.assert_array_equal(driver.settle(), mixed)


def test_b_plays_a_or_b_alone(driver: Driver) -> None:
    mix = driver.settle()
    driver.key("b", "b")
    assert driver.app.params.blend.source == "b"
    other = driver.settle()
    np.testing.assert_array_equal(other, engine_pixels(Params(blend=Blend(source="b")), 0.0))
    driver.key("b")
    np.testing.assert_array_equal(driver.settle(), mix)


def test_an_expression_moves_an_edit_and_reset_restores_the_picture(driver: Driver) -> None:
    before = driver.settle()
    edit = Edit(tensor="synthesis.input.weight", expression="sin(t)")
    driver.app.params = Params(edits=(edit,))
    driver.app.player.clock.t = 0.5
    driver.until(lambda: driver.app.picture.t == 0.5 and bool(driver.app.picture.params.edits))
    shown = driver.app.picture.params.edits[0]
    assert shown.amount == pytest.approx(np.sin(0.5))
    assert driver.app.status.player.edits[0].amount == pytest.approx(np.sin(0.5))
    assert driver.app.params.edits[0] == edit
    driver.key("ctrl+e")
    assert driver.app.params.edits == ()
    (notice,) = driver.app.status.notices
    assert notice.text == "Removed the edit of synthesis.input.weight"
    assert notice.hint == "Ctrl+Z brings them back."
    driver.key("ctrl+z")
    assert driver.app.params.edits == (edit,)
    driver.key("ctrl+e")
    assert driver.app.params.edits == ()
    driver.app.player.clock.rewind()
    np.testing.assert_array_equal(driver.settle(), before)


def test_quit_ends_the_loop(driver: Driver) -> None:  # for good: this is the last test
    app = driver.app
    app.execute(Quit())
    app.run(seconds=30)
    assert app.player.clock.t == 0.0

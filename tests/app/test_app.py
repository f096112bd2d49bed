"""The program in its window, with a real engine, driven by synthetic mouse and keys."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace as set_fields
from PIL import Image

from sgview.app.pace import SOFTWARE_FRAME
from sgview.app.screen import PANEL_RATE, RESTING_PANEL_RATE
from sgview.outputs.snapshot import load_snapshot_params
from sgview.settings import WindowSettings
from sgview.show.clock import Pace
from sgview.state.commands import (
    DismissNotice,
    LoadNetwork,
    Quit,
    Rewind,
    SaveLatent,
    SaveSnapshot,
    TogglePause,
)
from sgview.state.params import Blend, Edit, Key, Latents, Mixing, Params, Plane, Playback, View
from sgview.state.params import Path as LatentPath
from sgview.state.presets import load_preset
from tests.support.app import SG3_A as A
from tests.support.app import SG3_B as B
from tests.support.app import app_playing
from tests.support.until import until

pytestmark = pytest.mark.gl

WIDTH, HEIGHT = 1100, 760


class Driver:
    """A running app, and hands on its mouse and keyboard."""

    def __init__(self, app, screen, folder: Path) -> None:
        self.app, self.screen, self.folder = app, screen, folder

    def until(self, is_done: Callable[[], object]) -> None:
        """Run frames until something is so."""
        until(is_done, self.app.frame)

    def frames(self, count: int = 4) -> None:
        for _ in range(count):
            self.app.frame()

    def key(self, *names: str) -> None:
        for name in names:
            self.screen.xdotool("key", name)
            self.frames()

    def type(self, text: str) -> None:
        for letter in text:  # one a frame, as even a fast hand does
            self.screen.xdotool("type", letter)
            self.frames(2)

    def drag(self, start: tuple[float, float], *ends: tuple[float, float]) -> None:
        self.screen.xdotool("mousemove", int(start[0]), int(start[1]))
        self.frames()
        self.screen.xdotool("mousedown", 1)
        self.frames()
        for end in ends:
            self.screen.xdotool("mousemove", int(end[0]), int(end[1]))
            self.frames(2)
        self.screen.xdotool("mouseup", 1)
        self.frames()

    def settle(self) -> np.ndarray:
        """Wait until the picture shows the parameters of now; return its pixels."""
        self.until(lambda: self.is_current())
        return self.app.screen.display.read()

    def is_current(self) -> bool:
        picture = self.app.picture
        return (
            picture is not None
            and picture.params == self.app.params
            and picture.t == self.app.player.clock.t
        )

    def playing(self) -> dict[str, str]:
        """Return the name of each slot's network."""
        return {slot: each.name for slot, each in self.app.status.engine.networks.items()}

    def shot(self) -> np.ndarray:
        """Return what the screen shows of the window, uint8 [H, W, 3]."""
        self.frames()
        window = self.app.screen.window
        for _ in range(2):  # answers of the X server: it has drawn what came before, and
            _ = window.cursor  # brought back the mouse's arrow, which makes room for drawing
        width, height = window.size
        return self.screen.read()[:height, :width]


@pytest.fixture(scope="module")
def opened(screen, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    folder = tmp_path_factory.mktemp("app")
    window = WindowSettings(width=WIDTH, height=HEIGHT)
    with app_playing({"a": A, "b": B}, screen, folder, window=window) as app:
        yield Driver(app, screen, folder)


@pytest.fixture
def driver(opened: Driver) -> Driver:
    """The app as it was at the start, at rest at t = 0."""
    app = opened.app
    opened.screen.xdotool("mousemove", WIDTH - 10, HEIGHT - 8)
    app.screen.window.placement.set_fullscreen(False)
    opened.until(lambda: app.screen.window.size == (WIDTH, HEIGHT))
    app.gui.show_panels = True
    app.params = Params()
    app.player.clock.rewind()
    app.player.clock.is_paused = True
    for notice in app.status.notices:
        app.execute(DismissNotice(notice.id))
    opened.settle()
    return opened


def difference(one: np.ndarray, other: np.ndarray) -> float:
    """Return the share of pixels that differ in a way one can see."""
    return float((np.abs(one.astype(int) - other) > 40).any(axis=2).mean())


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


def test_s_saves_what_is_shown_with_its_parameters(driver: Driver) -> None:
    driver.key("x")
    pixels = driver.settle()
    driver.key("s")
    driver.until(lambda: any("Saved" in n.text for n in driver.app.status.notices))
    (path,) = (driver.folder / "shots").glob("*.png")
    with Image.open(path) as image:
        np.testing.assert_array_equal(np.asarray(image), pixels[..., :3])
    assert load_snapshot_params(path) == driver.app.params
    driver.app.params = Params()
    driver.app.screen.window.on_drop([path])
    driver.frames()
    assert driver.app.params.view.flip_horizontal


def save_picture(driver: Driver) -> Path:
    """Save what is shown as a picture."""
    path = driver.folder / "shots" / f"{len(list((driver.folder / 'shots').glob('*')))} here.png"
    driver.app.execute(SaveSnapshot(path))
    driver.until(lambda: any(str(path) in n.text for n in driver.app.status.notices))
    return path


def test_a_dropped_picture_brings_its_place_back(driver: Driver) -> None:
    app = driver.app
    plane = Plane(x=0.25, speed_x=0.5, speed_y=-0.3)
    app.params = Params(latents=Latents(source="plane", seed=3, plane=plane))
    app.execute(TogglePause())
    driver.until(lambda: app.picture.motion.positions["plane.x"] > 0.02)
    app.execute(TogglePause())
    before = driver.settle().copy()
    path = save_picture(driver)
    driver.key("d")  # elsewhere
    app.execute(Rewind())
    assert (driver.settle() != before).any()
    app.screen.window.on_drop([path])
    driver.frames()
    np.testing.assert_array_equal(driver.settle(), before)


def test_a_picture_whose_file_is_gone_plays_the_latent_that_it_carries(driver: Driver) -> None:
    app = driver.app
    library = app.show.library.folder
    library.mkdir(parents=True, exist_ok=True)
    z = np.random.default_rng(5).normal(size=len(app.status.picture.latent)).astype(np.float32)
    np.savez(library / "petals.npz", z=z)
    app.params = Params(latents=Latents(source="library", entry="petals.npz"))
    before = driver.settle().copy()
    path = save_picture(driver)
    (library / "petals.npz").unlink()
    app.worker.forget_latents()
    app.params = Params()
    assert (driver.settle() != before).any()
    app.screen.window.on_drop([path])
    driver.frames()
    assert app.params.latents.entry == str(path)
    np.testing.assert_array_equal(driver.settle(), before)


def test_a_picture_from_a_glide_of_the_second_source_plays_what_it_carries(driver: Driver) -> None:
    app = driver.app
    mixing = Mixing(rows=(1.0,) * 40, seed=3)
    app.params = Params(latents=Latents(source="seeds", glide=3600.0), mixing=mixing)
    before = driver.settle().astype(int)
    app.params = set_fields(app.params, mixing=Mixing(rows=mixing.rows, seed=9))
    driver.until(lambda: any(app.picture.motion.trails.values()))
    path = save_picture(driver)
    app.params = Params()
    assert np.abs(driver.settle() - before).max() > 5
    app.screen.window.on_drop([path])
    driver.frames()
    assert app.params.latents.entry == str(path)
    assert np.abs(driver.settle() - before).max() <= 1


def test_a_key_on_the_way_is_added_once_its_latent_is_written(driver: Driver) -> None:
    app = driver.app
    keys = (Key(at=0.0, place="seed 1"), Key(at=4.0, place="seed 2"))
    path = LatentPath(keys=keys, position=1.7, ends="open")
    app.params = Params(latents=Latents(source="path", path=path))
    before = driver.settle().copy()
    app.execute(SaveLatent(is_key=True))
    driver.until(lambda: len(app.params.latents.path.keys) == 3)
    new = app.params.latents.path.keys[2]
    assert new.at == 8.0
    app.params = Params(latents=Latents(source="library", entry=new.place.removeprefix("file ")))
    np.testing.assert_array_equal(driver.settle(), before)
    assert not [n for n in app.status.notices if n.level == "warning"]


def test_preset_is_saved_and_opened_by_typing_its_name(
    driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path("one.toml")
    params = Params(view=View(flip_vertical=True), playback=Playback(speed=0.5))
    driver.app.params = params
    driver.key("ctrl+s")
    driver.until(lambda: driver.app.status.path_prompt is not None)
    driver.frames()
    driver.key("ctrl+a")
    driver.type(str(path))
    driver.key("Return")
    driver.until(path.exists)
    assert load_preset(path) == params
    driver.app.params = Params()
    driver.key("ctrl+o")
    driver.until(lambda: driver.app.status.path_prompt is not None)
    driver.frames()
    driver.type(str(path))
    driver.key("Return")
    driver.until(lambda: driver.app.params == params)
    driver.key("ctrl+z")
    assert driver.app.params == Params()


def test_a_dropped_file_that_is_no_network_leaves_a_notice_and_the_old_network(
    driver: Driver, tmp_path: Path
) -> None:
    before = driver.settle()
    path = tmp_path / "broken.pkl"
    path.write_bytes(b"<!DOCTYPE html><html>404</html>")
    recent = driver.app.status.recent
    driver.app.screen.window.on_drop([path])
    driver.until(lambda: any("broken.pkl" in n.text for n in driver.app.status.notices))
    assert driver.app.status.engine.networks["a"].name == A.stem
    assert driver.app.status.recent == recent
    np.testing.assert_array_equal(driver.settle(), before)


def test_a_dropped_preset_with_a_wrong_key_says_which(driver: Driver, tmp_path: Path) -> None:
    path = tmp_path / "look.toml"
    path.write_text("[noise]\nperod = 3\n")
    driver.app.screen.window.on_drop([path])
    driver.frames()
    assert any("noise.perod" in n.text for n in driver.app.status.notices)
    assert driver.app.params == Params()


def test_dropped_networks_play_and_are_remembered(driver: Driver) -> None:
    app, playing = driver.app, driver.playing
    app.screen.window.on_drop([B, A])
    driver.until(lambda: playing() == {"a": B.stem, "b": A.stem})
    assert {Path(path).name for path in app.status.recent} >= {A.name, B.name}
    swapped = driver.settle()
    app.screen.window.on_drop([A])
    driver.until(lambda: playing()["a"] == A.stem)
    app.execute(LoadNetwork("b", B))
    driver.until(lambda: playing()["b"] == B.stem)
    # a network is set before its first picture is made, and both networks may come before that
    driver.until(lambda: (driver.settle() != swapped).any())


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
    for picture in (shot, light):
        picture[y : y + height, x : x + width] = 0
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


def test_quit_ends_the_loop(driver: Driver) -> None:  # for good: this is the last test
    app = driver.app
    app.execute(Quit())
    app.run(seconds=30)
    assert app.player.clock.t == 0.0

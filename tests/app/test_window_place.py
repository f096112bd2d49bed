import pytest

from sgview.app.app import App
from sgview.app.window_place import NAME, WindowPlace, place_for, read_place, write_place
from sgview.engine.engine import Engine
from sgview.engine.worker import EngineWorker
from sgview.settings import Settings, WindowSettings
from tests.support.until import until


def test_place_is_read_as_it_was_written(tmp_path) -> None:
    place = WindowPlace((10, 20, 300, 200), (1600, 1000), "HDMI-1")
    write_place(tmp_path, place)
    assert read_place(tmp_path) == place
    assert place_for(WindowSettings(), place) == (10, 20, 300, 200)


def test_settings_that_ask_for_another_size_win() -> None:
    place = WindowPlace((10, 20, 300, 200), (1600, 1000))
    assert place_for(WindowSettings(width=800), place) is None
    assert place_for(WindowSettings(), WindowPlace()) is None


@pytest.mark.parametrize("text", ["", "[]", "{", '{"place": [1, 2]}', '{"place": [1, 2, 1e99, 3]}'])
def test_a_damaged_file_is_no_place(tmp_path, text: str) -> None:
    (tmp_path / NAME).write_text(text)
    assert read_place(tmp_path) == WindowPlace()


def test_a_place_beyond_any_screen_is_none_but_its_monitor_is_kept(tmp_path) -> None:
    write_place(tmp_path, WindowPlace((10**6, 0, 300, 200), (1600, 1000), "HDMI-1"))
    assert read_place(tmp_path) == WindowPlace(monitor="HDMI-1")


@pytest.mark.gl
def test_the_window_comes_back_where_it_was_left(tmp_path, screen) -> None:
    def start() -> App:
        return App(Settings(), EngineWorker(Engine("cpu")), state_folder=tmp_path)

    with start() as app:
        app.screen.window.placement.move((120, 80, 900, 600))
        until(lambda: app.screen.window.placement.place == (120, 80, 900, 600), app.frame)
    with start() as app:
        until(lambda: app.screen.window.placement.place == (120, 80, 900, 600), app.frame)

"""An app that plays two networks, and somebody who drives it."""

from collections.abc import Iterator

import pytest

from sgview.settings import WindowSettings
from sgview.state.commands import DismissNotice
from sgview.state.params import Params
from tests.support.app import SG3_A as A
from tests.support.app import SG3_B as B
from tests.support.app import app_playing
from tests.support.driver import HEIGHT, WIDTH, Driver


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

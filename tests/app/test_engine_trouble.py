"""The window when the engine is slow or fails: it plays on."""

import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from sgview.settings import Settings, WindowSettings
from sgview.state.params import Noise, Params
from sgview.state.status import PictureStatus
from tests.support.until import LIMIT, until

pytestmark = pytest.mark.gl


class SlowEngine:
    """Makes a picture when the test lets it, or fails; stands in for `Engine`."""

    device = torch.device("cpu")
    device_description = "a slow one"
    found = SimpleNamespace(analyses=SimpleNamespace(waits=True, is_busy=lambda: False))
    canvases = SimpleNamespace(waits=True)
    tunes = False

    def __init__(self) -> None:
        self.networks: dict[str, Any] = {"a": SimpleNamespace(status=None)}
        self.rendered = 0
        self.error: Exception | None = None
        self.is_closed = False
        self.may_render = threading.Event()
        self.may_render.set()

    def shown_now(self, params: Params) -> Params:
        return params

    def render(self, params: Params, t: float, motion: object = None):
        from sgview.engine.picture.picture import Picture

        assert self.may_render.wait(LIMIT)
        if self.error is not None:
            raise self.error
        self.rendered += 1
        rgba8 = torch.full((9, 7, 4), self.rendered, dtype=torch.uint8)
        return Picture(rgba8, t, params, PictureStatus(size=(7, 9), channels=3))

    def on_stream(self) -> AbstractContextManager[None]:
        return nullcontext()

    def take_notices(self) -> list:
        return []

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def engine() -> SlowEngine:
    return SlowEngine()


@pytest.fixture
def app(screen, engine: SlowEngine, tmp_path: Path) -> Iterator[Any]:
    from sgview.app.app import App
    from sgview.engine.worker import EngineWorker

    worker = EngineWorker(engine)  # type: ignore[arg-type]
    settings = Settings(window=WindowSettings(width=640, height=480))
    with App(settings, worker, state_folder=tmp_path) as app:
        try:
            yield app
        finally:
            engine.may_render.set()


def seconds_a_frame(app: Any) -> float:
    """Return how long most frames take at most."""
    lengths = []
    for _ in range(15):
        start = time.perf_counter()
        app.frame()
        lengths.append(time.perf_counter() - start)
    return median(lengths)


def test_the_panel_keeps_its_pace_while_a_picture_takes_long(app: Any, engine: SlowEngine) -> None:
    until(lambda: app.picture is not None, app.frame)
    at_once = seconds_a_frame(app)
    engine.may_render.clear()
    # Other programs may take the processor for a while.
    until(lambda: seconds_a_frame(app) <= max(1 / 30, 1.25 * at_once))
    rendered = engine.rendered
    app.params = Params(noise=Noise(seed=5))
    for _ in range(30):
        app.frame()
    assert engine.rendered == rendered  # the engine is still at one picture,
    engine.may_render.set()
    until(lambda: app.picture.params == app.params, app.frame)
    app.player.clock.is_paused = True
    until(lambda: app.picture.t == app.player.clock.t, app.frame)
    assert (app.screen.display.read() == app.picture.rgba8.numpy()).all()


def test_an_engine_that_fails_leaves_a_notice_and_the_last_picture(
    app: Any, engine: SlowEngine
) -> None:
    until(lambda: app.picture is not None, app.frame)
    engine.error = RuntimeError("the network fell over")
    until(lambda: any("fell over" in notice.text for notice in app.status.notices), app.frame)
    assert app.picture is not None
    engine.error = None
    rendered = engine.rendered
    until(lambda: engine.rendered > rendered, app.frame)


def test_a_minimised_window_rests(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(app.screen.window), "is_minimised", property(lambda window: True))
    waits, before = [], app.player.clock.t
    monkeypatch.setattr(app.screen.window, "wait", waits.append)
    for _ in range(5):
        app.frame()
        time.sleep(0.02)
    assert waits == [0.1] * 5
    assert app.player.clock.t - before >= 4 * 0.02


def test_closing_ends_every_thread_of_the_app(screen, engine: SlowEngine, tmp_path: Path) -> None:
    from sgview.app.app import App
    from sgview.engine.worker import EngineWorker

    before = set(threading.enumerate())
    worker = EngineWorker(engine)  # type: ignore[arg-type]
    app = App(Settings(window=WindowSettings(width=64, height=64)), worker, state_folder=tmp_path)
    app.frame()
    app.close()
    app.close()
    assert engine.is_closed
    assert set(threading.enumerate()) <= before


def test_no_window_closes_the_engine_again(
    engine: SlowEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sgview.app import app, screen
    from sgview.engine.worker import EngineWorker
    from sgview.gfx.context import WindowError

    def refuse(*_: object, **__: object) -> None:
        raise WindowError("there is no display")

    monkeypatch.setattr(screen, "Window", refuse)
    worker = EngineWorker(engine)  # type: ignore[arg-type]
    with pytest.raises(WindowError, match="no display"):
        app.App(Settings(), worker, state_folder=tmp_path)
    assert engine.is_closed

"""The window when the engine is slow or fails: it plays on."""

import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from sgview.settings import Settings, WindowSettings
from sgview.state.params import Params
from sgview.state.status import PictureStatus

pytestmark = pytest.mark.gl

PICTURE_SECONDS = 0.5


class SlowEngine:
    """Takes half a second for a picture, or fails; stands in for `Engine`."""

    device = torch.device("cpu")
    device_description = "a slow one"

    def __init__(self) -> None:
        self.networks: dict[str, Any] = {"a": SimpleNamespace(status=None)}
        self.rendered = 0
        self.error: Exception | None = None
        self.is_closed = False

    def render(self, params: Params, t: float):
        from sgview.engine.picture.picture import Picture

        time.sleep(PICTURE_SECONDS)
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
        yield app


def frames_in(app: Any, seconds: float) -> int:
    count, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        app.frame()
        count += 1
    return count


def test_the_panel_keeps_its_pace_while_a_picture_takes_half_a_second(
    app: Any, engine: SlowEngine
) -> None:
    frames_in(app, 0.5)
    # The best of a few seconds: other programs may take the processor for a while.
    rates = []
    while len(rates) < 8 and max(rates, default=0) < 30:
        rates.append(frames_in(app, 1.0))
    assert max(rates) >= 30
    assert 1 <= engine.rendered <= 2 * (len(rates) + 1.5)
    assert (app.screen.display.read() == app.picture.rgba8.numpy()).all()


def test_an_engine_that_fails_leaves_a_notice_and_the_last_picture(
    app: Any, engine: SlowEngine
) -> None:
    while app.picture is None:
        app.frame()
    engine.error = RuntimeError("the network fell over")
    end = time.monotonic() + 20
    while not any("fell over" in notice.text for notice in app.status.notices):
        assert time.monotonic() < end
        app.frame()
    assert app.picture is not None
    engine.error = None
    rendered = engine.rendered
    while engine.rendered == rendered:
        assert time.monotonic() < end
        app.frame()


def test_a_minimised_window_rests(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(app.screen.window), "is_minimised", property(lambda window: True))
    before = app.player.clock.t
    assert frames_in(app, 0.5) <= 7
    assert app.player.clock.t - before >= 0.4


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

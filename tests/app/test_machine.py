"""What the window says of the machine, and how it keeps its pace."""

import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sgview.settings import OscSettings, WindowSettings
from sgview.show.clock import Pace
from sgview.state import commands
from sgview.state.params import Layer, Params
from tests.support.app import SG2, app_playing
from tests.support.until import until

pytestmark = pytest.mark.gl


@pytest.fixture
def app(screen, tmp_path: Path) -> Iterator[Any]:
    settings = {"window": WindowSettings(width=900, height=600), "osc": OscSettings(enabled=False)}
    with app_playing({"a": SG2}, screen, tmp_path, **settings) as app:
        yield app


def test_the_panel_is_fed_while_it_is_shown(app, screen) -> None:
    app.frame()
    assert app.status.engine.memory is None and app.status.screen.timings == ()
    screen.xdotool("key", "p")
    until(lambda: app.gui.shows_performance, app.frame)
    until(lambda: app.status.engine.memory is not None, app.frame)
    until(lambda: len(app.status.screen.timings) >= 3, app.frame)
    owners = [share.owner for share in app.status.engine.memory.shares]
    assert owners[:2] == ["Network A", "Live weights"]
    stages = {timing.stage: timing.milliseconds for timing in app.status.screen.timings}
    assert {"draw", "panels", "window"} <= set(stages)
    assert stages["window"] > 0.1
    assert app.status.picture.clock == "host"
    assert app.status.picture.made_by == "torch, layer by layer: there is no NVIDIA GPU"
    screen.xdotool("key", "p")
    until(lambda: not app.gui.shows_performance, app.frame)
    until(lambda: app.status.engine.memory is None, app.frame)
    assert app.status.screen.timings == ()


def test_layers_are_timed_while_the_show_goes_on(app) -> None:
    app.params = Params(layer=Layer(name="b16.conv1"))
    until(lambda: app.status.picture.layer == "b16.conv1", app.frame)
    app.execute(commands.TimeLayers())
    until(lambda: app.status.engine.layer_times.steps, app.frame)
    names = [step.stage for step in app.status.engine.layer_times.steps]
    assert "b16.conv1" in names and "b32.conv0" not in names
    before = app.picture
    until(lambda: app.picture is not before, app.frame)


def seconds_for(app: Any, frames: int) -> float:
    start = time.monotonic()
    for _ in range(frames):
        app.frame()
    return time.monotonic() - start


def test_the_limit_holds_the_window_back(app) -> None:
    app.execute(commands.SetVsync(False))
    app.execute(commands.SetFpsLimit(5.0))
    app.frame()
    assert app.status.screen.fps_limit == 5.0
    assert not app.status.screen.vsync
    held_back = seconds_for(app, 5)
    assert held_back > 0.9
    app.execute(commands.SetFpsLimit(0.0))
    # Other programs may take the processor for a while.
    until(lambda: seconds_for(app, 5) < 0.9 * held_back, app.frame)


def test_what_no_screen_would_show_is_not_drawn(app, monkeypatch) -> None:
    app.execute(commands.SetVsync(False))
    app.frame()
    moment, drawn = [0.0], []
    app.screen.window.graphics = SimpleNamespace(is_software=False)
    app.screen._panel_pace, app.screen._screen_pace = (
        Pace(30.0, lambda: moment[0]) for _ in range(2)
    )
    monkeypatch.setattr(app.screen.window, "swap", lambda: drawn.append(app.picture))
    monkeypatch.setattr(app.screen, "await_picture", lambda *_: None)
    app.frame()
    assert len(drawn) == 1  # with a panel
    until(lambda: app.picture is not drawn[0], app.frame)
    assert len(drawn) == 1  # taken, for a recorder or a later frame
    moment[0] += 1 / (3 * app.screen.window.placement.refresh_rate)
    app.frame()
    assert len(drawn) == 2
    assert app.screen.pictures.shown is drawn[1]


def test_what_sets_the_pace(app) -> None:
    app.execute(commands.SetVsync(False))
    app.execute(commands.SetFpsLimit(500.0))
    assert app.screen.window.graphics.is_software
    assert app.screen.pace.frame_limit == 40.0  # the rest of the processor is the network's
    app.frame()
    assert "at most 40" in app.status.screen.pace_note
    app.screen.window.graphics = SimpleNamespace(is_software=False)
    assert app.screen.pace.frame_limit == 500.0
    app.execute(commands.SetVsync(True))
    assert app.screen.pace.frame_limit == pytest.approx(
        1.25 * app.screen.window.placement.refresh_rate
    )
    app.frame()
    assert app.status.screen.pace_note == ""

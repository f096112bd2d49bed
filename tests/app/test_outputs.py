"""Outputs in the running program: switched by the mouse, fed by the engine, never waited for."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from imgui_bundle import imgui
from PIL import Image

from sgview.gui.controls import widgets
from sgview.outputs.output import OutputKind
from sgview.outputs.outputs import Outputs
from sgview.outputs.picture import OutputPicture
from sgview.settings import OscSettings, Settings, WindowSettings
from sgview.state import commands as c
from sgview.state.params import Noise, Params
from sgview.state.status import OutputStatus
from tests.support.app import SG3_A, app_playing
from tests.support.until import until

pytestmark = pytest.mark.gl

SERIES = "PNG series"


@pytest.fixture
def app(screen, tmp_path: Path) -> Iterator:
    window = WindowSettings(width=1100, height=760)
    osc = OscSettings(enabled=False)  # another program may have the port, which is a notice
    with app_playing({"a": SG3_A}, screen, tmp_path, window=window, osc=osc) as app:
        app.player.clock.is_paused = True
        yield app


def status_of(app, name: str = SERIES) -> OutputStatus:
    return next(output for output in app.status.outputs if output.name == name)


def play(app, params: Params) -> np.ndarray:
    """Wait until `params` are on the screen, return the pixels that are there."""
    app.params = params
    until(lambda: app.picture.params == params, app.frame)
    return app.picture.rgba8.numpy().copy()


@pytest.fixture
def switches(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[int, int]]:
    """Where the middle of each switch is in the window."""
    places: dict[str, tuple[int, int]] = {}
    draw = widgets.switch

    def noted(name: str, *arguments) -> bool:
        is_on = draw(name, *arguments)
        low, high = imgui.get_item_rect_min(), imgui.get_item_rect_max()
        places[name] = (round((low.x + high.x) / 2), round((low.y + high.y) / 2))
        return is_on

    monkeypatch.setattr(widgets, "switch", noted)
    return places


def test_a_series_holds_the_engines_pictures_byte_for_byte(
    app, screen, switches, tmp_path: Path
) -> None:
    first = play(app, Params(noise=Noise(seed=11)))
    assert not (tmp_path / "shots").exists()  # it is off by default
    screen.xdotool("key", "o")
    until(lambda: app.gui.picture_rect[0] > 0, app.frame)
    until(lambda: f"##{SERIES}" in switches, app.frame)
    screen.xdotool("mousemove", *switches[f"##{SERIES}"])
    app.frame()
    screen.xdotool("mousedown", 1)
    app.frame()
    screen.xdotool("mouseup", 1)
    until(lambda: status_of(app).written == 1, app.frame)  # that which is on the screen
    target = Path(status_of(app).target)
    seen = [first]
    for seed in (12, 13):
        seen.append(play(app, Params(noise=Noise(seed=seed))))
        until(lambda: status_of(app).written == len(seen), app.frame)
    assert (status_of(app).size, status_of(app).dropped) == ((64, 64), 0)
    app.execute(c.ToggleOutput(SERIES))
    play(app, Params(noise=Noise(seed=14)))
    assert not status_of(app).is_on
    assert target.parent == tmp_path / "shots"
    files = sorted(target.iterdir())
    assert len(files) == len(seen)
    for pixels, file in zip(seen, files, strict=True):
        np.testing.assert_array_equal(np.asarray(Image.open(file)), pixels[..., :3])


class Broken:
    """Fails at its second picture."""

    def __init__(self) -> None:
        self.pictures: list[OutputPicture] = []
        self.is_closed = False

    def offer(self, picture: OutputPicture) -> None:
        if self.pictures:
            raise RuntimeError("the cable is out")
        self.pictures.append(picture)

    def status(self) -> OutputStatus:
        return OutputStatus(written=len(self.pictures))

    def close(self) -> None:
        self.is_closed = True


def test_an_output_that_fails_is_told_of_and_the_show_goes_on(
    app, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sgview.app.pictures import output_picture

    broken = Broken()
    kinds = (OutputKind("broken", "Fails.", lambda _: broken),)
    outputs = Outputs(Settings(), app._notices, time.perf_counter, output_picture, kinds)
    monkeypatch.setattr(app.outgoing, "outputs", outputs)
    first = play(app, Params(noise=Noise(seed=21)))
    app.execute(c.ToggleOutput("broken"))
    until(lambda: bool(app.status.outputs) and status_of(app, "broken").written == 1, app.frame)
    view = broken.pictures[0]
    np.testing.assert_array_equal(view.host(), first)
    assert (view.params, view.t) == (app.params, app.player.clock.t)
    play(app, Params(noise=Noise(seed=22)))
    until(lambda: not status_of(app, "broken").is_on, app.frame)
    assert status_of(app, "broken").problem == "RuntimeError: the cable is out"
    assert [notice.text for notice in app.status.notices] == [
        "broken: RuntimeError: the cable is out"
    ]
    assert broken.is_closed
    assert (play(app, Params(noise=Noise(seed=23))) != first).any()


def test_a_recording_holds_the_engines_pictures_bit_for_bit(app, screen, tmp_path: Path) -> None:
    """Lossless, by the key: the first and the last picture are those of the engine."""
    import av

    from sgview.state.recording import RECORDER, Recording

    app.execute(c.SetRecording(Recording(codec="ffv1")))
    first = play(app, Params(noise=Noise(seed=31)))
    screen.xdotool("key", "F9")
    until(lambda: status_of(app, RECORDER).written >= 2, app.frame)
    last = play(app, Params(noise=Noise(seed=32)))
    count = status_of(app, RECORDER).written
    until(lambda: status_of(app, RECORDER).written >= count + 2, app.frame)
    path = Path(status_of(app, RECORDER).target)
    seconds = status_of(app, RECORDER).seconds
    screen.xdotool("key", "F9")
    until(lambda: not status_of(app, RECORDER).is_on, app.frame)
    output = [thread for thread in threading.enumerate() if "sgview recorder" in thread.name]
    until(lambda: not any(thread.is_alive() for thread in output), app.frame)
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        assert container.streams.video[0].average_rate == 60
    assert len(frames) >= seconds * 60 - 1  # every slot has a picture
    np.testing.assert_array_equal(frames[0], first[..., :3])
    np.testing.assert_array_equal(frames[-1], last[..., :3])

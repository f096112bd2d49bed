"""A frame in which a part fails: it is told, everything else plays on. With the real window."""

import logging
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from sgview.app.app import App
from sgview.engine.engine import Engine
from sgview.engine.networks import load_network
from sgview.engine.worker import EngineWorker
from sgview.settings import Folders, Midi, Osc, Settings, Window
from sgview.state.boundary import STRICT
from sgview.state.commands import LoadPreset, RecallLook
from tests.support import DATA

pytestmark = pytest.mark.gl

A = DATA / "sg3-t-64-a.pkl"


class Frames:
    """Runs the app's frames."""

    def __init__(self, app: App, folder: Path) -> None:
        self.app, self.folder = app, folder

    def run(self, count: int = 5) -> None:
        for _ in range(count):
            self.app.frame()

    def until(self, is_done: Callable[[], object], seconds: float = 60.0) -> None:
        end = time.monotonic() + seconds
        while not is_done():
            assert time.monotonic() < end, "it did not happen in time"
            self.app.frame()

    def plays_on(self) -> None:
        """Check that new pictures come to the screen."""
        before = self.app.picture
        self.until(lambda: self.app.picture is not before)
        before = self.app.screen.display.read()
        self.until(lambda: (self.app.screen.display.read() != before).any())

    @property
    def notices(self) -> list[str]:
        return [notice.text for notice in self.app.status.notices]


@pytest.fixture
def frames(screen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Frames]:
    monkeypatch.delenv(STRICT)
    yield from opened(tmp_path)


@pytest.fixture
def strict_frames(screen, tmp_path: Path) -> Iterator[Frames]:
    """As above, but every OpenGL error raises."""
    yield from opened(tmp_path)


def opened(folder: Path) -> Iterator[Frames]:
    settings = Settings(
        window=Window(width=900, height=640),
        folders=Folders(snapshots=str(folder / "shots"), presets=str(folder / "presets")),
        osc=Osc(enabled=False),
        midi=Midi(enabled=False),
    )
    with App(settings, EngineWorker(Engine("cpu")), state_folder=folder / "state") as app:
        app.worker.set_network("a", load_network(A))
        frames = Frames(app, folder)
        frames.until(lambda: app.picture is not None and app.status.picture.size != (0, 0))
        yield frames


def failing(*_: object, **__: object) -> None:
    raise RuntimeError("a fault of its own")


PARTS = {
    "window": "app.screen.begin_frame",
    "panel": "app.gui.draw",
    "transport bar": "app.gui._draw_transport",
    "status": "app._snapshot_status",
    "sound": "app.player.sound.hear",
    "tempo": "app.player.tempo.advance",
    "OSC and MIDI": "app.player.sources.hear",
    "values that move": "app.player.resolver.resolve",
    "OSC out": "app.player.sources.send",
    "take": "app.show.record",
    "files": "app._files.poll",
    "looks": "app.show.poll",
    "session": "app._session.poll",
    "file dialog": "app._dialog.poll",
    "picture": "app.screen.display.show",
    "drawing the picture": "app.screen.display.draw",
}


@pytest.mark.parametrize("part", PARTS)
def test_each_part_fails_alone(
    frames: Frames, monkeypatch: pytest.MonkeyPatch, part: str, caplog: pytest.LogCaptureFixture
) -> None:
    *path, name = PARTS[part].split(".")
    owner: object = frames
    for word in path:
        owner = getattr(owner, word)
    with monkeypatch.context() as patch, caplog.at_level(logging.CRITICAL):
        patch.setattr(owner, name, failing)
        frames.run(20)
    frames.until(lambda: frames.app._notices.shown(frames.app._now()))
    (notice,) = frames.app._notices.shown(frames.app._now())
    assert notice.text.startswith(f"{part[:1].upper()}{part[1:]} failed (test_frame.py, line ")
    assert "a fault of its own" in notice.text
    report = Path(notice.hint.rpartition("report it: ")[2])
    assert report.parent == frames.folder / "state" / "reports"
    assert f"{part} failed" in report.read_text()
    assert "draws on" in report.read_text()
    frames.until(lambda: frames.app._boundary._troubles[part].until <= frames.app._now())
    frames.plays_on()


def test_a_panel_that_fails_in_the_middle_leaves_the_others(
    frames: Frames, caplog: pytest.LogCaptureFixture
) -> None:
    from imgui_bundle import imgui

    def broken(params, status, emit):
        imgui.begin_child("within")
        imgui.push_style_color(imgui.Col_.text, imgui.ImVec4(1, 0, 0, 1))
        imgui.begin_table("table", 3)
        imgui.push_id("deep")
        raise LookupError("no such row")

    windows = frames.app.gui._windows
    object.__setattr__(windows[0], "panels", (broken, *windows[0].panels))
    drawn = []
    object.__setattr__(windows[1], "panels", (lambda p, s, e: drawn.append(1) or p,))
    with caplog.at_level(logging.CRITICAL):
        frames.until(lambda: any(notice.resting for notice in frames.app.status.notices))
    assert len(drawn) > 3
    (notice,) = frames.app.status.notices
    assert notice.resting == "panel Networks, part 1 of it"
    assert "no such row" in notice.text
    frames.plays_on()


def test_a_command_that_fails_is_told_each_time_and_the_others_are_done(
    frames: Frames, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames.app.show, "recall", failing)
    for _ in range(4):
        frames.app._commands += [RecallLook(name="x"), LoadPreset(frames.folder / "no.toml")]
        frames.run(2)
    texts = [notice for notice in frames.app.status.notices if "recall look" in notice.text]
    assert [(notice.repeats, notice.resting) for notice in texts] == [(4, "")]
    assert any("no.toml" in text for text in frames.notices)


def test_errors_of_opengl_are_told_and_not_raised(
    frames: Frames, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sgview.gfx import calls

    present = frames.app.gui.present
    monkeypatch.setattr(frames.app.gui, "present", lambda: (present(), calls.enable(0x1234)))
    frames.run(10)
    assert any("OpenGL says invalid enum" in text for text in frames.notices)
    frames.plays_on()


@pytest.mark.parametrize("deed", ["renamed", "deleted", "picture moved", "folder gone", "replaced"])
def test_a_look_that_goes_while_it_is_shown(strict_frames: Frames, deed: str) -> None:
    frames, app = strict_frames, strict_frames.app
    from imgui_bundle import imgui

    app.show.looks.save(app.params, np.full((64, 64, 4), 200, np.uint8), "one")
    frames.until(lambda: any(look.texture for look in app.status.show.looks))
    imgui.set_window_focus("Looks")
    frames.run(10)
    path = frames.folder / "presets" / "one.toml"
    assert path.with_suffix(".png").is_file()
    texture = next(look.texture for look in app.status.show.looks if look.texture)
    if deed == "renamed":
        path.rename(path.with_name("two.toml"))
    elif deed == "deleted":
        app.show.looks.delete("one")
    elif deed == "picture moved":
        path.with_suffix(".png").rename(frames.folder / "away.png")
    elif deed == "replaced":
        app.show.looks.save(app.params, np.full((64, 64, 4), 20, np.uint8), "one")
    else:
        shutil.rmtree(path.parent)
    if deed != "replaced":
        frames.until(lambda: texture not in [look.texture for look in app.status.show.looks])
    frames.run(30)
    frames.plays_on()

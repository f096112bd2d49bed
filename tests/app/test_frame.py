"""A frame in which a part fails: it is told, everything else plays on. With the real window."""

import logging
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sgview.app.app import App
from sgview.settings import MidiSettings, OscSettings, WindowSettings
from sgview.state import boundary as boundary_module
from sgview.state.boundary import STRICT
from sgview.state.commands import ChooseScript, LoadNetwork, LoadPreset, RecallLook, WakePart
from tests.support.app import SG3_A, app_playing
from tests.support.until import until

pytestmark = pytest.mark.gl


class Frames:
    """Runs the app's frames."""

    def __init__(self, app: App, folder: Path) -> None:
        self.app, self.folder = app, folder

    def run(self, count: int = 5) -> None:
        for _ in range(count):
            self.app.frame()

    def plays_on(self) -> None:
        """Check that new pictures come to the screen."""
        before = self.app.picture
        until(lambda: self.app.picture is not before, self.app.frame)
        pixels = self.app.screen.display.read()
        until(lambda: (self.app.screen.display.read() != pixels).any(), self.app.frame)

    @property
    def notices(self) -> list[str]:
        return [notice.text for notice in self.app.status.notices]


def opened(screen, folder: Path) -> Iterator[Frames]:
    settings = {
        "window": WindowSettings(width=900, height=640),
        "osc": OscSettings(enabled=False),
        "midi": MidiSettings(enabled=False),
    }
    with app_playing({"a": SG3_A}, screen, folder, **settings) as app:
        yield Frames(app, folder)


@pytest.fixture(scope="module")
def shared(screen, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Frames]:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(STRICT)
        yield from opened(screen, tmp_path_factory.mktemp("frame"))


@pytest.fixture
def frames(shared: Frames) -> Iterator[Frames]:
    """An app whose parts may fail; none of them does when a test begins."""
    yield shared
    for notice in shared.app._notices.shown(shared.app._now()):
        shared.app._notices.dismiss(notice.id)
    shared.app._boundary._troubles.clear()
    shared.app._reports._written.clear()


@pytest.fixture
def strict_frames(screen, tmp_path: Path) -> Iterator[Frames]:
    """As above, but every OpenGL error raises."""
    yield from opened(screen, tmp_path)


def failing(*_: object, **__: object) -> None:
    raise RuntimeError("a fault of its own")


PARTS = {
    "window": "app.screen.begin_frame",
    "panel": "app.gui.draw",
    "transport bar": "app.gui._draw_transport",
    "status": "app._overview.status",
    "sound": "app.player.sound.levels",
    "tempo": "app.player.tempo.advance",
    "OSC and MIDI": "app.player.sources.poll",
    "values that move": "app.player.resolver.resolve",
    "OSC out": "app.player.sources.send",
    "take": "app.show.record",
    "files": "app._files.poll",
    "looks": "app.show.poll",
    "outputs": "app.outgoing.outputs.offer",
    "session": "app._session.poll",
    "file dialog": "app.asked.dialog.poll",
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
        until(lambda: frames.app._notices.shown(frames.app._now()), frames.app.frame)
    (notice,) = frames.app._notices.shown(frames.app._now())
    assert notice.text.startswith(f"{part[:1].upper()}{part[1:]} failed (test_frame.py, line ")
    assert "a fault of its own" in notice.text
    report = Path(notice.hint.rpartition("report it: ")[2])
    assert report.parent == frames.folder / "state" / "reports"
    assert f"{part} failed" in report.read_text()
    assert "draws on" in report.read_text()
    until(lambda: not frames.app._boundary.is_resting(part), frames.app.frame)
    frames.plays_on()


def test_what_failed_three_times_in_a_row_rests_until_its_notice_wakes_it(
    frames: Frames, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    app, calls = frames.app, []
    monkeypatch.setattr(boundary_module, "REST", 0.0)

    def fail() -> None:
        calls.append(1)
        raise RuntimeError("a fault of its own")

    with monkeypatch.context() as patch, caplog.at_level(logging.CRITICAL):
        patch.setattr(app.show, "poll", fail)
        until(lambda: [n for n in app.status.notices if n.resting], app.frame)
        assert len(calls) == 3
        frames.run(10)
        assert len(calls) == 3  # and nothing else stands still
        frames.plays_on()
    (notice,) = app.status.notices
    assert notice.level == "error" and notice.resting == "looks"
    polled: list[int] = []
    poll = app.show.poll
    monkeypatch.setattr(app.show, "poll", lambda: (polled.append(1), poll())[1])
    app.execute(WakePart(notice.resting))
    until(lambda: polled, app.frame)
    until(lambda: not app.status.notices, app.frame)


def test_a_panel_that_fails_in_the_middle_leaves_the_others(
    frames: Frames, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from imgui_bundle import imgui

    def broken(params, status, emit):
        imgui.begin_child("within")
        imgui.push_style_color(imgui.Col_.text, imgui.ImVec4(1, 0, 0, 1))
        imgui.begin_table("table", 3)
        imgui.push_id("deep")
        raise LookupError("no such row")

    windows = frames.app.gui._docks._windows
    drawn = []
    panels = (lambda p, s, e: drawn.append(1) or p, broken, *windows[0].panels)
    broken_window = replace(windows[0], panels=panels)
    monkeypatch.setattr(frames.app.gui._docks, "_windows", (broken_window, *windows[1:]))
    with caplog.at_level(logging.CRITICAL):
        until(lambda: any(notice.resting for notice in frames.app.status.notices), frames.app.frame)
    assert len(drawn) > 3
    (notice,) = frames.app.status.notices
    assert notice.resting == "panel Networks, part 2 of it"
    assert "no such row" in notice.text
    frames.plays_on()


def test_a_command_that_fails_is_told_each_time_and_the_others_are_done(
    frames: Frames, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames.app.show, "recall", failing)
    for _ in range(4):
        frames.app.asked.add(RecallLook(name="x"), LoadPreset(frames.folder / "no.toml"))
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
    until(lambda: any(look.texture for look in app.status.show.looks), frames.app.frame)
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
        until(
            lambda: texture not in [look.texture for look in app.status.show.looks],
            frames.app.frame,
        )
    frames.run(30)
    frames.plays_on()


def test_files_whose_names_are_no_unicode_play(strict_frames: Frames) -> None:
    frames, app = strict_frames, strict_frames.app
    network = frames.folder / os.fsdecode(b"bad\xff.pkl")
    shutil.copy(SG3_A, network)
    app.execute(LoadNetwork("b", network))
    until(lambda: "b" in app.status.engine.networks, app.frame)
    assert app.status.engine.networks["b"].name == "bad\ufffd"
    assert app.status.recent[0] == str(network)
    folder = frames.folder / "presets"
    folder.mkdir(exist_ok=True)
    (folder / os.fsdecode(b"look\xff.toml")).write_text("[noise]\namplitude = 2.0\n")
    (folder / "surr.json").write_text(
        '{"sliders": {"\\ud800": 1}, "bindings": {"noise.amplitude": "slider(\\"\\ud800\\")"}}'
    )
    until(lambda: sum(not look.is_shipped for look in app.show.looks.shown) == 2, app.frame)
    app.execute(RecallLook("look\ufffd"))
    until(lambda: app.params.noise.amplitude == 2.0, app.frame)
    frames.run(20)
    frames.plays_on()


def test_a_working_folder_that_is_gone(
    strict_frames: Frames, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = strict_frames.folder / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    app = strict_frames.app
    app.execute(ChooseScript())
    app.execute(LoadNetwork("b", Path("nowhere.pkl")))
    until(lambda: any("nowhere.pkl" in text for text in strict_frames.notices), app.frame)
    strict_frames.plays_on()

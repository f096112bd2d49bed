"""Looks, takes, scripts and sessions in the running program, driven by mouse and keys."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sgview.app.session_file import load_session
from sgview.app.session_place import NAME, SessionPlace
from sgview.cli import main
from sgview.show.takes.take import read_take
from sgview.state import commands as c
from sgview.state.params import Mapping, Noise, Params, View
from tests.support import DATA
from tests.support.disk import full_disk

pytestmark = pytest.mark.gl

A, B = DATA / "sg3-t-64-a.pkl", DATA / "sg3-t-64-b.pkl"


@pytest.fixture
def app(screen, tmp_path: Path) -> Iterator:
    from sgview.app.app import App
    from sgview.engine.engine import Engine
    from sgview.engine.networks import load_network
    from sgview.engine.worker import EngineWorker
    from sgview.settings import Folders, Settings, Window

    settings = Settings(
        window=Window(width=1100, height=760),
        folders=Folders(
            snapshots=str(tmp_path / "out"),
            presets=str(tmp_path / "presets"),
            takes=str(tmp_path / "takes"),
        ),
    )
    with App(settings, EngineWorker(Engine("cpu")), state_folder=tmp_path / "state") as app:
        app.worker.set_network("a", load_network(A))
        app.worker.set_network("b", load_network(B))
        until(app, lambda: app.picture is not None and len(app.status.engine.networks) == 2)
        screen.xdotool("search", "--sync", "--onlyvisible", "--name", "^sgview", "windowfocus")
        yield app


def until(app, is_done, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not is_done():
        assert time.monotonic() < end, "it did not happen in time"
        app.frame()


def psi(app) -> float:
    """What plays now."""
    return app.player.resolver.shown.mapping.truncation_psi


def test_a_look_is_saved_recalled_by_its_key_faded_to_and_undone(app, screen) -> None:
    app.execute(c.SetFade(1.0, "linear"))
    night = Params(mapping=Mapping(truncation_psi=0.0), view=View(flip_vertical=True))
    app.params = night
    until(app, lambda: app.picture.params == night)
    screen.xdotool("key", "l")
    until(app, lambda: any(look.name == "look 1" for look in app.status.show.looks))
    assert app.status.show.looks[0].key == 1
    assert app.status.show.looks[0].texture
    day = Params(noise=Noise(seed=5))
    app.params = day
    until(app, lambda: app.picture.params == day)
    screen.xdotool("key", "1")
    until(app, lambda: app.params == night)
    seen = set()
    until(app, lambda: seen.add(psi(app)) or psi(app) == 0.0)
    assert any(0.3 < value < 0.7 for value in seen)
    assert app.status.show.fade.look == "look 1"
    until(app, lambda: app.picture.params == night)
    assert app.status.history.undo_names[0] == "Recall look 1"
    screen.xdotool("key", "ctrl+z")
    until(app, lambda: app.params == day)
    assert app.status.show.fade.look == ""
    assert psi(app) == 1.0


def test_a_key_without_a_look_is_a_notice(app, screen) -> None:
    screen.xdotool("key", "8")
    until(app, lambda: any("No look has the key 8" in n.text for n in app.status.notices))
    assert app.params == Params()


def test_a_take_is_rendered_as_it_was_shown(app, screen, tmp_path: Path) -> None:
    script = tmp_path / "play.py"
    script.write_text(
        "def frame(play):\n    edit_layer_by_name('synthesis.input.weight', 1 + play.t % 0.5)\n"
    )
    app.execute(c.SetFade(0.4, "smooth"))
    app.params = Params(mapping=Mapping(truncation_psi=0.2))
    app.execute(c.SaveLook("calm"))
    app.params = Params(bindings={"noise.offset": "smooth(beat % 1, 0.2)"})
    app.execute(c.OpenScript(script))
    screen.xdotool("key", "ctrl+r")
    until(app, lambda: app.status.show.take.path)
    shown: dict[float, np.ndarray] = {}

    def play(seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            app.frame()
            shown[app.picture.t] = app.picture.rgba8.numpy()[..., :3].copy()

    play(0.7)
    app.execute(c.RecallLook(name="calm"))
    play(0.3)
    app.execute(c.SwapNetworks())
    before = app.status.engine.networks
    until(app, lambda: app.status.engine.networks != before)
    play(0.5)
    path = Path(app.status.show.take.path)
    screen.xdotool("key", "ctrl+r")
    until(app, lambda: not app.status.show.take.path)
    take = read_take(path)
    assert not take.is_cut_short
    out = tmp_path / "frames"
    assert main(["render", "--take", str(path), "--device", "cpu", "--out", str(out)]) == 0
    pictures = [np.asarray(Image.open(file)) for file in sorted(out.iterdir())]
    assert len(pictures) == len(take.frames)
    compared = 0
    for frame, pixels in zip(take.frames, pictures, strict=True):
        is_swapped = frame.networks["a"].name != A.stem
        # Pictures around the exchange may have been made with either network.
        if frame.instant.t in shown and not is_swapped:
            same = (shown[frame.instant.t] == pixels).all()
            compared += same
            assert same or frame.time > 0.9
    assert compared >= 5
    assert len({pixels.tobytes() for pixels in pictures}) > 10


def test_a_script_moves_the_picture_and_its_mistake_is_shown(app, tmp_path: Path) -> None:
    script = tmp_path / "play.py"
    script.write_text("def frame(play):\n    play.set('mapping.truncation_psi', 0.25)\n")
    app.execute(c.OpenScript(script))
    until(app, lambda: app.picture.params.mapping.truncation_psi == 0.25)
    assert app.params == Params()
    script.write_text("def frame(play):\n    oops\n")
    until(app, lambda: app.status.player.script.error)
    assert app.status.player.script.line == 2
    assert any("play.py, line 2" in n.text for n in app.status.notices)
    assert psi(app) == 0.25
    app.execute(c.RemoveScript())
    until(app, lambda: psi(app) == 1.0)
    script.write_text("def frame(play):\n    edit_layer_by_name('synthesis.no', 2)\n")
    app.execute(c.OpenScript(script))
    until(app, lambda: "synthesis.no" in app.status.player.script.error)


PROGRAM = """
import sys
from sgview.cli import main
sys.exit(main(sys.argv[1:]))
"""


def start(folder: Path, *arguments: str) -> subprocess.Popen:
    environment = {
        **os.environ,
        "XDG_STATE_HOME": str(folder / "state"),
        "XDG_CONFIG_HOME": str(folder / "config"),
    }
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments], cwd=folder, env=environment,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def session_of(folder: Path):
    (path,) = (folder / "state").rglob(NAME)
    return load_session(path)


def test_a_killed_program_goes_on_where_it_was(screen, tmp_path: Path) -> None:
    preset = tmp_path / "look.toml"
    preset.write_text("[bindings]\n'noise.offset' = 'sin(t)'\n[blend.amounts]\nL3 = 0.5\n")
    process = start(tmp_path, str(A), str(B), "--preset", str(preset), "--device", "cpu")
    try:
        end = time.monotonic() + 60
        while True:
            assert time.monotonic() < end
            time.sleep(0.2)
            if list((tmp_path / "state").rglob(NAME)):
                session = session_of(tmp_path)
                if len(session.surroundings.networks) == 2 and session.surroundings.t > 3:
                    break
        killed_at = time.time()
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.communicate(timeout=30)
    (path,) = (tmp_path / "state").rglob(NAME)
    assert killed_at - path.stat().st_mtime < 5.0
    session = session_of(tmp_path)
    assert session.params.bindings == {"noise.offset": "sin(t)"}
    assert session.params.blend.amounts == {"L3": 0.5}

    again = start(tmp_path, "--resume", "--seconds", "3", "--device", "cpu")
    output, _ = again.communicate(timeout=90)
    assert again.returncode == 0, output
    resumed = session_of(tmp_path)
    assert resumed.params == session.params
    assert resumed.surroundings.networks == {"a": str(A), "b": str(B)}
    assert resumed.surroundings.t > session.surroundings.t


def test_a_broken_session_is_said_and_a_new_one_begins(screen, tmp_path: Path) -> None:
    path = tmp_path / "state" / "sgview" / "session.json"
    path.parent.mkdir(parents=True)
    path.write_text('{"params": {"noise": {"perod": 1}}}')
    program = start(tmp_path, str(A), "--resume", "--seconds", "0.1", "--device", "cpu")
    output, _ = program.communicate(timeout=90)
    assert program.returncode == 0, output
    assert "session.json: noise.perod" in output
    assert "a new session begins" in output
    assert session_of(tmp_path).params == Params()


def test_a_session_that_cannot_be_written_is_a_notice_that_stays(app, tmp_path: Path) -> None:
    with full_disk(10):
        until(app, lambda: any("session.json" in n.text for n in app.status.notices))
    (notice,) = (n for n in app.status.notices if "session.json" in n.text)
    assert notice.level == "error"
    assert "cannot be written" in notice.text


def test_a_second_program_says_where_its_session_is(screen, tmp_path: Path) -> None:
    from sgview.app.app import App
    from sgview.engine.engine import Engine
    from sgview.engine.worker import EngineWorker
    from sgview.settings import Settings

    with (
        SessionPlace(tmp_path / "state"),
        App(Settings(), EngineWorker(Engine("cpu")), state_folder=tmp_path / "state") as app,
    ):
        app.frame()
        assert any("session-2.json" in notice.text for notice in app.status.notices)
    assert (tmp_path / "state" / "session-2.json").is_file()
    assert not (tmp_path / "state" / NAME).exists()

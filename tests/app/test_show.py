"""Looks, takes, scripts and sessions in the running program, driven by mouse and keys."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sgview.app.session_file import load_session
from sgview.app.session_place import NAME, SessionPlace
from sgview.cli import main
from sgview.settings import WindowSettings
from sgview.show.takes.take import read_take
from sgview.state import commands as c
from sgview.state.params import Mapping, Noise, Params, View
from tests.support.app import SG3_A as A
from tests.support.app import SG3_B as B
from tests.support.app import app_playing, program
from tests.support.disk import full_disk
from tests.support.until import LIMIT, until

pytestmark = pytest.mark.gl


@pytest.fixture
def app(screen, tmp_path: Path) -> Iterator:
    window = WindowSettings(width=1100, height=760)
    with app_playing({"a": A, "b": B}, screen, tmp_path, window=window) as app:
        yield app


def psi(app) -> float:
    """What is shown now."""
    return app.picture.params.mapping.truncation_psi


def test_a_look_is_saved_recalled_by_its_key_faded_to_and_undone(app, screen) -> None:
    app.execute(c.SetFade(1.0, "linear"))
    night = Params(mapping=Mapping(truncation_psi=0.0), view=View(flip_vertical=True))
    app.params = night
    until(lambda: app.picture.params == night, app.frame)
    screen.xdotool("key", "l")
    until(lambda: any(look.name == "look 1" for look in app.status.show.looks), app.frame)
    assert app.status.show.looks[0].key == 1
    assert app.status.show.looks[0].texture
    day = Params(noise=Noise(seed=5))
    app.params = day
    until(lambda: app.picture.params == day, app.frame)
    screen.xdotool("key", "1")
    until(lambda: app.params == night, app.frame)
    seen = set()
    until(lambda: seen.add(psi(app)) or psi(app) == 0.0, app.frame)
    assert any(0.3 < value < 0.7 for value in seen)
    assert app.status.show.fade.look == "look 1"
    until(lambda: app.picture.params == night, app.frame)
    assert app.status.history.undo_names[0] == "Recall look 1"
    screen.xdotool("key", "ctrl+z")
    until(lambda: app.params == day, app.frame)
    assert app.status.show.fade.look == ""
    until(lambda: psi(app) == 1.0, app.frame)


def test_a_key_without_a_look_is_a_notice(app, screen) -> None:
    screen.xdotool("key", "8")
    until(lambda: any("No look has the key 8" in n.text for n in app.status.notices), app.frame)
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
    until(lambda: app.status.show.take.path, app.frame)
    shown: dict[float, np.ndarray] = {}

    def play(pictures: int) -> None:
        wanted = len(shown) + pictures

        def frame() -> None:
            app.frame()
            shown[app.picture.t] = app.picture.rgba8.numpy()[..., :3].copy()

        until(lambda: len(shown) >= wanted, frame)

    play(8)
    app.execute(c.RecallLook(name="calm"))
    play(4)
    before_the_swap = set(shown)
    app.execute(c.SwapNetworks())
    before = app.status.engine.networks
    until(lambda: app.status.engine.networks != before, app.frame)
    play(6)
    path = Path(app.status.show.take.path)
    screen.xdotool("key", "ctrl+r")
    until(lambda: not app.status.show.take.path, app.frame)
    take = read_take(path)
    assert not take.is_cut_short
    out = tmp_path / "frames"
    assert main(["render", "--take", str(path), "--device", "cpu", "--out", str(out)]) == 0
    pictures = [np.asarray(Image.open(file)) for file in sorted(out.iterdir())]
    assert len(pictures) == len(take.frames)
    compared = 0
    for frame, pixels in zip(take.frames, pictures, strict=True):
        # Pictures around the exchange may have been made with either network.
        if frame.instant.t in before_the_swap:
            assert frame.networks["a"].name == A.stem
            assert (shown[frame.instant.t] == pixels).all()
            compared += 1
    assert compared >= 5
    assert len({pixels.tobytes() for pixels in pictures}) > 10


def test_a_script_moves_the_picture_and_its_mistake_is_shown(app, tmp_path: Path) -> None:
    script = tmp_path / "play.py"
    script.write_text("def frame(play):\n    play.set('mapping.truncation_psi', 0.25)\n")
    app.execute(c.OpenScript(script))
    until(lambda: app.picture.params.mapping.truncation_psi == 0.25, app.frame)
    assert app.params == Params()
    script.write_text("def frame(play):\n    oops\n")
    until(lambda: app.status.player.script.error, app.frame)
    assert app.status.player.script.line == 2
    assert any("play.py, line 2" in n.text for n in app.status.notices)
    assert psi(app) == 0.25
    app.execute(c.RemoveScript())
    until(lambda: psi(app) == 1.0, app.frame)
    script.write_text("def frame(play):\n    edit_layer_by_name('synthesis.no', 2)\n")
    app.execute(c.OpenScript(script))
    until(lambda: "synthesis.no" in app.status.player.script.error, app.frame)


def session_of(folder: Path):
    (path,) = (folder / "state").rglob(NAME)
    return load_session(path)


def test_a_killed_program_goes_on_where_it_was(screen, tmp_path: Path) -> None:
    preset = tmp_path / "look.toml"
    preset.write_text("[bindings]\n'noise.offset' = 'sin(t)'\n[blend.amounts]\nL3 = 0.5\n")
    saved = []

    def goes_on_saving() -> bool:
        assert process.poll() is None, process.communicate()
        if list((tmp_path / "state").rglob(NAME)):
            session = session_of(tmp_path)
            if len(session.surroundings.networks) == 2 and session not in saved:
                saved.append(session)
        return len(saved) >= 3  # how often: see the tests of the file

    with program(tmp_path, A, B, "--preset", preset, "--device", "cpu") as process:
        until(goes_on_saving)
        process.kill()
    session = session_of(tmp_path)
    assert session.surroundings.t >= saved[-1].surroundings.t > saved[0].surroundings.t
    assert session.params.bindings == {"noise.offset": "sin(t)"}
    assert session.params.blend.amounts == {"L3": 0.5}

    with program(tmp_path, "--resume", "--seconds", "3", "--device", "cpu") as again:
        output = again.communicate(timeout=LIMIT)
    assert again.returncode == 0, output
    resumed = session_of(tmp_path)
    assert resumed.params == session.params
    assert resumed.surroundings.networks == {"a": str(A), "b": str(B)}
    assert resumed.surroundings.t > session.surroundings.t


def test_a_broken_session_is_said_and_a_new_one_begins(screen, tmp_path: Path) -> None:
    path = tmp_path / "state" / "sgview" / "session.json"
    path.parent.mkdir(parents=True)
    path.write_text('{"params": {"noise": {"perod": 1}}}')
    with program(tmp_path, A, "--resume", "--seconds", "0.1", "--device", "cpu") as process:
        out, errors = process.communicate(timeout=LIMIT)
    output = out + errors
    assert process.returncode == 0, output
    assert "session.json: noise.perod" in output
    assert "a new session begins" in output
    assert session_of(tmp_path).params == Params()


def test_a_session_that_cannot_be_written_is_a_notice_that_stays(app, tmp_path: Path) -> None:
    with full_disk(10):
        until(lambda: any("session.json" in n.text for n in app.status.notices), app.frame)
    (notice,) = (n for n in app.status.notices if "session.json" in n.text)
    assert notice.level == "error"
    assert "cannot be written" in notice.text
    again = "The session is written again."
    until(lambda: any(n.text == again for n in app.status.notices), app.frame)
    assert notice.id not in [n.id for n in app.status.notices]  # there is room: it is true no more


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

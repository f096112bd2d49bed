"""What a session remembers of its networks, from one start of the program to the next."""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sgview.app.session_file import load_session
from sgview.app.session_place import NAME
from sgview.cli import main
from sgview.state import commands as c
from tests.support.app import SG3_A as A
from tests.support.app import SG3_B as B
from tests.support.until import LIMIT

pytestmark = pytest.mark.gl


@pytest.fixture(autouse=True)
def folder(screen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the program keeps its state, for the length of a test."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def slow_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """A disk from which nothing arrives while the program runs; set once it was asked."""
    import sgview.engine.worker

    is_asked = threading.Event()

    def read(path: Path, progress: Callable[[float], None]) -> None:
        is_asked.set()
        while True:
            progress(0.0)  # raises once the program closes
            threading.Event().wait(0.005)

    monkeypatch.setattr(sgview.engine.worker, "_load", read)
    yield is_asked


@pytest.fixture
def session(folder: Path) -> Path:
    path = folder / "state" / "sgview" / NAME
    path.parent.mkdir(parents=True)
    return path


def play(*arguments: str | Path) -> None:
    """Start the program and leave it after a frame or two."""
    assert main([*map(str, arguments), "--seconds", "0.01", "--device", "cpu"]) == 0


def play_until(
    monkeypatch: pytest.MonkeyPatch,
    is_done: Callable[..., object],  # given the app, after each frame
    *arguments: str | Path,
) -> None:
    """Start the program and leave it as soon as something is so."""
    from sgview.app.app import App

    frame = App.frame

    def watched(app: App) -> None:
        frame(app)
        if is_done(app):
            app.stop()

    monkeypatch.setattr(App, "frame", watched)
    assert main([*map(str, arguments), "--seconds", str(LIMIT), "--device", "cpu"]) == 0
    monkeypatch.setattr(App, "frame", frame)


def networks(session: Path) -> dict:
    return load_session(session).surroundings.networks


def write(session: Path, networks: dict) -> None:
    """Write what version 0.1 wrote."""
    text = json.dumps({"version": 1, "params": {}, "surroundings": {"networks": networks}})
    session.write_text(text, encoding="utf-8")


def test_left_before_its_networks_are_read_it_remembers_them(slow_disk, session: Path) -> None:
    play(A, B)
    assert slow_disk.wait(LIMIT)
    assert networks(session) == {"a": str(A), "b": str(B)}
    play("--resume")
    assert networks(session) == {"a": str(A), "b": str(B)}


def test_a_session_of_version_0_1_is_resumed(session: Path, monkeypatch) -> None:
    write(session, {"a": str(A), "b": str(B)})
    play_until(monkeypatch, lambda app: len(app.status.engine.networks) == 2, "--resume")
    assert networks(session) == {"a": str(A), "b": str(B)}


@pytest.mark.parametrize("slot", ["a", "b"])
def test_a_file_that_is_away_is_said_and_remembered(
    slot: str, folder: Path, session: Path, monkeypatch, capsys
) -> None:
    away = folder / "disk" / "away.pkl"
    kept = {"a": str(A), "b": str(B), slot: str(away)}
    write(session, kept)
    other = "b" if slot == "a" else "a"
    said: list[str] = []

    def is_done(app) -> bool:
        notices = [notice.text for notice in app.status.notices]
        said[:] = [text for text in notices if "OSC port" not in text]  # another test may have it
        playing = app.status.engine.networks
        if slot == "a" and ("a" not in playing or playing["a"].path):
            return False  # a built-in network plays in its place
        return other in playing and playing[other].path == kept[other]

    for _ in range(2):
        play_until(monkeypatch, is_done, "--resume")
        assert f"{away}: not there any more" in capsys.readouterr().err
        assert said == [f"{away} is not there any more."]
        assert networks(session) == kept

    away.parent.mkdir()
    away.write_bytes(A.read_bytes())  # the disk is back
    play_until(
        monkeypatch,
        lambda app: {s: n.path for s, n in app.status.engine.networks.items()} == kept,
        "--resume",
    )
    assert networks(session) == kept


def test_a_name_that_no_file_can_have_begins_all_the_same(session: Path, capsys) -> None:
    name = "/" + "x" * 4000
    write(session, {"a": name})
    play("--resume")
    assert "not there any more" in capsys.readouterr().err
    assert networks(session)["a"] == name


def test_another_network_takes_the_place_of_one_that_is_away(session: Path, monkeypatch) -> None:
    write(session, {"a": "/disk/away.pkl", "b": str(B)})
    asked: list[c.Command] = []

    def is_done(app) -> bool:
        if not asked:
            asked.append(c.LoadNetwork("a", A))
            app.execute(asked[0])
        playing = app.status.engine.networks
        return "a" in playing and playing["a"].path == str(A)

    play_until(monkeypatch, is_done, "--resume")
    assert networks(session) == {"a": str(A), "b": str(B)}


def test_a_network_unloaded_on_purpose_is_not_remembered(session: Path, monkeypatch) -> None:
    def is_done(app) -> bool:
        if len(app.status.engine.networks) < 2:
            return False
        app.execute(c.UnloadNetwork("b"))
        return True

    play_until(monkeypatch, is_done, A, B)
    assert networks(session) == {"a": str(A)}


def test_a_network_named_beside_resume_must_be_there(session: Path, capsys) -> None:
    write(session, {"a": str(A)})
    assert main(["missing.pkl", "--resume", "--seconds", "0.01", "--device", "cpu"]) == 2
    assert "missing.pkl: there is no such file" in capsys.readouterr().err
    assert networks(session) == {"a": str(A)}


def test_other_networks_named_beside_resume_do_not_mention_what_is_away(
    slow_disk, session: Path, capsys
) -> None:
    write(session, {"a": "/disk/away.pkl"})
    play(B, "--resume")
    assert "away.pkl" not in capsys.readouterr().err
    assert networks(session) == {"a": str(B)}

"""Folders that take no files, vanish or fill while it plays: it is said, and the show goes on."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sgview.app.app import App
from sgview.engine.engine import Engine
from sgview.engine.networks import load_network
from sgview.engine.worker import EngineWorker
from sgview.settings import FolderSettings, Settings, WindowSettings
from sgview.state.commands import Command, SavePreset, SaveSnapshot, ToggleOutput, ToggleTake
from sgview.state.recording import RECORDER
from tests.support.app import SG3_A
from tests.support.disk import full_disk
from tests.support.until import until

pytestmark = pytest.mark.gl


@pytest.fixture
def folders(tmp_path: Path) -> FolderSettings:
    return FolderSettings(
        snapshots=str(tmp_path / "shots"),
        presets=str(tmp_path / "presets"),
        takes=str(tmp_path / "takes"),
        recordings=str(tmp_path / "recordings"),
    )


def playing(folders: FolderSettings, state: Path) -> App:
    app = App(
        Settings(folders=folders, window=WindowSettings(width=640, height=480)),
        EngineWorker(Engine("cpu")),
        state_folder=state,
    )
    app.worker.set_network("a", load_network(SG3_A))
    return app


def notices(app: Any, words: str) -> list[str]:
    return [notice.text for notice in app.status.notices if words in notice.text]


def plays_on(app: Any) -> None:
    shown = app.picture
    until(lambda: app.picture is not None and app.picture is not shown, app.frame)


def no_folder(tmp_path: Path) -> Path:
    """Return a place where nothing can be made, whoever tries: a file is in its way."""
    (tmp_path / "file").write_text("")
    return tmp_path / "file" / "state"


def unwritable(tmp_path: Path) -> Path:
    """Return a folder of a file system that takes no files, not even from the superuser."""
    if sys.platform != "linux":
        pytest.skip("there is no /proc")
    return Path("/proc/self/sgview")


@pytest.mark.parametrize("place", [no_folder, unwritable])
def test_a_state_folder_that_cannot_be(
    screen, tmp_path: Path, folders: FolderSettings, place: Any
) -> None:
    with playing(folders, place(tmp_path)) as app:
        until(lambda: notices(app, "session.json"), app.frame)
        (said,) = notices(app, "session.json")
        assert "cannot be written" in said
        plays_on(app)


@pytest.fixture
def app(screen, tmp_path: Path, folders: FolderSettings) -> Iterator[App]:
    with playing(folders, tmp_path / "state") as app:
        plays_on(app)
        yield app


def test_a_state_folder_that_vanishes_while_it_plays_is_made_again(
    app: App, tmp_path: Path
) -> None:
    session = tmp_path / "state" / "session.json"
    until(session.is_file, app.frame)
    shutil.rmtree(session.parent)
    until(session.is_file, app.frame)
    plays_on(app)


COMMANDS: dict[str, Command] = {"shots": SaveSnapshot(), "takes": ToggleTake()}


@pytest.mark.parametrize("kind", [*COMMANDS, "presets"])
@pytest.mark.parametrize("trouble", ["full", "in the way", "gone"])
def test_what_cannot_be_saved_is_said(app: App, tmp_path: Path, kind: str, trouble: str) -> None:
    folder = tmp_path / kind
    command = COMMANDS.get(kind) or SavePreset(folder / "mine.toml")
    shutil.rmtree(folder, ignore_errors=True)
    before = {notice.id for notice in app.status.notices}

    def said() -> list[str]:
        return [
            notice.text
            for notice in app.status.notices
            if notice.id not in before and notice.level != "info"
        ]

    if trouble == "gone":  # a folder that was deleted is made again
        app.execute(command)
        until(lambda: folder.is_dir() and any(folder.iterdir()), app.frame)
        plays_on(app)
        assert not said()
        return
    if trouble == "in the way":
        folder.write_text("")
        app.execute(command)
        until(said, app.frame)
    else:
        with full_disk(10):
            app.execute(command)
            if kind == "takes":  # written once a second, and when it ends
                plays_on(app)
                app.execute(command)
            until(said, app.frame)
    assert any(kind in text or "take" in text for text in said())
    plays_on(app)


def test_a_recording_ends_with_a_sentence_and_the_show_goes_on(app: App, tmp_path: Path) -> None:
    def is_on() -> bool:
        return next(one for one in app.status.outputs if one.name == RECORDER).is_on

    app.execute(ToggleOutput(RECORDER))
    until(is_on, app.frame)
    with full_disk(2000):
        until(lambda: notices(app, RECORDER), app.frame)
        plays_on(app)
    (film,) = (tmp_path / "recordings").iterdir()
    assert notices(app, RECORDER) == [f"{RECORDER}: {film} cannot be written: File too large"]
    assert not is_on()
    app.execute(ToggleOutput(RECORDER))  # once there is room it can be used again
    until(is_on, app.frame)

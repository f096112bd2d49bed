from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from sgview.app.files import Files
from sgview.app.recent import RecentFiles
from sgview.outputs.snapshot import Snapshot
from sgview.settings import FolderSettings
from sgview.state.motion import Motion
from sgview.state.notices import Notices
from sgview.state.params import Mapping, Params
from tests.support.until import until


@pytest.fixture
def notices() -> Notices:
    return Notices()


@pytest.fixture
def files(tmp_path: Path, notices: Notices) -> Iterator[Files]:
    folders = FolderSettings(snapshots=str(tmp_path / "shots"), presets=str(tmp_path / "looks"))
    files = Files(folders, notices, lambda: 0.0, RecentFiles(tmp_path / "recent.json"))
    yield files
    files.close()


def texts(notices: Notices) -> list[str]:
    return [f"{notice.level}: {notice.text}" for notice in notices.shown(0.0)]


def picture() -> Any:
    rgba8 = torch.zeros(2, 2, 4, dtype=torch.uint8)
    return SimpleNamespace(rgba8=rgba8, ready=None, params=Params(), t=0.0, motion=Motion())


def finish(files: Files, notices: Notices) -> None:
    until(lambda: notices.shown(0.0), files.poll)


def test_a_snapshot_goes_to_its_folder_and_says_so(
    files: Files, notices: Notices, tmp_path: Path
) -> None:
    files.save_snapshot(picture())
    finish(files, notices)
    (path,) = (tmp_path / "shots").iterdir()
    assert texts(notices) == [f"info: Saved {path}"]


def test_a_snapshot_that_cannot_be_written_is_a_notice(
    files: Files, notices: Notices, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    files.save_snapshot(picture(), tmp_path / "file" / "shot.png")
    finish(files, notices)
    (text,) = texts(notices)
    assert text.startswith("error: ")
    assert "cannot be written" in text


def test_without_a_picture_there_is_nothing_to_save(files: Files, notices: Notices) -> None:
    files.save_snapshot(None)
    assert texts(notices) == ["warning: There is no picture to save yet."]


def test_presets_come_back_and_errors_are_notices(
    files: Files, notices: Notices, tmp_path: Path
) -> None:
    params = Params(mapping=Mapping(truncation_psi=0.5))
    path = files.preset_folder / "look.toml"
    files.save_preset(params, path)
    assert files.load_preset(path) == Snapshot(params)
    assert texts(notices) == [f"info: Saved {path}", f"info: Loaded {path}"]
    assert files.load_preset(tmp_path / "missing.toml") is None
    assert texts(notices)[-1].startswith("error: ")


def test_settings_that_are_opened_as_a_preset_are_said_to_be_some(
    files: Files, notices: Notices, tmp_path: Path
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("[window]\nvsync = false\n")
    assert files.load_preset(path) is None
    (notice,) = notices.shown(0.0)
    assert notice.text == f"{path} holds settings, and is no preset"
    assert f"sgview --config {path}" in notice.hint

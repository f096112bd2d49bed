import os
from pathlib import Path

import pytest

from sgview.app.recent import RecentFiles
from sgview.state.places import is_file, is_folder, working_folder


@pytest.mark.parametrize("name", ["", "\0", "x" * 5000, "a/" * 3000, "bad\udcff.pkl", "\ud800"])
def test_any_name_may_be_asked_about(name: str) -> None:
    assert not is_file(name)
    assert not is_folder(name) or name == ""


def test_files_and_folders(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert is_file(tmp_path / "file")
    assert not is_folder(tmp_path / "file")
    assert is_folder(str(tmp_path))


def test_a_working_folder_that_was_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # and back at the end
    (tmp_path / "gone").mkdir()
    os.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert working_folder() == Path.home()
    recent = RecentFiles(tmp_path / "recent.json")
    recent.add(Path("net.pkl"))
    assert recent.paths == ()

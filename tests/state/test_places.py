from pathlib import Path

import pytest

from sgview.state import places


@pytest.mark.parametrize("name", ["x" * 5000, "a\0b", "\ud800", "no/such/file", "a/" * 3000])
def test_every_path_has_an_answer(name: str) -> None:
    assert not places.is_file(name)
    assert not places.is_folder(Path(name))
    assert not places.is_there(name)


def test_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert places.is_file(tmp_path / "file") and not places.is_folder(tmp_path / "file")
    assert places.is_folder(str(tmp_path)) and places.is_there(tmp_path)


def test_a_working_folder_that_was_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    assert places.working_folder() == folder
    assert places.absolute(Path("x")) == folder / "x"
    folder.rmdir()
    with pytest.raises(OSError):
        Path.cwd()
    assert places.working_folder() == Path.home()
    assert places.absolute(Path("x")) == Path("x")

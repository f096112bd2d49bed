from pathlib import Path

import pytest

from sgview.app.recent import RecentFiles
from tests.support.disk import full_disk


def test_newest_first_without_doubles_and_bounded(tmp_path: Path) -> None:
    recent = RecentFiles(tmp_path / "state" / "recent.json", limit=3)
    for name in ("a", "b", "c", "a", "d"):
        recent.add(Path("/nets") / name)
    assert [Path(path).name for path in recent.paths] == ["d", "a", "c"]


def test_survives_a_restart_and_holds_absolute_paths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    RecentFiles(tmp_path / "recent.json").add(Path("net.pkl"))
    assert RecentFiles(tmp_path / "recent.json").paths == (str(tmp_path / "net.pkl"),)


@pytest.mark.parametrize("content", ["", "{", "7", '{"a": 1}', "[1, null]", "\x00\xff"])
def test_a_damaged_list_is_an_empty_one(tmp_path: Path, content: str) -> None:
    path = tmp_path / "recent.json"
    path.write_bytes(content.encode("latin-1"))
    assert RecentFiles(path).paths == ()


def test_a_place_that_cannot_be_written_costs_nothing_but_a_log_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    recent = RecentFiles(tmp_path / "file" / "recent.json")
    recent.add(Path("/nets/a"))
    assert recent.paths == ("/nets/a",)
    assert "cannot be written" in caplog.text


def test_a_full_disk_keeps_the_old_list(tmp_path: Path) -> None:
    path = tmp_path / "recent.json"
    RecentFiles(path).add(Path("/nets/a"))
    with full_disk(5):
        RecentFiles(path).add(Path("/nets/b"))
    assert RecentFiles(path).paths == ("/nets/a",)

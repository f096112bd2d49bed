"""Writing a file: the old content or the new one, never a part of it."""

import os
import stat
from pathlib import Path

import pytest

from sgview.state.params import Params
from sgview.state.presets import load_preset, save_preset
from sgview.state.text import encodable, writable
from sgview.state.validation import ConfigError
from sgview.state.whole_file import remove_old_drafts, write_whole
from tests.support.disk import full_disk


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_text_and_bytes_and_folders_that_are_made(tmp_path: Path) -> None:
    write_whole(tmp_path / "a" / "b.txt", "Grüße")
    write_whole(tmp_path / "a" / "c.bin", b"\x00\xff")
    assert (tmp_path / "a" / "b.txt").read_text(encoding="utf-8") == "Grüße"
    assert (tmp_path / "a" / "c.bin").read_bytes() == b"\x00\xff"
    assert names(tmp_path / "a") == ["b.txt", "c.bin"]


def test_a_full_disk_costs_the_new_content_only(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_whole(path, "old")
    with full_disk(10), pytest.raises(OSError):
        write_whole(path, "x" * 100)
    assert path.read_text() == "old"
    assert names(tmp_path) == ["file"]


def test_an_error_that_only_shows_at_the_end_is_one(tmp_path: Path, monkeypatch) -> None:
    def fail(handle: int) -> None:
        raise OSError(5, "the cable was pulled")

    path = tmp_path / "file"
    write_whole(path, "old")
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="the cable"):
        write_whole(path, "new")
    assert path.read_text() == "old"
    assert names(tmp_path) == ["file"]


def test_the_longest_name_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 255)
    write_whole(path, "x")
    assert path.read_text() == "x"


def test_permissions_are_those_of_other_files_or_of_the_old_one(tmp_path: Path) -> None:
    usual, path = tmp_path / "usual", tmp_path / "file"
    usual.write_text("")
    write_whole(path, "x")
    assert path.stat().st_mode == usual.stat().st_mode
    path.chmod(0o640)
    write_whole(path, "y")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "real" / "file")
    write_whole(link, "x")
    write_whole(link, "y")
    assert link.is_symlink()
    assert (tmp_path / "real" / "file").read_text() == "y"


@pytest.mark.parametrize("kind", ["folder", "device"])
def test_what_is_no_file_is_not_replaced(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "x.toml"
    if kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/null")
    with pytest.raises(ConfigError, match=r"x\.toml cannot be written: it is"):
        save_preset(Params(), path)
    assert names(tmp_path) == ["x.toml"]
    assert Path("/dev/null").is_char_device()


def test_text_that_is_no_unicode_can_be_written(tmp_path: Path) -> None:
    assert encodable("a\ud800b") == "a\ufffdb"
    assert encodable("😀 ok") == "😀 ok"
    assert writable({"\udcff": ["\ud800", 1, None]}) == {"\ufffd": ["\ufffd", 1, None]}
    path = tmp_path / "look.toml"
    save_preset(Params(bindings={"noise.amplitude": 'slider("\ud800")'}), path)
    assert load_preset(path).bindings == {"noise.amplitude": 'slider("\ufffd")'}


def test_what_killed_programs_left_is_removed_a_day_later(tmp_path: Path) -> None:
    for name in (".sgview-new", ".sgview-old", "old"):
        (tmp_path / name).write_text("half")
        if name.endswith("old"):
            os.utime(tmp_path / name, (0, 0))
    remove_old_drafts(tmp_path)
    remove_old_drafts(tmp_path / "missing")
    assert names(tmp_path) == [".sgview-new", "old"]

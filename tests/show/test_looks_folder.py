"""Looks: what the folder holds, and what saving, renaming and deleting make of it."""

import os
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sgview.show import look_files
from sgview.show.look_files import (
    GIVEN_KEYS,
    LARGEST_THUMBNAIL,
    MOST,
    REMOVED,
    THUMBNAIL,
    file_name,
    natural,
)
from sgview.show.looks import Looks
from sgview.state.notices import Notices
from sgview.state.params import Layer, Mapping, Params
from sgview.state.presets import read_preset
from tests.support.disk import full_disk
from tests.support.until import until

PICTURE = np.zeros((40, 60, 4), np.uint8)
PICTURE[..., 0] = np.linspace(0, 255, 60, dtype=np.uint8)
PICTURE[..., 3] = 255


class Shelf:
    """Looks of a folder, with a clock that stands."""

    def __init__(self, folder: Path, **arguments) -> None:
        self.time, self.folder = 100.0, folder
        self.notices = Notices()
        self.looks = Looks(folder, self.notices, lambda: self.time, **arguments)

    def names(self) -> list[tuple[int, str]]:
        self.looks.wait()
        return [(look.key, look.name) for look in self.looks.shown]

    def told(self) -> str:
        return " ".join(notice.text for notice in self.notices.shown(self.time))


@pytest.fixture
def shelf(tmp_path: Path):
    shelf = Shelf(tmp_path / "looks")
    yield shelf
    shelf.looks.close()


def psi(value: float) -> Params:
    return Params(mapping=Mapping(truncation_psi=value))


def test_a_saved_look_shows_at_once_and_comes_back_with_its_thumbnail(shelf: Shelf) -> None:
    assert shelf.looks.save(psi(0.5), PICTURE, "night") == "night"
    (look,) = shelf.looks.shown
    assert (look.name, look.key, look.params) == ("night", 1, psi(0.5))
    shelf.looks.wait()
    assert read_preset(shelf.folder / "night.toml").params == psi(0.5)
    with Image.open(shelf.folder / "night.png") as image:
        assert image.size == (THUMBNAIL, THUMBNAIL)
    assert "Saved \u201cnight\u201d: key 1 recalls it" in shelf.told()
    again = Shelf(shelf.folder)
    (look,) = again.looks.shown
    assert look.thumbnail is not None
    assert look.thumbnail.shape == (THUMBNAIL, THUMBNAIL, 4)
    again.looks.close()
    # The middle square: 10 to 50 of 60 columns.
    assert look.thumbnail[80, 0, 0] == pytest.approx(255 * 10 / 59, abs=4)
    assert look.thumbnail[80, -1, 0] == pytest.approx(255 * 50 / 59, abs=6)


def test_names_and_keys_are_given_out_in_order(shelf: Shelf) -> None:
    for value in range(11):
        shelf.looks.save(psi(value), None)
    assert shelf.names() == [
        *((n, f"look {n}") for n in range(1, 10)),
        (0, "look 10"),
        (0, "look 11"),
    ]


def test_a_look_is_found_by_name_and_by_key(shelf: Shelf) -> None:
    shelf.looks.save(psi(0.1), None, "a")
    shelf.looks.save(psi(0.2), None, "b")
    assert shelf.looks.find("b").params == psi(0.2)
    assert shelf.looks.find(key=1).params == psi(0.1)
    assert shelf.looks.find("c") is None
    assert shelf.looks.find(key=8) is None
    assert "There is no look c. No look has the key 8." in shelf.told()


def test_saving_over_a_look_keeps_its_key_and_puts_the_old_one_away(shelf: Shelf) -> None:
    shelf.looks.save(psi(0.1), None, "first")
    shelf.looks.save(psi(0.2), PICTURE, "second")
    shelf.looks.save(psi(0.3), PICTURE, "second")
    assert shelf.names() == [(1, "first"), (2, "second")]
    assert shelf.looks.find("second").params == psi(0.3)
    (old,) = (shelf.folder / REMOVED).glob("*.toml")
    assert read_preset(old).params == psi(0.2)


def test_rename_keeps_key_and_thumbnail_and_never_hits_another(shelf: Shelf) -> None:
    shelf.looks.save(psi(0.1), PICTURE, "a")
    shelf.looks.save(psi(0.2), None, "b")
    shelf.looks.rename("a", "ä/ ../x")
    assert shelf.names() == [(1, "ä- ..-x"), (2, "b")]
    assert (shelf.folder / "ä- ..-x.png").is_file()
    shelf.looks.rename("b", "ä- ..-x")
    assert shelf.names() == [(1, "ä- ..-x"), (2, "b")]
    assert "already" in shelf.told()


def test_delete_moves_it_away(shelf: Shelf) -> None:
    shelf.looks.save(psi(0.1), PICTURE, "a")
    shelf.looks.delete("a")
    assert shelf.looks.shown == ()
    assert shelf.names() == []
    assert {path.suffix for path in (shelf.folder / REMOVED).iterdir()} == {".toml", ".png"}


def test_a_key_moves_from_one_look_to_another(shelf: Shelf) -> None:
    shelf.looks.save(psi(0.1), None, "a")
    shelf.looks.save(psi(0.2), None, "b")
    shelf.looks.set_key("b", 1)
    assert shelf.names() == [(1, "b"), (0, "a")]
    shelf.looks.set_key("b", 0)
    assert shelf.names() == [(0, "a"), (0, "b")]


def test_files_changed_by_hand_show_within_a_second(shelf: Shelf) -> None:
    shelf.folder.mkdir()
    path = shelf.folder / "mine.toml"
    path.write_text("[layer]\nname = 'L3'\n")
    shelf.looks.poll()
    assert shelf.looks.shown == ()
    shelf.time += 1.1
    shelf.looks.poll()
    until(lambda: shelf.looks.shown, shelf.looks.poll)
    (look,) = shelf.looks.shown
    assert look.params == Params(layer=Layer(name="L3"))
    path.write_text("[layer]\nnaem = 'L3'\n")
    assert shelf.names() == [(0, "mine")]
    (look,) = shelf.looks.shown
    assert look.params is None
    assert "layer.naem" in look.problem
    assert shelf.looks.find("mine") is None
    assert "layer.naem" in shelf.told()


def test_only_what_changed_is_read_again(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "abc":
        shelf.looks.save(psi(0.1), None, name)
    shelf.looks.wait()
    read = []
    import sgview.show.look_files as files

    real = files.read_preset
    monkeypatch.setattr(files, "read_preset", lambda path: read.append(path.name) or real(path))
    shelf.looks.wait()
    assert read == []
    (shelf.folder / "b.toml").write_text("[layer]\nname = 'L3'\n")
    shelf.looks.wait()
    assert read == ["b.toml"]


def test_two_files_of_one_key(shelf: Shelf) -> None:
    shelf.folder.mkdir()
    for name in ("b", "a"):
        (shelf.folder / f"{name}.toml").write_text("[look]\nkey = 3\n")
    assert shelf.names() == [(3, "a"), (0, "b")]


def test_what_is_no_look_is_left_alone(shelf: Shelf) -> None:
    shelf.folder.mkdir()
    (shelf.folder / "notes.txt").write_text("x")
    (shelf.folder / ".hidden.toml").write_text("")
    (shelf.folder / "folder.toml").mkdir()
    os.mkfifo(shelf.folder / "pipe.toml")  # opening it would wait for ever
    (shelf.folder / "bad.toml").write_bytes(b"\xff\x00")
    (shelf.folder / "bad.png").write_bytes(b"\x89PNG nothing")
    (shelf.folder / "huge.toml").write_text("")
    side = LARGEST_THUMBNAIL + 1
    Image.new("L", (side, 4)).save(shelf.folder / "huge.png")
    assert shelf.names() == [(0, "bad"), (0, "huge")]
    assert "not a text file" in shelf.looks.shown[0].problem
    assert shelf.looks.shown[1].thumbnail is None


def test_a_folder_that_cannot_be_written_is_a_notice(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    shelf = Shelf(tmp_path / "file" / "looks")
    shelf.looks.save(psi(0.1), None, "a")
    shelf.looks.wait()
    assert "cannot be" in shelf.told()
    assert shelf.looks.shown == ()
    shelf.looks.close()


def test_shipped_looks_come_last_and_give_way_to_own_ones(tmp_path: Path) -> None:
    shipped = {}
    for name in ("frost", "ink"):
        shipped[name] = tmp_path / f"{name}.toml"
        shipped[name].write_text("version = 1\n[layer]\nname = 'L1'\n")
    shelf = Shelf(tmp_path / "looks", shipped=shipped)
    shelf.looks.save(psi(0.1), None, "ink")
    assert shelf.names() == [(1, "ink"), (0, "frost")]
    shelf.looks.delete("frost")
    assert shelf.names() == [(1, "ink"), (0, "frost")]
    assert shelf.looks.find("frost").params == Params(layer=Layer(name="L1"))
    shelf.looks.close()


@pytest.fixture
def shipped(tmp_path: Path) -> dict[str, Path]:
    """Ten looks that came with the program, s0 to s9."""
    paths = {f"s{number}": tmp_path / f"s{number}.toml" for number in range(10)}
    for path in paths.values():
        path.write_text("version = 1\n")
    return paths


def test_on_a_first_run_the_keys_recall_shipped_looks(tmp_path: Path, shipped) -> None:
    shelf = Shelf(tmp_path / "looks", shipped=shipped)
    assert shelf.names() == [*((key, f"s{key - 1}") for key in range(1, 10)), (0, "s9")]
    assert shelf.looks.find(key=3).name == "s2"
    assert shelf.looks.find(key=3, has_shipped=False) is None  # other networks play
    shelf.looks.save(psi(0.1), None, "mine")
    assert shelf.looks.find(key=1).name == "mine"
    assert shelf.looks.find(key=2).name == "s1"
    shelf.looks.close()


def test_a_shipped_look_keeps_the_key_that_it_was_given(tmp_path: Path, shipped) -> None:
    shelf = Shelf(tmp_path / "looks", shipped=shipped)
    shelf.looks.save(psi(0.1), None, "mine")
    shelf.looks.wait()
    shelf.looks.set_key("s9", 1)
    shelf.looks.wait()
    assert "Key 1 recalls s9" in shelf.told()
    shelf.looks.close()
    shelf = Shelf(tmp_path / "looks", shipped=shipped)
    keys = {name: key for key, name in shelf.names()}
    assert (keys["s9"], keys["s0"], keys["s1"], keys["mine"]) == (1, 0, 2, 0)
    shelf.looks.delete("mine")
    shelf.looks.set_key("s1", 0)
    shelf.looks.save(psi(0.2), None, "new")
    assert shelf.looks.find(key=2).name == "new"  # 1 is given, 2 is free
    shelf.looks.close()


@pytest.mark.parametrize("text", ["", "[]", "{", '{"s0": "1"}', '{"s0": 77}', "\xff"])
def test_damaged_keys_of_shipped_looks_are_none(tmp_path: Path, shipped, text: str) -> None:
    (tmp_path / "looks").mkdir()
    (tmp_path / "looks" / GIVEN_KEYS).write_text(text, encoding="latin-1")
    shelf = Shelf(tmp_path / "looks", shipped=shipped)
    assert shelf.looks.find(key=1).name == "s0"
    shelf.looks.close()


def test_a_look_saved_before_the_first_picture_gets_its_thumbnail_later(shelf: Shelf) -> None:
    shelf.looks.save(psi(0.5), None, "early")
    shelf.looks.wait()
    assert shelf.looks.wants_picture
    shelf.looks.add_picture(PICTURE)
    shelf.looks.wait()
    assert not shelf.looks.wants_picture
    assert (shelf.folder / "early.png").is_file()
    assert shelf.looks.shown[0].thumbnail is not None
    assert shelf.looks.shown[0].params == psi(0.5)


@pytest.mark.parametrize(
    ("name", "safe"),
    [("a/b\\c:d", "a-b-c-d"), ("..", ""), ("", ""), ("CON", "CON look"), ("  x. ", "x")],
)
def test_names_that_every_system_takes(name: str, safe: str) -> None:
    assert file_name(name) == safe
    assert len(file_name("x" * 300)) == 60


def test_numbers_sort_as_numbers() -> None:
    assert sorted(["look 10", "Look 2", "a"], key=natural) == ["a", "Look 2", "look 10"]


def test_replacing_a_look_on_a_full_disk_keeps_the_old_one(shelf: Shelf) -> None:
    shelf.looks.save(psi(0.5), PICTURE, "night")
    shelf.looks.wait()
    with full_disk(100):
        shelf.looks.save(psi(0.7), PICTURE, "night")
        shelf.looks.wait()
    assert "cannot be" in shelf.told()
    assert shelf.names() == [(1, "night")]
    assert read_preset(shelf.folder / "night.toml").params == psi(0.5)
    assert shelf.looks.shown[0].params == psi(0.5)
    assert shelf.looks.shown[0].thumbnail is not None
    removed = shelf.folder / REMOVED
    assert not removed.exists() or not list(removed.iterdir())


def test_a_look_that_could_not_be_shown_is_refused(shelf: Shelf) -> None:
    shelf.folder.mkdir()
    for n in range(MOST):
        (shelf.folder / f"a{n}.toml").write_text("")
    shelf.looks.save(psi(0.5), None, "zebra")
    shelf.looks.wait()
    assert f"has {MOST} looks" in shelf.told()
    assert not (shelf.folder / "zebra.toml").exists()


def test_looks_have_the_permissions_of_other_files(shelf: Shelf) -> None:
    shelf.looks.save(psi(0.5), PICTURE, "night")
    shelf.looks.wait()
    modes = {(shelf.folder / f"night{suffix}").stat().st_mode for suffix in (".toml", ".png")}
    assert len(modes) == 1


def test_text_that_is_no_unicode_is_read_as_its_replacement(shelf: Shelf) -> None:
    shelf.folder.mkdir()
    text = r"""{"sliders":{"\ud800":1}, "bindings":{"noise.amplitude":"slider(\"\ud800\")"}}"""
    (shelf.folder / "surr.json").write_text(text)
    (shelf.folder / "worse.json").write_text(r'{"\ud800": 1, "noise": {"type": "\udcff"}}')
    shelf.looks.wait()
    worse, found = sorted(shelf.looks.shown, key=lambda look: look.params is not None)
    assert found.params is not None
    assert found.params.sliders == {"\ufffd": 1.0}
    worse.problem.encode()
    assert "there is no such setting" in worse.problem


def test_a_picture_with_a_profile_that_ends_early_is_none(tmp_path: Path) -> None:
    """Behind the pixels Pillow looks beyond the end of such a chunk."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return len(data).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")

    head = chunk(b"IHDR", (1).to_bytes(4, "big") * 2 + bytes([8, 2, 0, 0, 0]))
    pixels = chunk(b"IDAT", zlib.compress(bytes(4)))
    path = tmp_path / "early.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + head + pixels + chunk(b"iCCP", b"name\0"))
    assert look_files._read_thumbnail(path) is None

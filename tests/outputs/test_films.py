"""Films that cannot be written, and films whose program was killed."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from sgview.outputs.film_file import FilmFile
from sgview.outputs.video import CODECS, OutputError, open_writer
from tests.support import ROOT
from tests.support.disk import full_disk

FPS = 30.0


def pictures(count: int, side: int = 64):
    rng = np.random.default_rng(1)
    for _ in range(count):
        yield rng.integers(0, 256, (side, side, 4), dtype=np.uint8)


def write(path: Path, count: int, side: int = 64) -> None:
    writer = open_writer(path, FPS)
    try:
        for picture in pictures(count, side):
            writer.write(picture)
    finally:
        writer.close()


def count_of(path: Path) -> int:
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


@pytest.mark.parametrize("suffix", CODECS)
@pytest.mark.parametrize("count", [1, 3, 90])
def test_each_container_holds_each_picture(tmp_path: Path, suffix: str, count: int) -> None:
    write(tmp_path / f"film{suffix}", count)
    assert count_of(tmp_path / f"film{suffix}") == count


@pytest.mark.parametrize("suffix", CODECS)
@pytest.mark.parametrize("count", [0, 3, 90])
@pytest.mark.parametrize("target", ["device", "disk"])
def test_a_full_disk_is_one_sentence(tmp_path: Path, suffix: str, count: int, target: str) -> None:
    path = tmp_path / f"film{suffix}"
    if target == "device":
        path.symlink_to("/dev/full")
    if not count:  # nothing is written before the first picture
        write(path, 0)
        return
    with full_disk(500 if count == 3 else 100_000), pytest.raises(OutputError) as caught:
        write(path, count, 256)
    assert str(caught.value).startswith(f"{path} cannot be written: ")
    if target == "disk" and count == 90:
        with av.open(str(path)) as container:
            assert container.streams.video


@pytest.mark.parametrize("suffix", CODECS)
def test_what_is_no_place_for_a_film(tmp_path: Path, suffix: str) -> None:
    folder = tmp_path / f"folder{suffix}"
    folder.mkdir()
    dangling = tmp_path / f"dangling{suffix}"
    dangling.symlink_to(tmp_path / "nowhere" / "film")
    for path in (folder, dangling, tmp_path / ("n" * 300 + suffix), Path(f"/proc/film{suffix}")):
        with pytest.raises(OutputError, match="cannot be written"):
            write(path, 3)


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.outputs.test_films import FPS, open_writer, pictures
writer = open_writer(Path(sys.argv[1]), FPS)
for picture in pictures(240):
    writer.write(picture)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("suffix", CODECS)
def test_of_eight_seconds_six_play_when_the_program_is_killed(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"film{suffix}"
    command = [sys.executable, "-c", KILLED, str(path)]
    assert subprocess.run(command, env=os.environ).returncode == -signal.SIGKILL
    assert count_of(path) >= 6 * FPS


def test_an_error_that_shows_at_the_end_is_one(tmp_path: Path, monkeypatch) -> None:
    def fail(handle: int) -> None:
        raise OSError(5, "the cable was pulled")

    path = tmp_path / "film.mp4"
    writer = open_writer(path, FPS)
    for picture in pictures(3):
        writer.write(picture)
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OutputError, match="the cable was pulled"):
        writer.close()
    writer.close()


def test_an_odd_size_is_said(tmp_path: Path) -> None:
    writer = open_writer(tmp_path / "film.mp4", FPS)
    assert writer.note == ""
    for picture in pictures(2, 45):
        writer.write(picture)
    writer.close()
    assert "45 × 45 px become 44 × 44" in writer.note
    png = open_writer(tmp_path / "png", FPS)
    png.write(next(pictures(1, 45)))
    assert png.note == ""


def test_a_film_file_is_a_stream(tmp_path: Path) -> None:
    file = FilmFile(tmp_path / "x")
    assert file.write(b"0123456789") == 10
    assert file.seek(2) == 2
    file.write(b"ab")
    assert file.tell() == 4
    assert file.seek(-1, 2) == 9
    assert file.seek(1, 1) == 10
    file.write(b"!")
    file.close()
    file.close()
    assert (tmp_path / "x").read_bytes() == b"01ab456789!"


def test_a_film_has_one_size(tmp_path: Path) -> None:
    writer = open_writer(tmp_path / "film.mp4", FPS)
    writer.write(next(pictures(1, 64)))
    with pytest.raises(OutputError, match=r"a film has one size, 64 × 64 px, .* has 32 × 32"):
        writer.write(next(pictures(1, 32)))
    writer.close()
    assert count_of(tmp_path / "film.mp4") == 1


@pytest.mark.parametrize(("suffix", "shape"), [(".mp4", (16, 17000)), (".webm", (16, 70000))])
def test_a_size_that_no_encoder_takes_is_one_sentence(
    tmp_path: Path, suffix: str, shape: tuple[int, int]
) -> None:
    path = tmp_path / f"film{suffix}"
    writer = open_writer(path, FPS)
    with pytest.raises(OutputError, match=rf"takes no pictures of {shape[1]} × 16 px: write PNG"):
        writer.write(np.zeros((*shape, 4), np.uint8))
    writer.close()  # and nothing is sent to it any more


def test_ffmpeg_opens_no_file_to_write() -> None:
    """A header that fails and is tried again ends the process: see `FilmFile`."""
    writing = re.compile(r"av\.open\(\s*(?:str|os\.fspath)\([^)]*\)\s*,[^)]*[\"']w[\"']")
    assert writing.search('av.open(str(path), mode="w")')
    sources = (ROOT / "src").rglob("*.py")
    assert [path.name for path in sources if writing.search(path.read_text())] == []

"""Films that ended too early: what plays of them is counted, and the rest is joined to it."""

from pathlib import Path

import av
import numpy as np
import pytest

from sgview.outputs.film_parts import count_pictures, count_whole, join
from sgview.outputs.video import CODECS, OutputError, open_writer
from tests.support.disk import full_disk

FPS = 10.0


def picture(number: int, side: int = 64) -> np.ndarray:
    """A picture that tells its number: so many rows from the top are white."""
    rgba8 = np.zeros((side, side, 4), np.uint8)
    rgba8[: 2 * (number % 30) + 2] = 255
    return rgba8


def write(path: Path, start: int, end: int, side: int = 64) -> Path:
    writer = open_writer(path, FPS)
    for number in range(start, end):
        writer.write(picture(number, side))
    writer.close()
    return path


def numbers_of(path: Path) -> tuple[list[int], list[float]]:
    """Return which pictures a film shows, and when [s]."""
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    rows = [(frame.to_ndarray(format="gray")[:, 32] > 128).sum() for frame in frames]
    return [round(int(row) / 2) - 1 for row in rows], [float(frame.time) for frame in frames]


@pytest.mark.parametrize("suffix", CODECS)
def test_joined_films_show_what_one_film_shows(tmp_path: Path, suffix: str) -> None:
    whole = write(tmp_path / f"whole{suffix}", 0, 30)
    first, rest = tmp_path / f"first{suffix}", tmp_path / f"rest{suffix}"
    write(first, 0, 17)
    assert count_pictures(first) == 17
    assert 8 <= count_whole(first) < 17
    for kept in (17, count_whole(first)):
        write(rest, kept, 30)
        joined = tmp_path / f"joined{suffix}"
        join([(first, kept), (rest, 30 - kept)], joined, FPS)
        assert numbers_of(joined) == numbers_of(whole)
        assert numbers_of(joined)[0] == list(range(30))
        assert count_pictures(joined) == 30


@pytest.mark.parametrize("suffix", CODECS)
def test_what_plays_of_a_film_that_is_cut_is_counted(tmp_path: Path, suffix: str) -> None:
    data = write(tmp_path / f"film{suffix}", 0, 40).read_bytes()
    cut = tmp_path / f"cut{suffix}"
    seen = set()
    for share in (0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99):
        cut.write_bytes(data[: int(share * len(data))])
        count, whole = count_pictures(cut), count_whole(cut)
        assert whole <= count <= 40
        decoded = 0
        try:
            with av.open(str(cut)) as container:
                for _ in container.decode(video=0):
                    decoded += 1
        except av.FFmpegError:
            pass
        assert count == decoded
        seen.add(whole)
    assert len(seen) > 1
    assert count_pictures(tmp_path / "missing.mp4") == 0


def test_films_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    small, large = write(tmp_path / "s.mp4", 0, 3, 32), write(tmp_path / "l.mp4", 0, 3)
    with pytest.raises(OutputError, match="has pictures of 64 × 64 px"):
        join([(small, 3), (large, 3)], tmp_path / "j.mp4", FPS)


def test_a_disk_that_is_full_is_one_sentence(tmp_path: Path) -> None:
    parts = [(write(tmp_path / f"{n}.mkv", 0, 20, 256), 20) for n in range(2)]
    size = parts[0][0].stat().st_size
    with full_disk(size), pytest.raises(OutputError, match=r"j\.mkv cannot be written: "):
        join(parts, tmp_path / "j.mkv", FPS)
    assert all(count_pictures(path) == count for path, count in parts)

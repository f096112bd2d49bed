"""Videos and PNG folders: what is written is what was given, also when the writer is killed."""

import contextlib
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from sgview.outputs.video import CODECS, OutputError, open_writer


def pictures(count: int, height: int = 48, width: int = 64) -> list[np.ndarray]:
    """Return smooth pictures whose brightness tells their number."""
    ramp = np.linspace(0, 60, width, dtype=np.float32)
    made = []
    for i in range(count):
        rgba = np.full((height, width, 4), 255, np.uint8)
        rgba[..., :3] = (ramp[None, :, None] + 180 * i / count).astype(np.uint8)
        made.append(rgba)
    return made


def decode(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


@pytest.mark.parametrize("suffix", CODECS)
def test_video_holds_every_picture(tmp_path: Path, suffix: str) -> None:
    given = pictures(9)
    path = tmp_path / "new" / f"take{suffix}"
    writer = open_writer(path, fps=25)
    for picture in given:
        writer.write(picture)
    writer.close()
    writer.close()
    found = decode(path)
    assert len(found) == 9
    for picture, frame in zip(given, found, strict=True):
        assert np.abs(picture[..., :3].astype(int) - frame).mean() < 3
    with av.open(str(path)) as container:
        assert container.streams.video[0].average_rate == 25


def test_odd_sizes_lose_at_most_one_line(tmp_path: Path) -> None:
    path = tmp_path / "odd.mp4"
    writer = open_writer(path, fps=29.97)
    writer.write(pictures(1, 37, 53)[0])
    writer.close()
    assert decode(path)[0].shape == (36, 52, 3)


def test_killed_writer_leaves_a_playable_file(tmp_path: Path) -> None:
    path = tmp_path / "killed.mp4"
    code = (
        "import os, sys, numpy as np; from pathlib import Path\n"
        "from sgview.outputs.video import open_writer\n"
        "writer = open_writer(Path(sys.argv[1]), fps=10)\n"
        "rng = np.random.default_rng(0)\n"
        "for _ in range(120): writer.write(rng.integers(0, 255, (64, 64, 4), dtype=np.uint8))\n"
        "os._exit(9)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], timeout=120)
    assert done.returncode == 9
    with av.open(str(path)) as container:
        frames = []
        with contextlib.suppress(av.error.InvalidDataError):  # the last fragment may be cut
            frames.extend(container.decode(video=0))
    assert len(frames) >= 30


def test_folder_of_pngs_is_exact(tmp_path: Path) -> None:
    given = pictures(3)
    writer = open_writer(tmp_path / "frames", fps=30)
    for picture in given:
        writer.write(picture)
    writer.close()
    files = sorted((tmp_path / "frames").iterdir())
    assert [file.name for file in files] == ["000000.png", "000001.png", "000002.png"]
    for picture, file in zip(given, files, strict=True):
        np.testing.assert_array_equal(np.asarray(Image.open(file)), picture[..., :3])


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        open_writer(tmp_path / "file" / "take.mp4", fps=30)
    open_writer(tmp_path / "take 1.0", fps=30).close()  # the name of a folder
    with pytest.raises(OutputError, match=r"\.avi is not a video format"):
        open_writer(tmp_path / "take.avi", fps=30)

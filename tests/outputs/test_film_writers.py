"""Writers on all cores give what is written one after the other, in order, and say what fails."""

import threading
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from sgview.outputs import film_writers
from sgview.outputs.codecs import names
from sgview.outputs.film_chunks import FilmFormat
from sgview.outputs.film_writers import (
    FILM_CODECS,
    FilmWriter,
    PngFolderWriter,
    codec_of,
    open_film_writer,
)
from sgview.outputs.video import OutputError, rate_of


def picture(number: int, side: int = 32) -> np.ndarray:  # [H, W, 4] uint8
    pixels = np.full((side, side, 4), 255, np.uint8)
    pixels[..., :3] = 2 * number
    pixels[..., 3] = 100
    return pixels


def test_png_files_are_numbered_as_pictures_came(tmp_path: Path) -> None:
    with PngFolderWriter(tmp_path, 3, first=7) as writer:
        for number in range(20):
            writer.write(picture(number))
    paths = sorted(tmp_path.iterdir())
    assert [path.name for path in paths] == [f"{number:06d}.png" for number in range(7, 27)]
    for number, path in enumerate(paths):
        np.testing.assert_array_equal(np.asarray(Image.open(path)), picture(number)[..., :3])


def test_alpha_is_kept_where_it_is_asked_for(tmp_path: Path) -> None:
    with PngFolderWriter(tmp_path, 1, has_alpha=True) as writer:
        writer.write(picture(3))
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "000000.png")), picture(3))


@pytest.mark.parametrize("threads", [1, 9])
def test_a_film_has_its_pictures_in_order(tmp_path: Path, threads: int) -> None:
    path = tmp_path / "film.mkv"
    form = FilmFormat("ffv1", rate_of(16.0), threads=threads)
    with FilmWriter(path, form) as writer:
        for number in range(70):  # four chunks and some
            writer.write(picture(number))
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert [int(frame.mean()) for frame in frames] == [2 * number for number in range(70)]
    assert writer.note == ""


def test_pictures_in_memory_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While nothing is encoded, `write` takes no more than stated."""
    opened = threading.Event()
    encode = film_writers.encode_png

    def late(pixels: np.ndarray) -> bytes:
        assert opened.wait(60)
        return encode(pixels)

    monkeypatch.setattr(film_writers, "encode_png", late)
    taken = []

    def write() -> None:
        with PngFolderWriter(tmp_path, 2) as writer:
            for number in range(50):
                writer.write(picture(number))
                taken.append(number)

    thread = threading.Thread(target=write)
    thread.start()
    thread.join(0.5)
    assert len(taken) <= 4
    opened.set()
    thread.join()
    assert len(taken) == 50


def of_another_size(folder: Path) -> None:
    with open_film_writer(folder / "film.mp4", 30.0) as writer:
        writer.write(picture(0))
        writer.write(picture(1, 64))


def into_a_removed_folder(folder: Path) -> None:
    with open_film_writer(folder / "pictures", 30.0) as writer:
        (folder / "pictures").rmdir()
        for number in range(40):
            writer.write(picture(number))


def of_an_unknown_kind(folder: Path) -> None:
    open_film_writer(folder / "film.gif", 30.0)


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (of_another_size, "film.mp4: a film has one size, 32 × 32 px, and a picture has 64 × 64"),
        (into_a_removed_folder, "000000.png cannot be written: No such file"),
        (of_an_unknown_kind, "film.gif: .gif is not a video format sgview writes"),
    ],
)
def test_what_cannot_be_written_is_one_sentence(
    tmp_path: Path, act: Callable[[Path], None], message: str
) -> None:
    with pytest.raises(OutputError, match=message):
        act(tmp_path)


@pytest.mark.parametrize(
    ("name", "codec", "found"),
    [
        ("film.mp4", None, "h264"),
        ("film.WEBM", None, "vp9"),
        ("pictures", None, "png"),
        ("pictures", "png", "png"),
        ("film.mov", "prores", "prores"),
        ("film.mkv", "ffv1", "ffv1"),
    ],
)
def test_the_name_or_the_option_decides_the_codec(name: str, codec: str | None, found: str) -> None:
    assert codec_of(Path(name), codec) == found


@pytest.mark.parametrize(
    ("name", "codec", "message"),
    [
        ("film.mp4", "prores", "film.mp4: ProRes goes into files that end in .mov, .mkv"),
        ("pictures", "h264", "pictures: H.264 goes into files that end in .mp4"),
        ("film.mp4", "png", "PNG pictures go into a folder"),
    ],
)
def test_a_file_that_does_not_hold_the_codec_is_refused(
    name: str, codec: str, message: str
) -> None:
    with pytest.raises(OutputError, match=message):
        codec_of(Path(name), codec)


def test_the_codecs_of_films_are_rows_of_the_table() -> None:
    assert set(FILM_CODECS) <= set(names())


def test_quality_makes_films_larger(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 4), dtype=np.uint8)
    sizes = []
    for quality in (10.0, 90.0):
        path = tmp_path / f"{quality}.mp4"
        with open_film_writer(path, 30.0, quality=quality) as writer:
            writer.write(noise)
        sizes.append(path.stat().st_size)
    assert sizes[1] > 2 * sizes[0]


def test_odd_sides_are_cut_and_said(tmp_path: Path) -> None:
    with open_film_writer(tmp_path / "film.mp4", 30.0) as writer:
        writer.write(picture(5, 33))
    assert "33 × 33 px become 32 × 32" in writer.note
    with av.open(str(tmp_path / "film.mp4")) as container:
        assert container.streams.video[0].width == 32

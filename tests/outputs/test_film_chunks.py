"""Chunks of a film, encoded by themselves and joined without being encoded again."""

import io
from pathlib import Path

import av
import numpy as np
import pytest

from sgview.outputs.film_chunks import FilmFormat, encode_chunk
from sgview.outputs.film_joiner import FilmJoiner
from sgview.outputs.video import OutputError, rate_of

LENGTHS = (10, 10, 3)


def picture(number: int, side: int = 64) -> np.ndarray:  # [H, W, 4] uint8
    """A grey wedge that moves, whose number shows in its brightness."""
    row = (np.arange(side) * 2 + number * 5) % 256
    pixels = np.full((side, side, 4), 255, np.uint8)
    pixels[..., :3] = row[None, :, None]
    pixels[:8, :8, :3] = 10 * number
    return pixels


@pytest.mark.parametrize(
    ("codec", "suffix"),
    [
        ("h264", ".mp4"),
        ("h264", ".mkv"),
        ("h265", ".mp4"),
        ("prores", ".mov"),
        ("vp9", ".webm"),
        ("ffv1", ".mkv"),
    ],
)
@pytest.mark.parametrize("grows", [False, True])
def test_a_joined_film_has_every_picture_at_its_time(
    tmp_path: Path, codec: str, suffix: str, grows: bool
) -> None:
    form = FilmFormat(codec, rate_of(25.0))
    path = tmp_path / f"film{suffix}"
    with FilmJoiner(path, form.rate, grows=grows) as film:
        for place, length in enumerate(LENGTHS):
            first = sum(LENGTHS[:place])
            film.append(encode_chunk([picture(first + n) for n in range(length)], form))
        assert film.count == sum(LENGTHS)
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    assert len(frames) == sum(LENGTHS)
    for number, frame in enumerate(frames):
        assert frame.time == pytest.approx(number / 25.0, abs=0.0011)
        got = frame.to_ndarray(format="rgb24").astype(int)
        assert np.abs(got - picture(number)[..., :3]).mean() < 4
        assert abs(got[:6, :6].mean() - 10 * number) < 5


def test_a_joined_film_has_the_packets_of_its_chunks(tmp_path: Path) -> None:
    form = FilmFormat("h264", rate_of(30.0))
    chunks = [encode_chunk([picture(n) for n in range(k, k + 5)], form) for k in (0, 5)]
    path = tmp_path / "film.mp4"
    with FilmJoiner(path, form.rate) as film:
        for chunk in chunks:
            film.append(chunk)
    assert packets(path.read_bytes()) == [p for chunk in chunks for p in packets(chunk)]


def packets(film: bytes) -> list[bytes]:
    with av.open(io.BytesIO(film)) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


def test_ffv1_keeps_every_bit_with_alpha(tmp_path: Path) -> None:
    form = FilmFormat("ffv1", rate_of(30.0), has_alpha=True)
    pixels = np.random.default_rng(1).integers(0, 256, (31, 33, 4), dtype=np.uint8)
    with av.open(io.BytesIO(encode_chunk([pixels], form))) as container:
        (frame,) = container.decode(video=0)
    np.testing.assert_array_equal(frame.to_ndarray(format="rgba"), pixels)


def test_pictures_and_chunks_of_another_size_are_refused(tmp_path: Path) -> None:
    form = FilmFormat("h264", rate_of(30.0))
    with pytest.raises(OutputError, match="one size, 64 × 64 px, and a picture has 32 × 32"):
        encode_chunk([picture(0), picture(1, 32)], form)
    with FilmJoiner(tmp_path / "film.mp4", form.rate) as film:
        film.append(encode_chunk([picture(0)], form))
        with pytest.raises(OutputError, match=r"64 × 64.*32 × 32"):
            film.append(encode_chunk([picture(0, 32)], form))
        with pytest.raises(OutputError, match="damaged"):
            film.append(b"no film")

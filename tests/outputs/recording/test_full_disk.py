"""A disk that fills at any byte of a recording: one sentence, and what plays up to there stays."""

import wave
from pathlib import Path

import av
import numpy as np
import pytest

from sgview.outputs.codecs import CODECS, Codec
from sgview.outputs.film_file import FilmFile
from sgview.outputs.film_sound import add_sound
from sgview.outputs.recording.film import Film
from sgview.outputs.recording.sound_track import RATE
from sgview.outputs.video import OutputError, open_writer
from tests.support.disk import full_disk

FPS = 30.0
CONTAINERS = [(codec, suffix) for codec in CODECS for suffix in codec.suffixes]
NAMES = [f"{codec.name}{suffix}" for codec, suffix in CONTAINERS]


def noise(number: int) -> np.ndarray:
    return np.random.default_rng(number).integers(0, 256, (48, 64, 4), np.uint8)


def film(path: Path, codec: Codec, suffix: str, count: int) -> None:
    """Record noise with sound, and finish whatever happens."""
    sound = np.random.default_rng(0).uniform(-1, 1, (2, RATE // int(FPS))).astype(np.float32)
    recorded = Film(
        FilmFile(path), str(path), codec, suffix, (64, 48),
        rate=FPS, has_sound=True, is_software=True,
    )  # fmt: skip
    try:
        for n in range(count):
            recorded.hear([sound])
            recorded.write(noise(n), n)
    finally:
        recorded.close()


@pytest.mark.parametrize(("codec", "suffix"), CONTAINERS, ids=NAMES)
def test_in_each_container_and_codec(tmp_path: Path, codec: Codec, suffix: str) -> None:
    whole = tmp_path / f"whole{suffix}"
    film(whole, codec, suffix, 35)
    size = whole.stat().st_size
    for limit in (0, 1, 40, 700, size // 2, size - 1):  # from the header to the last byte
        path = tmp_path / f"{limit}{suffix}"
        with full_disk(limit), pytest.raises(OutputError) as raised:
            film(path, codec, suffix, 35)
        assert str(raised.value) == f"{path} cannot be written: File too large"
        assert path.stat().st_size <= limit
    full = tmp_path / f"full{suffix}"
    full.symlink_to("/dev/full")
    with pytest.raises(OutputError, match="No space left on device"):
        film(full, codec, suffix, 35)


@pytest.mark.parametrize(("suffix", "codec"), [(".mp4", "h264"), (".webm", "vp9")])
def test_of_sound_that_is_put_into_a_film(tmp_path: Path, suffix: str, codec: str) -> None:
    path, sound = tmp_path / f"film{suffix}", tmp_path / "tone.wav"
    writer = open_writer(path, FPS)
    for n in range(35):
        writer.write(noise(n))
    writer.close()
    with wave.open(str(sound), "wb") as file:
        file.setparams((2, 2, RATE, 0, "NONE", ""))
        file.writeframes(np.random.default_rng(0).bytes(RATE * 8))
    silent = path.read_bytes()
    for limit in (0, 40, 700, len(silent) // 2):
        with full_disk(limit), pytest.raises(OutputError, match="File too large"):
            add_sound(path, sound, codec)
        assert path.read_bytes() == silent
        assert sorted(tmp_path.iterdir()) == [path, sound]  # no draft
    add_sound(path, sound, codec)
    with av.open(str(path)) as container:
        assert container.streams.audio
        assert sum(1 for _ in container.decode(video=0)) == 35

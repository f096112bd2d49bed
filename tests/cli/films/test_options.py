"""What `sgview render` makes of its options: size, alpha, range, several files, sound, preview."""

import subprocess
import sys
import wave
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from sgview.cli import main
from tests.support import DATA

A = str(DATA / "sg3-t-64-a.pkl")
SMALL = ("--layer", "L2", "--device", "cpu")


@pytest.fixture(autouse=True)
def no_user_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def render(*options: str | Path | float) -> int:
    return main(["render", A, *SMALL, *map(str, options)])


def pixels(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path))


def test_a_range_has_the_pictures_of_the_whole_film(tmp_path: Path) -> None:
    assert render("--frames", 6, "--out", tmp_path / "whole") == 0
    assert render("--frames", 6, "--range", "2:5", "--out", tmp_path / "part") == 0
    assert len(list((tmp_path / "part").glob("*.png"))) == 3
    for number in range(3):
        part = tmp_path / "part" / f"{number:06d}.png"
        whole = tmp_path / "whole" / f"{number + 2:06d}.png"
        assert part.read_bytes() == whole.read_bytes()


def test_several_files_get_the_same_pictures(tmp_path: Path) -> None:
    film, pngs = tmp_path / "film.mkv", tmp_path / "pngs"
    assert render("--frames", 4, "--codec", "ffv1", "--out", film, "--out", pngs) == 0
    with av.open(str(film)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(frames) == 4
    for number, frame in enumerate(frames):
        np.testing.assert_array_equal(frame, pixels(pngs / f"{number:06d}.png"))


def test_a_size_frames_the_picture(tmp_path: Path) -> None:
    assert render("--frames", 1, "--size", "96x48", "--out", tmp_path / "fit") == 0
    made = pixels(tmp_path / "fit" / "000000.png")
    assert made.shape == (48, 96, 3)
    assert not made[:, :20].any()  # bars beside a square picture
    assert made[:, 40:56].any()


def test_16_bits_and_alpha_are_written(tmp_path: Path) -> None:
    assert render("--frames", 1, "--codec", "png16", "--alpha", "--out", tmp_path / "deep") == 0
    assert render("--frames", 1, "--alpha", "--out", tmp_path / "plain") == 0
    header = (tmp_path / "deep" / "000000.png").read_bytes()[24:26]
    assert header == bytes((16, 6))  # bits of a channel, and the number of RGBA
    assert pixels(tmp_path / "plain" / "000000.png").shape[2] == 4


def test_sound_lasts_as_long_as_the_pictures(tmp_path: Path) -> None:
    sound, film = tmp_path / "click.wav", tmp_path / "film.mp4"
    samples = np.zeros(48_000 * 3, "<i2")
    samples[48_000:48_200] = 20_000  # a click at 1 s
    with wave.open(str(sound), "wb") as file:
        file.setparams((1, 2, 48_000, 0, "NONE", ""))
        file.writeframes(samples.tobytes())
    options = ("--frames", 30, "--fps", 30, "--start", 0.5, "--sound", sound)
    assert render(*options, "--out", film) == 0
    with av.open(str(film)) as container:
        rate = container.streams.audio[0].rate
        heard = [(frame.pts or 0, frame.to_ndarray()[0]) for frame in container.decode(audio=0)]
    first = heard[0][0]
    track = np.abs(np.concatenate([piece for _, piece in heard]))
    loudest = (int(track.argmax()) + first) / rate
    assert abs(loudest - 0.5) < 1 / 30
    assert abs(len(track) / rate - 1.0) < 0.1
    with av.open(str(film)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 30


def test_a_preview_shows_the_film(tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.png"
    film = tmp_path / "film.mp4"
    assert render("--frames", 8, "--out", film, "--preview", sheet) == 0
    assert pixels(sheet).shape[1] == 6 * 328 + 8
    assert pixels(sheet).any()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--out", "film.mp4", "--alpha"), "H.264 has no alpha"),
        (("--out", "/dev/full"), "/dev/full is no folder: PNG pictures go into one"),
        (("--out", "pngs", "--sound", A), "--sound goes into films"),
        (("--out", "film.mp4", "--sound", "no.wav"), "there is no such file"),
        (("--out", "pngs", "--preview", "sheet.txt"), "use a name that ends in"),
        (("--out", "pngs", "--range", "400:"), "leaves nothing of 300 pictures"),
        (("--out", "a", "--out", "b", "--resume"), "a, b: there is nothing to go on with"),
    ],
)
def test_what_does_not_fit_is_one_sentence(
    options: tuple[str, ...],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert render(*options) == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.glob("*.mp4"))


@pytest.mark.parametrize("option", [("--range", "5"), ("--range", ":"), ("--size", "1x")])
def test_a_spoilt_value_is_refused(option: tuple[str, str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        render(*option, "--out", tmp_path / "pngs")


@pytest.mark.parametrize(
    ("network", "code", "said"), [(A, 0, "2 pictures"), ("no.pkl", 2, "no.pkl")]
)
def test_the_program_says_and_writes_all_though_it_ends_at_once(
    tmp_path: Path, network: str, code: int, said: str
) -> None:
    command = [sys.executable, "-m", "sgview", "render", network, *SMALL, "--frames", "2"]
    command += ["--out", str(tmp_path / "pngs")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == code
    assert said in done.stderr
    assert len(list((tmp_path / "pngs").glob("*.png"))) == (2 if code == 0 else 0)

"""`sgview render --loop` in every codec and container: one period, no picture more or less."""

import wave
from fractions import Fraction
from itertools import cycle
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from sgview.cli import main
from sgview.outputs.codecs import CODECS
from sgview.outputs.film_writers import FILM_CODECS
from sgview.outputs.video import CODECS as SUFFIXES
from tests.support import DATA

A = str(DATA / "sg3-t-64-a.pkl")
PERIOD = 0.5  # [s]
RATES = {
    29.97: Fraction(30_000, 1001),
    23.976: Fraction(24_000, 1001),
    12.5: Fraction(25, 2),
    17.0: Fraction(17),
}
"""What is asked for, none of which fits into the period, and what a film states."""
FORMATS = [
    (codec.name, suffix)
    for codec in CODECS
    if codec.name in FILM_CODECS
    for suffix in (codec.suffixes or ("",))
    if suffix in ("", *SUFFIXES)
]


@pytest.fixture(scope="module")
def loop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a preset that loops, a sound, and the pictures of the loop at each rate."""
    folder = tmp_path_factory.mktemp("loop")
    (folder / "loop.toml").write_text(
        f"[noise]\nloop = {PERIOD}\namplitude = 3.0\n[mapping]\ntruncation_psi = 2.0\n"
    )
    with wave.open(str(folder / "tone.wav"), "wb") as file:
        file.setparams((1, 2, 48_000, 0, "NONE", ""))
        tone = 8000 * np.sin(np.arange(96_000) * 0.06)
        file.writeframes(tone.astype("<i2").tobytes())
    for rate in RATES:
        render(folder, folder / f"{rate}", rate)
    return folder


def render(folder: Path, out: Path, rate: float, *options: str) -> None:
    command = ["render", A, "--preset", str(folder / "loop.toml"), "--loop", "--layer", "L2"]
    command += ["--device", "cpu", "--size", "64x64", "--fps", f"{rate}", "--out", str(out)]
    assert main([*command, *options]) == 0


def count(rate: float) -> int:
    return round(PERIOD * rate)


def pictures(folder: Path) -> np.ndarray:
    return np.stack([np.asarray(Image.open(path)) for path in sorted(folder.glob("*.png"))])


@pytest.fixture(autouse=True)
def no_user_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.mark.parametrize("rate", RATES)
def test_the_picture_after_the_last_is_the_first(loop: Path, tmp_path: Path, rate: float) -> None:
    command = ["render", A, "--preset", str(loop / "loop.toml"), "--layer", "L2", "--device", "cpu"]
    command += ["--size", "64x64", "--frames", "1", "--start", f"{PERIOD}"]
    assert main([*command, "--out", str(tmp_path / "next")]) == 0
    made = pictures(loop / f"{rate}")
    assert len(made) == count(rate)
    np.testing.assert_array_equal(pictures(tmp_path / "next")[0], made[0])
    assert len(np.unique(made, axis=0)) == count(rate)


@pytest.mark.parametrize(
    ("codec", "suffix", "rate"),
    [(*form, rate) for form, rate in zip(FORMATS, cycle(RATES), strict=False)],
)
def test_a_loop_is_one_period_in_each_film(
    loop: Path, tmp_path: Path, codec: str, suffix: str, rate: float
) -> None:
    wanted, out = pictures(loop / f"{rate}"), tmp_path / f"loop{suffix}"
    if not suffix:
        render(loop, out, rate, "--codec", codec)
        np.testing.assert_array_equal(pictures(out), wanted)
        return
    render(loop, out, rate, "--codec", codec, "--sound", str(loop / "tone.wav"))
    with av.open(str(out)) as container:
        stream = container.streams.video[0]
        assert stream.average_rate == RATES[rate]
        frames = list(container.decode(stream))
    assert len(frames) == count(rate)
    for number, frame in enumerate(frames):
        # A container may count in thousandths of a second.
        assert float(frame.time or 0.0) == pytest.approx(number / rate, abs=0.51e-3)
        errors = np.abs(wanted.astype(float) - frame.to_ndarray(format="rgb24")).mean((1, 2, 3))
        assert int(errors.argmin()) == number
        assert codec != "ffv1" or errors[number] == 0.0
    with av.open(str(out)) as container:
        heard = sum(frame.samples for frame in container.decode(audio=0))
        rate_of_sound = container.streams.audio[0].rate
    # Blocks of an encoder are whole: at most one is added at each end.
    assert -1e-3 < heard / rate_of_sound - count(rate) / rate < 2048 / 48_000

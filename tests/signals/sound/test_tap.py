"""What is heard, kept with the time it was heard: inputs as they come, files as they play."""

from pathlib import Path

import numpy as np
import pytest

from sgview.signals.sound.file_samples import RATE, FileSamples
from sgview.signals.sound.tap import MOST_WAITING, SoundTaps
from tests.signals.sound.test_sound import write_wav


def ramp(seconds: float, rate: int = RATE) -> np.ndarray:
    """Return [2, n]: each sample has a value of its own, the right channel is the opposite."""
    left = np.linspace(-0.9, 0.9, round(seconds * rate), dtype=np.float32)
    return np.stack([left, -left])


def test_an_input_comes_as_it_was_heard() -> None:
    taps = SoundTaps()
    taps.hear(ramp(0.01).T, RATE, 4.0)  # before anybody listens
    first, second = taps.open(), taps.open()
    block = ramp(0.01).T
    taps.hear(block, RATE, 5.0)
    block[:] = 0.0  # the library uses its memory again
    for tap in (first, second):
        (heard,) = tap.take()
        assert heard.start == 5.0
        np.testing.assert_array_equal(heard.samples, ramp(0.01))
        assert tap.take() == []
    first.close()
    first.close()
    taps.hear(ramp(0.01).T, RATE, 6.0)
    assert (first.take(), len(second.take())) == ([], 1)


def test_one_channel_becomes_two_and_another_rate_the_same() -> None:
    tap = (taps := SoundTaps()).open()
    t = np.arange(44_100) / 44_100
    tone = np.sin(2 * np.pi * 440 * t).astype(np.float32)
    for start in range(0, len(tone), 441):
        taps.hear(tone[start : start + 441, None], 44_100.0, start / 44_100)
    samples = np.concatenate([block.samples for block in tap.take()], axis=1)
    assert abs(samples.shape[1] - RATE) < 100
    np.testing.assert_array_equal(samples[0], samples[1])
    expected = np.sin(2 * np.pi * 440 * np.arange(samples.shape[1]) / RATE)
    assert np.abs(samples[0] - expected)[1000:-1000].max() < 0.01


def test_what_nobody_takes_is_bounded() -> None:
    tap = (taps := SoundTaps()).open()
    for n in range(MOST_WAITING + 10):
        taps.hear(np.zeros((1, 2), np.float32), RATE, float(n))
    blocks = tap.take()
    assert (len(blocks), blocks[0].start) == (MOST_WAITING, 10.0)


def test_a_file_goes_with_its_position(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "ramp.wav", ramp(2.0).T)
    tap = (taps := SoundTaps()).open()
    for n in range(61):  # 60 frames of 1/60 s from 0.5 s on
        taps.play(10.0 + n / 60, 0.5 + n / 60, str(path))
    blocks = tap.take()
    assert [block.start for block in blocks] == pytest.approx([10.0 + n / 60 for n in range(60)])
    samples = np.concatenate([block.samples for block in blocks], axis=1)
    assert samples.shape == (2, RATE)
    np.testing.assert_allclose(samples, ramp(2.0)[:, RATE // 2 : RATE // 2 + RATE], atol=1e-4)
    tap.close()


def test_a_file_is_silent_while_it_stands_or_jumps(tmp_path: Path) -> None:
    path = str(write_wav(tmp_path / "ramp.wav", ramp(2.0).T))
    tap = (taps := SoundTaps()).open()
    for now, position in ((1.0, 0.5), (1.1, 0.5), (1.2, 1.6), (1.3, 1.7), (9.0, 1.8)):
        taps.play(now, position, path)
    (block,) = tap.take()
    assert block.start == 1.2
    expected = ramp(2.0)[:, round(1.6 * RATE) : round(1.7 * RATE)]
    np.testing.assert_allclose(block.samples, expected, atol=1e-4)


def test_a_file_repeats_and_one_that_is_gone_is_silent(tmp_path: Path) -> None:
    samples = FileSamples(write_wav(tmp_path / "ramp.wav", ramp(0.5).T))
    read = samples.read(0.4, round(0.8 * RATE))
    tail, whole = round(0.1 * RATE), ramp(0.5)
    expected = np.concatenate([whole[:, -tail:], whole, whole[:, : round(0.2 * RATE)]], axis=1)
    np.testing.assert_allclose(read, expected, atol=1e-4)
    np.testing.assert_allclose(samples.read(2.25, 480), whole[:, 12_000:12_480], atol=1e-4)
    samples.close()
    assert not FileSamples(tmp_path / "gone.wav").read(0.0, 480).any()

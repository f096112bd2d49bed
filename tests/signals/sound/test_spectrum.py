"""Levels of sounds whose bands are known."""

import numpy as np
import pytest

from sgview.signals.sound.spectrum import (
    BANDS,
    HIGHEST,
    LOWEST,
    NAMES,
    Follower,
    SoundLevels,
    Spectrum,
    Windows,
    hop_of,
)
from sgview.state.sound import Sound

RATE = 48_000
HOP = hop_of(RATE)


def sine(
    frequency: float, amplitude: float = 1.0, seconds: float = 1.0, rate: float = RATE
) -> np.ndarray:
    t = np.arange(int(rate * seconds)) / rate
    return (amplitude * np.sin(2 * np.pi * frequency * t)).astype(np.float32)


def windows(samples: np.ndarray, rate: float = RATE) -> np.ndarray:
    """Those of samples [n] or [channels, n]."""
    return Windows(rate).cut(np.atleast_2d(samples))


def hear(samples: np.ndarray, sound: Sound | None = None, rate: float = RATE) -> list[SoundLevels]:
    """Return the levels after each hop, one by one."""
    sound = sound or Sound()
    heard = Follower(rate, sound).follow(Spectrum(rate, sound).powers(windows(samples, rate)))
    each = zip(heard.levels, heard.bands, heard.rises, strict=True)
    return [SoundLevels(*arrays) for arrays in each]


def levels(heard: SoundLevels) -> dict[str, float]:
    return dict(zip(NAMES, heard.levels, strict=True))


@pytest.mark.parametrize(
    ("frequency", "band"), [(60, "low"), (120, "low"), (440, "mid"), (2000, "mid"), (8000, "high")]
)
def test_a_sine_of_full_scale_is_1_in_its_band_and_nothing_elsewhere(
    frequency: float, band: str
) -> None:
    last = levels(hear(sine(frequency))[-1])
    assert last[band] == pytest.approx(1.0, abs=0.01)
    assert last["rms"] == pytest.approx(1.0, abs=0.01)
    assert all(last[name] < 0.2 for name in {"low", "mid", "high"} - {band})


@pytest.mark.parametrize("frequency", [50.0, 100.0, 330.0, 1000.0, 7000.0, 12000.0])
def test_the_spectrum_peaks_where_the_sine_is(frequency: float) -> None:
    bands = hear(sine(frequency))[-1].bands
    edges = np.geomspace(LOWEST, HIGHEST, BANDS + 1)
    place = int(np.searchsorted(edges, frequency)) - 1
    assert abs(int(np.argmax(bands)) - place) <= (1 if frequency < 200 else 0)


def test_20_db_are_a_third_and_gain_adds() -> None:
    assert levels(hear(sine(440, 0.1))[-1])["mid"] == pytest.approx(1 - 20 / 60, abs=0.01)
    loud = hear(sine(440, 0.1), Sound(gain_db=20.0))
    assert levels(loud[-1])["mid"] == pytest.approx(1.0, abs=0.01)
    assert levels(hear(np.zeros(RATE, np.float32))[-1]) == dict.fromkeys(NAMES, 0.0)


def test_edges_divide_the_bands() -> None:
    last = levels(hear(sine(440), Sound(low_below=1000.0))[-1])
    assert last["low"] == pytest.approx(1.0, abs=0.01)
    assert last["mid"] < 0.2


def test_attack_and_release_take_their_time() -> None:
    sound = Sound(attack=0.1, release=0.5)
    burst = np.concatenate([sine(440, seconds=1.0), np.zeros(RATE, np.float32)])
    mid = [levels(heard)["mid"] for heard in hear(burst, sound)]
    at = lambda seconds: mid[round(seconds * RATE / HOP)]  # noqa: E731
    assert at(0.13) == pytest.approx(1 - np.exp(-1), abs=0.15)  # one window late
    assert at(0.95) == pytest.approx(1.0, abs=0.01)
    fallen = at(1.04 + 0.5) / at(1.04)
    assert fallen == pytest.approx(np.exp(-1), abs=0.05)


def test_onsets_come_with_clicks_and_not_with_steady_noise() -> None:
    random = np.random.default_rng(0)
    samples = (0.02 * random.standard_normal(RATE * 4)).astype(np.float32)
    times = [0.5, 1.0, 1.3, 2.2, 3.1]
    for at in times:
        start = int(at * RATE)
        samples[start : start + 2000] += 0.7 * np.exp(-np.arange(2000) / 400) * sine(200)[:2000]
    onsets = [n for n, heard in enumerate(hear(samples)) if levels(heard)["onset"] == 1.0]
    assert np.array(onsets) * HOP / RATE == pytest.approx(np.array(times), abs=0.03)


def test_an_onset_fades() -> None:
    samples = np.concatenate([np.zeros(RATE, np.float32), sine(300)])
    onset = [levels(heard)["onset"] for heard in hear(samples)]
    peak = int(np.argmax(onset))
    assert onset[peak] == 1.0
    assert onset[peak + 11] == pytest.approx(np.exp(-11 * HOP / RATE / 0.12), abs=0.02)


def test_sound_that_comes_in_blocks_is_heard_as_the_whole() -> None:
    samples = np.stack([sine(440, 0.5, 0.3), sine(880, 0.5, 0.3)])
    whole = windows(samples)
    cut, block = Windows(RATE), 0
    parts = []
    for size in (1, 700, 511, 512, 513, 5000, 9999):
        parts.append(cut.cut(samples[:, block : block + size]))
        block += size
    np.testing.assert_array_equal(np.concatenate(parts), whole[: sum(map(len, parts))])
    assert sum(map(len, parts)) == samples.shape[1] // HOP
    sound = Sound()
    powers = [Spectrum(RATE, sound).powers(part) for part in parts if len(part)]
    follower, at_once = Follower(RATE, sound), Follower(RATE, sound)
    followed = [follower.follow(power) for power in powers]
    heard = at_once.follow(Spectrum(RATE, sound).powers(whole))
    for name in ("levels", "bands", "rises"):
        parts = np.concatenate([getattr(one, name) for one in followed])
        np.testing.assert_allclose(parts, getattr(heard, name), rtol=1e-4, atol=2e-5)


@pytest.mark.parametrize("rate", [44_100, 96_000, 192_000])
@pytest.mark.parametrize("frequency", [50.0, 110.0, 440.0, 2500.0, 9000.0])
def test_bands_agree_at_every_rate(rate: int, frequency: float) -> None:
    usual = hear(sine(frequency, 0.3))[-1]
    other = hear(sine(frequency, 0.3, rate=rate), rate=rate)[-1]
    for here, there in ((other.levels[:4], usual.levels[:4]), (other.bands, usual.bands)):
        loud = there > 0.3
        assert loud.any()
        np.testing.assert_allclose(here[loud], there[loud], atol=0.03)
        assert (here[there == 0.0] < 0.15).all()


def test_an_offset_is_no_sound() -> None:
    for offset in (0.01, -0.3):
        heard = levels(hear(np.full(2 * RATE, offset, np.float32))[-1])
        assert max(heard.values()) < 0.01
        tone = levels(hear(sine(80, 0.3) + np.float32(offset))[-1])
        assert tone["low"] == pytest.approx(levels(hear(sine(80, 0.3))[-1])["low"], abs=0.01)


def test_channels_of_opposite_phase_are_heard_as_one_channel_is() -> None:
    tone = sine(440, 0.3)
    alone = hear(tone)[-1]
    for pair in (np.stack([tone, tone]), np.stack([tone, -tone])):
        np.testing.assert_allclose(hear(pair)[-1].levels, alone.levels, atol=1e-4)
    one_side = levels(hear(np.stack([tone, 0 * tone]))[-1])
    assert one_side["mid"] == pytest.approx(levels(alone)["mid"] - 3.01 / 60, abs=0.001)

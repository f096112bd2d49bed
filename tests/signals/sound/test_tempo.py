"""The beat, tapped and heard."""

import numpy as np
import pytest

from sgview.signals.sound.spectrum import HOP, Follower, Spectrum, windows_of
from sgview.signals.sound.tempo import FASTEST, DetectedTempo, Tempo, find_tempo
from sgview.state.sound import Sound

RATE = 48_000


def beats(bpm: float, seconds: float, first: float, noise: float = 0.0) -> np.ndarray:
    """A drum on every beat, float32 at RATE."""
    random = np.random.default_rng(1)
    samples = noise * random.standard_normal(int(RATE * seconds))
    t = np.arange(4000) / RATE
    drum = 0.8 * np.exp(-60 * t) * (np.sin(2 * np.pi * 80 * t) + 0.3 * random.standard_normal(4000))
    for at in np.arange(first, seconds - 0.1, 60 / bpm):
        samples[int(at * RATE) : int(at * RATE) + 4000] += drum
    return samples.astype(np.float32)


def flux_of(samples: np.ndarray) -> np.ndarray:
    follower = Follower(RATE, Sound())
    powers = Spectrum(RATE, Sound()).powers(windows_of(samples))
    return np.array([follower.follow(power).flux for power in powers])


@pytest.mark.parametrize(
    ("bpm", "first", "noise"),
    [(120, 0.1, 0.0), (128, 0.25, 0.02), (93, 0.3, 0.05), (174, 0.05, 0.01), (75, 0.2, 0.0)],
)
def test_a_beat_is_found_with_its_phase(bpm: float, first: float, noise: float) -> None:
    heard = find_tempo(flux_of(beats(bpm, 10, first, noise)), RATE)
    assert heard is not None
    assert heard.bpm == pytest.approx(bpm, rel=0.002)
    found_first = ((1 - heard.phase) % 1.0) * 60 / heard.bpm
    assert found_first == pytest.approx(first, abs=0.02)


def test_no_beat_in_noise_silence_or_a_moment() -> None:
    random = np.random.default_rng(0)
    noise = (0.1 * random.standard_normal(RATE * 8)).astype(np.float32)
    assert find_tempo(flux_of(noise), RATE) is None
    assert find_tempo(np.zeros(1000), RATE) is None
    assert find_tempo(flux_of(beats(120, 2, 0.1)), RATE) is None


def test_taps_set_the_tempo_and_where_the_beat_falls() -> None:
    tempo = Tempo(100.0)
    tempo.advance(1.0)
    for n in range(5):
        tempo.tap(10.0 + 0.5 * n)
        assert tempo.beat % 1.0 == 0.0
        tempo.advance(0.5)
    assert tempo.bpm == pytest.approx(120.0)
    before = tempo.beat
    tempo.advance(2.0)
    assert tempo.beat == pytest.approx(before + 4.0)


def test_uneven_taps_are_averaged_and_a_pause_begins_anew() -> None:
    tempo = Tempo()
    for at in (0.0, 0.52, 0.98, 1.5, 2.0):
        tempo.tap(at)
    assert tempo.bpm == pytest.approx(120.0)
    tempo.tap(9.0)
    assert tempo.bpm == pytest.approx(120.0)
    tempo.tap(10.0)
    assert tempo.bpm == pytest.approx(60.0)


def test_the_first_tap_begins_a_bar() -> None:
    tempo = Tempo(60.0)
    tempo.advance(5.4)
    tempo.tap(100.0)
    assert tempo.beat == 4.0


def test_bounds() -> None:
    tempo = Tempo()
    tempo.set(1e9)
    assert tempo.bpm == FASTEST
    tempo.set(float("nan"))
    assert tempo.bpm == FASTEST
    tempo.tap(0.0)
    tempo.tap(0.0)
    tempo.tap(0.001)
    assert tempo.bpm == FASTEST


def test_a_followed_beat_slides_into_place_and_never_jumps() -> None:
    tempo = Tempo(90.0)
    tempo.set(90.0, is_following=True)
    true = 0.4
    last = tempo.beat
    for _ in range(600):
        true += 120 / 60 / 60
        tempo.advance(1 / 60, DetectedTempo(120.0, true % 1.0, 1.0))
        assert 0 <= tempo.beat - last < 0.06
        last = tempo.beat
    assert tempo.bpm == 120.0
    assert (tempo.beat - true + 0.5) % 1.0 == pytest.approx(0.5, abs=0.01)
    assert tempo.status.heard_bpm == 120.0
    tempo.advance(1.0, None)
    assert tempo.bpm == 120.0
    tempo.tap(0.0)
    assert not tempo.is_following


def test_hops_of_other_rates() -> None:
    flux = np.zeros(1200)
    period = 0.5 * 44_100 / HOP
    flux[np.arange(10, 1190, period).astype(int)] = 1.0
    heard = find_tempo(flux, 44_100)
    assert heard is not None
    assert heard.bpm == pytest.approx(120.0, rel=0.005)


def test_starts_in_the_middle() -> None:
    tempo = Tempo(90.0)
    tempo.start_at(4.0)
    assert tempo.beat == 6.0
    tempo.set(90.0, is_following=True)
    tempo.start_at(4.0, DetectedTempo(120.0, 0.25, 1.0))
    assert tempo.beat == pytest.approx(8.25)

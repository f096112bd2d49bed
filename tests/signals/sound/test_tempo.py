"""The beat, tapped and heard."""

import numpy as np
import pytest

from sgview.signals.sound.spectrum import Follower, Spectrum, Windows, hop_of
from sgview.signals.sound.tempo import FASTEST, Tempo
from sgview.signals.sound.tempo_estimation import DetectedTempo, find_tempo
from sgview.state.sound import Sound
from tests.signals.sound import drums
from tests.signals.sound.drums import RATE

STEP = hop_of(RATE) / RATE


def beats(bpm: float, seconds: float, first: float, noise: float = 0.0) -> np.ndarray:
    """A drum on every beat, float32 at RATE."""
    random = np.random.default_rng(1)
    samples = noise * random.standard_normal(int(RATE * seconds))
    t = np.arange(4000) / RATE
    drum = 0.8 * np.exp(-60 * t) * (np.sin(2 * np.pi * 80 * t) + 0.3 * random.standard_normal(4000))
    for at in np.arange(first, seconds - 0.1, 60 / bpm):
        samples[int(at * RATE) : int(at * RATE) + 4000] += drum
    return samples.astype(np.float32)


def rises_of(samples: np.ndarray) -> np.ndarray:
    powers = Spectrum(RATE, Sound()).powers(Windows(RATE).cut(samples[None]))
    return Follower(RATE, Sound()).follow(powers).rises


def first_beat(heard: DetectedTempo) -> float:
    """Return when the first beat falls [s]."""
    return ((1 - heard.phase) % 1.0) * 60 / heard.bpm


@pytest.mark.parametrize(
    ("bpm", "first", "noise"),
    [(120, 0.1, 0.0), (128, 0.25, 0.02), (93, 0.3, 0.05), (174, 0.05, 0.01), (75, 0.2, 0.0)],
)
def test_a_beat_is_found_with_its_phase(bpm: float, first: float, noise: float) -> None:
    heard = find_tempo(rises_of(beats(bpm, 10, first, noise)), STEP)
    assert heard is not None
    assert heard.bpm == pytest.approx(bpm, rel=0.002)
    assert first_beat(heard) == pytest.approx(first, abs=0.02)


@pytest.mark.parametrize(
    ("music", "tempi", "wanted"),
    [
        (drums.house, range(70, 181, 2), 54),
        (drums.kick_and_hat, range(70, 181, 2), 54),
        (drums.clicks, range(70, 181), 109),
        (drums.rock, range(70, 181, 6), 18),
        (lambda *given: drums.house(*given, hat=0.7), range(80, 171, 10), 10),
        (lambda *given: 0.02 * drums.house(*given), range(80, 171, 10), 10),
    ],
    ids=["house", "kick and hat", "clicks", "rock", "loud hats", "quiet"],
)
def test_the_tempo_of_music_is_right_after_four_seconds(music, tempi, wanted: int) -> None:
    """Within half a beat a minute, which includes the octave; and so is the beat itself."""
    right = {4.0: 0, 6.0: 0}
    for bpm in tempi:
        first = 0.05 + bpm % 7 / 20
        rises = rises_of(music(bpm, 6.0, first))
        for seconds in right:
            heard = find_tempo(rises[: round(seconds / STEP)], STEP)
            if heard is not None and abs(heard.bpm - bpm) <= 0.5:
                off = (first_beat(heard) - first + 30 / bpm) % (60 / bpm) - 30 / bpm
                right[seconds] += abs(off) < 0.03
    assert min(right.values()) >= wanted, right


@pytest.mark.parametrize("sound", ["speech", "random_hits", "noise"])
@pytest.mark.parametrize("seed", range(6))
def test_speech_random_hits_and_noise_have_no_beat(sound: str, seed: int) -> None:
    noise = 0.1 * np.random.default_rng(seed).standard_normal(12 * RATE).astype(np.float32)
    samples = noise if sound == "noise" else getattr(drums, sound)(12.0, seed)
    rises = rises_of(samples)
    for seconds in (4.0, 6.0, 10.0):
        for start in np.arange(0.0, 12.0 - seconds, 0.5):
            part = rises[round(start / STEP) : round((start + seconds) / STEP)]
            assert find_tempo(part, STEP) is None


@pytest.mark.parametrize(("old", "new"), [(120, 128), (128, 120), (140, 100)])
def test_a_change_of_tempo_is_followed_within_five_seconds(old: int, new: int) -> None:
    rises = rises_of(np.concatenate([drums.house(old, 12.0), drums.house(new, 10.0)]))
    before, followed = 0.0, 0.0
    for end in np.arange(6.0, 22.0, 0.5):  # as an input looks
        heard = find_tempo(rises[round((end - 10) / STEP) if end > 10 else 0 :][: round(
            min(end, 10.0) / STEP)], STEP, before)  # fmt: skip
        if heard is not None:
            before = heard.bpm
        if abs(before - new) > 0.5:
            followed = end
    assert followed - 12.0 < 5.0


def test_no_beat_in_silence_or_a_moment() -> None:
    assert find_tempo(np.zeros((1000, 2)), STEP) is None
    assert find_tempo(rises_of(beats(120, 2, 0.1)), STEP) is None
    assert find_tempo(np.zeros((0, 2)), STEP) is None


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
    step = hop_of(44_100) / 44_100
    rises = np.zeros((1200, 2))
    rises[np.arange(10, 1190, 0.5 / step).astype(int)] = 1.0
    heard = find_tempo(rises, step)
    assert heard is not None
    assert heard.bpm == pytest.approx(120.0, rel=0.005)


def test_starts_in_the_middle() -> None:
    tempo = Tempo(90.0)
    tempo.start_at(4.0)
    assert tempo.beat == 6.0
    tempo.set(90.0, is_following=True)
    tempo.start_at(4.0, DetectedTempo(120.0, 0.25, 1.0))
    assert tempo.beat == pytest.approx(8.25)

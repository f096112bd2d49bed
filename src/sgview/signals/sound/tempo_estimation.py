"""The tempo and the phase of the beat in a stretch of sound.

A beat is what comes again after one, two and four of its periods: the autocorrelation of how the
spectrum rises tells (Scheirer 1998, "Tempo and beat analysis of acoustic musical signals"; Percival
and Tzanetakis 2014, "Streamlined tempo estimation"). Half of the weight lies on the bass, since
off-beat hats hide the beat in the whole spectrum, and kick drums are seldom off it. In a drum kit,
though, a snare answers the kick after one beat, and the bass alone would hear half the tempo: of
two tempi an octave apart, the faster one is taken where the whole spectrum has such answers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

HEARD_FROM, HEARD_TO = 69.0, 182.0  # tempi that are looked for [1/min]
USUAL, SPREAD = 140.0, 1.3  # of several that fit, the one near this; how far "near" is [octaves]
KEPT = 1.1  # advantage of the tempo that was heard before
SHORTEST = 3.6  # in which a beat can be found [s]
LEAST_CLEAR = 0.4  # clarity of a beat, in `STEADY` and more
UNSURE = 0.12  # more than that is asked for in half of it: a few beats come together by chance
STEADY = 8.0  # [s]
RECENT = 4.5  # a tempo that changed is looked for in this newest part [s]
CHANGED = 0.015  # a change that counts [octaves]
CLEARER = 0.2  # by which the newest part tells that the whole is a mixture

BASS_COUNTS = 0.1  # share of the rises from which the bass tells the beat
ANSWERS = 0.6  # likeness of all rises after one beat, as of a snare to a kick: that is a beat
BEATS = (1, 2, 4)  # periods that are compared
REACH = 0.55  # of the stretch is the longest lag, so that enough of it is compared
HARMONICS, PLACES = 8, 256  # of the beat, for its phase

_TEMPI = np.geomspace(HEARD_FROM, HEARD_TO, 400)
_HARMONICS = np.arange(1, HARMONICS + 1)
_WAVES = (
    np.exp(2j * np.pi * np.outer(_HARMONICS, np.arange(PLACES)) / PLACES)
    * np.cos(np.pi / 2 * _HARMONICS / (HARMONICS + 1))[:, None]
)  # taken together: a soft pulse at each place
_SMOOTH = np.exp(-0.5 * (np.arange(-4, 5) / 1.3) ** 2)


@dataclass(frozen=True)
class DetectedTempo:
    """The beat of a stretch of sound."""

    bpm: float  # [1/min]
    phase: float  # beats that have passed at its start, 0..1
    clarity: float  # 0..1: how much of what begins comes again with the beat


def find_tempo(
    rises: np.ndarray,  # [hops, 2], as `SoundLevels.rises`
    step: float,  # from one hop to the next [s]
    before: float = 0.0,  # the tempo that was heard until now [1/min]; 0: none
    *,
    is_changing: bool = True,
) -> DetectedTempo | None:
    """Return the beat in a stretch of sound, None if there is no steady one.

    If the newest part has another tempo than the whole, the newest part counts, unless
    `is_changing` is False.
    """
    whole = _find(rises, step, before)
    recent = rises[-round(RECENT / step) :]
    if len(recent) == len(rises) or not is_changing:
        return whole
    newest = _find(recent, step, before)
    if newest is None or (whole is not None and not _is_news(newest, whole)):
        return whole
    skipped = (len(rises) - len(recent)) * step
    phase = (newest.phase - skipped * newest.bpm / 60.0) % 1.0
    return DetectedTempo(newest.bpm, phase, newest.clarity)


def _find(rises: np.ndarray, step: float, before: float) -> DetectedTempo | None:
    seconds = len(rises) * step
    bass, whole = rises[:, 0], rises.sum(axis=1)
    if seconds < SHORTEST or float(np.square(whole - whole.mean()).mean()) < 1e-12:
        return None
    has_bass = float(bass.sum()) > BASS_COUNTS * float(whole.sum())
    similar = of_whole = _autocorrelation(whole)
    if has_bass:
        similar = (of_whole + _autocorrelation(bass)) / 2
    clarity = _clarity(similar, _TEMPI, step, BEATS)
    answered = np.minimum(1.0, np.maximum(similar, of_whole / ANSWERS))
    fitting = clarity + _gain(similar, answered, _TEMPI, step)
    usual = np.exp(-0.5 * (np.log2(_TEMPI / USUAL) / SPREAD) ** 2)
    usual[np.abs(_TEMPI - before) < 0.03 * before] *= KEPT
    best = int(np.argmax(fitting * usual))
    missing = max(0.0, 1.0 - seconds / STEADY)
    if clarity[best] < LEAST_CLEAR + 2 * UNSURE * missing:
        return None
    # Longer lags tell the tempo more finely.
    near = _TEMPI[best] * np.linspace(0.992, 1.008, 161)
    bpm = float(near[int(np.argmax(_clarity(similar, near, step, range(1, 17))))])
    phase = _phase(bass if has_bass else whole, step, bpm)
    return DetectedTempo(bpm, phase, min(1.0, float(clarity[best])))


def _is_news(newest: DetectedTempo, whole: DetectedTempo) -> bool:
    """Whether the newest part has another tempo, apart from octaves, or is so much clearer."""
    octaves = math.log2(newest.bpm / whole.bpm)
    is_other = abs(octaves - round(octaves)) > CHANGED
    return is_other or newest.clarity > whole.clarity + CLEARER


def _autocorrelation(
    rises: np.ndarray,  # [hops]
) -> np.ndarray:  # [lags]: -1..1, by what overlaps
    """Return how much the rises are like themselves a number of hops later."""
    count = len(rises)
    lags = np.arange(int(count * REACH))
    x = np.convolve(rises, _SMOOTH / _SMOOTH.sum(), "same")
    x = x - x.mean()
    size = 1 << (2 * count - 1).bit_length()
    products = np.fft.irfft(np.abs(np.fft.rfft(x, size)) ** 2)[lags]
    energy = np.concatenate([[0.0], np.cumsum(x * x)])
    overlapping = (energy[count - lags]) * (energy[count] - energy[lags])
    return products / np.sqrt(np.maximum(overlapping, 1e-20))


def _clarity(
    similar: np.ndarray,  # [lags]
    tempi: np.ndarray,  # [n]
    step: float,
    beats: range | tuple[int, ...],
) -> np.ndarray:  # [n]
    """Return the mean similarity after so many beats, of those that the lags reach."""
    lags = np.outer(beats, 60.0 / tempi / step)
    reached = lags < len(similar) - 1
    reached &= reached.all(axis=1, keepdims=True) | (np.arange(len(lags)) < 4)[:, None]
    values = np.interp(lags, np.arange(len(similar)), similar) * reached
    return values.sum(axis=0) / np.maximum(reached.sum(axis=0), 1)


def _gain(
    similar: np.ndarray,  # [lags]
    answered: np.ndarray,  # [lags]
    tempi: np.ndarray,  # [n]
    step: float,
) -> np.ndarray:  # [n]
    """Return what clarity gains where a drum answers another after one beat."""
    lags = 60.0 / tempi / step
    places = np.arange(len(similar))
    return (np.interp(lags, places, answered) - np.interp(lags, places, similar)) / len(BEATS)


def _phase(rises: np.ndarray, step: float, bpm: float) -> float:
    """Return the beats that have passed at the start: where in the beat most begins."""
    # What begins at the end of a window counts a hop later: a drum takes time to sound.
    beats = (np.arange(len(rises)) - 1) * (step * bpm / 60.0)
    turn = np.exp(-1j * math.tau * beats)
    components, power = np.zeros(HARMONICS, complex), np.ones_like(turn)
    for harmonic in range(HARMONICS):
        power = power * turn
        components[harmonic] = power @ rises
    profile = np.real(components @ _WAVES)
    return -int(np.argmax(profile)) / PLACES % 1.0

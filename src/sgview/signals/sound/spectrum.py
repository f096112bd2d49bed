"""From samples to levels: the bands of the spectrum, how they rise and fall, and onsets.

A level is 0 at -60 dB and 1 at full scale, where full scale is a sine of amplitude 1; it is not
held to 1. The same code hears an input live and a file in advance, one hop after the other.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from sgview.state.sound import Sound

WINDOW = 2048  # of one spectrum [samples]
HOP = 512  # from one spectrum to the next [samples]
BANDS = 24  # spaced evenly in pitch
LOWEST, HIGHEST = 40.0, 16_000.0  # edges of the bands [Hz]
RANGE = 60.0  # that a level covers from 0 to 1 [dB]
NAMES = ("low", "mid", "high", "rms", "onset")

ONSET_GAP = 0.1  # at least between two onsets [s]
ONSET_FALL = 0.12  # in which an onset falls to 37 % [s]
ONSET_MEMORY = 1.0  # over which the usual change of the spectrum is taken [s]
ONSET_LEAST = 0.05  # mean rise of the bands' levels that counts, whatever is usual


@dataclass(frozen=True)
class SoundLevels:
    """The levels after one hop."""

    levels: tuple[float, ...]  # in the order of `NAMES`
    bands: tuple[float, ...]
    flux: float  # how much the spectrum rose: peaks where something begins


class Spectrum:
    """Power of the bands in windows of samples.

    Args:
        rate: samples a second.
        sound: its edges divide low, mid and high.
    """

    def __init__(self, rate: float, sound: Sound) -> None:
        self._window = np.hanning(WINDOW).astype(np.float32)
        frequencies = np.fft.rfftfreq(WINDOW, 1 / rate)
        edges = np.geomspace(LOWEST, HIGHEST, BANDS + 1)
        low, high = sound.low_below, max(sound.high_above, sound.low_below)
        ranges = [
            *pairwise(edges),
            (1.0, low),
            (low, high),
            (high, rate),
        ]
        self._groups = np.stack([_weights(frequencies, *pair) for pair in ranges], axis=1)
        # So that a sine of amplitude 1 has the power 1 (Parseval's theorem, one side).
        self._scale = 4.0 / (WINDOW * float((self._window**2).sum()))

    def powers(
        self,
        windows: np.ndarray,  # float32 [n, WINDOW]
    ) -> np.ndarray:  # [n, BANDS + 4]: the bands, low, mid, high, all
        """Return the power of each band, 1 for a sine of full scale in it."""
        spectra = np.abs(np.fft.rfft(windows * self._window, axis=1)) ** 2
        whole = 2.0 * np.square(windows, dtype=np.float64).mean(axis=1, keepdims=True)
        return np.concatenate([spectra @ self._groups * self._scale, whole], axis=1)


class Follower:
    """Levels that rise with the attack and fall with the release, and onsets.

    Args:
        rate: samples a second.
        sound: gain, attack and release.
    """

    def __init__(self, rate: float, sound: Sound) -> None:
        self._step = HOP / rate  # [s]
        self._gain = 10.0 ** (sound.gain_db / 10.0)  # of powers
        self._rise = _share(self._step, sound.attack)
        self._fall = _share(self._step, sound.release)
        self._onset_fall = math.exp(-self._step / ONSET_FALL)
        self._levels = np.zeros(BANDS + 4)
        self._last = np.zeros(BANDS)
        self._fluxes: deque[float] = deque(
            [0.0, 0.0], maxlen=max(3, int(ONSET_MEMORY / self._step))
        )
        self._onset = 0.0
        self._since = ONSET_GAP  # the last onset [s]

    def follow(
        self,
        powers: np.ndarray,  # [BANDS + 4], as `Spectrum.powers` gives them
    ) -> SoundLevels:
        """Advance by one hop and return its levels."""
        raw = _levels(powers * self._gain)
        rate = np.where(raw > self._levels, self._rise, self._fall)
        self._levels = self._levels + (raw - self._levels) * rate
        flux = float(np.maximum(raw[:BANDS] - self._last, 0.0).mean())
        self._last = raw[:BANDS]
        self._find_onset(flux)
        low, mid, high, rms = (round(float(level), 5) for level in self._levels[BANDS:])
        bands = tuple(round(float(level), 5) for level in self._levels[:BANDS])
        return SoundLevels((low, mid, high, rms, round(self._onset, 5)), bands, flux)

    def _find_onset(self, flux: float) -> None:
        """An onset is a peak of the flux, well above what it usually is."""
        self._onset *= self._onset_fall
        self._since += self._step
        before, peak = self._fluxes[-2], self._fluxes[-1]
        usual = sum(self._fluxes) / len(self._fluxes)
        is_peak = peak > before and peak >= flux
        if is_peak and peak > ONSET_LEAST + 2.0 * usual and self._since >= ONSET_GAP:
            self._onset, self._since = 1.0, 0.0
        self._fluxes.append(flux)


def windows_of(
    samples: np.ndarray,  # float32 [n]
) -> np.ndarray:  # [hops, WINDOW]; the k-th ends where hop k ends
    """Return a view of all windows, with silence before the first sample."""
    hops = len(samples) // HOP
    if not hops:
        return np.zeros((0, WINDOW), np.float32)
    padded = np.concatenate([np.zeros(WINDOW - HOP, np.float32), samples[: hops * HOP]])
    return np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]


def _levels(powers: np.ndarray) -> np.ndarray:
    decibels = 10.0 * np.log10(np.maximum(powers, 1e-12))
    return np.maximum(1.0 + decibels / RANGE, 0.0)


def _share(step: float, seconds: float) -> float:
    """Return how much of the way to a new level is gone in one hop."""
    return 1.0 - math.exp(-step / seconds) if seconds > 0 else 1.0


def _weights(frequencies: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return the share of each bin that lies in the band, so that narrow ones are not empty."""
    half = (frequencies[1] - frequencies[0]) / 2
    overlap = np.minimum(frequencies + half, high) - np.maximum(frequencies - half, low)
    return np.clip(overlap / (2 * half), 0.0, 1.0)

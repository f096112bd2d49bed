"""From samples to levels: the bands of the spectrum, how they rise and fall, and onsets.

A level is 0 at -60 dB and 1 at full scale, where full scale is a sine of amplitude 1; it is not
held to 1. The same code hears an input live and a file in advance, one hop after the other.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import numpy as np

from sgview.state.sound import Sound

HOP = 512 / 48_000  # from one spectrum to the next [s]; whole samples at any rate
HOPS_PER_WINDOW = 4  # the length of the window of one spectrum
BANDS = 24  # spaced evenly in pitch
LOWEST, HIGHEST = 40.0, 16_000.0  # edges of the bands [Hz]
RANGE = 60.0  # that a level covers from 0 to 1 [dB]
NAMES = ("low", "mid", "high", "rms", "onset")

BASS_BELOW = 220.0  # that tells where the beat is [Hz]

ONSET_GAP = 0.1  # at least between two onsets [s]
ONSET_FALL = 0.12  # in which an onset falls to 37 % [s]
ONSET_MEMORY = 1.0  # over which the usual change of the spectrum is taken [s]
ONSET_LEAST = 0.05  # mean rise of the bands' levels that counts, whatever is usual


@dataclass(frozen=True, eq=False)
class SoundLevels:
    """The levels after each of a number of hops."""

    levels: np.ndarray  # [hops, 5], in the order of `NAMES`
    bands: np.ndarray  # [hops, BANDS]
    rises: np.ndarray  # [hops, 2]: how much the amplitudes rose, of the bass and of the rest


def hop_of(rate: float) -> int:
    """Return the samples from one spectrum to the next."""
    return max(1, round(rate * HOP))


class Windows:
    """Cuts sound that comes in blocks into windows, each a hop after the one before.

    Args:
        rate: samples a second.
    """

    def __init__(self, rate: float) -> None:
        self._hop = hop_of(rate)
        self._size = self._hop * HOPS_PER_WINDOW
        self._kept = np.zeros((0, 0), np.float32)  # [channels, samples] that are needed again

    def cut(
        self,
        block: np.ndarray,  # [channels, samples]
    ) -> np.ndarray:  # float32 [hops, channels, samples]
        """Return the windows that end in `block`; before the first one there was silence."""
        block = np.nan_to_num(block.astype(np.float32), posinf=0.0, neginf=0.0)
        if len(self._kept) != len(block):
            self._kept = np.zeros((len(block), self._size - self._hop), np.float32)
        samples = np.concatenate([self._kept, block], axis=1)
        hops = samples.shape[1] // self._hop - (HOPS_PER_WINDOW - 1)
        self._kept = samples[:, hops * self._hop :].copy()
        if not hops:
            return np.zeros((0, len(block), self._size), np.float32)
        windows = np.lib.stride_tricks.sliding_window_view(samples, self._size, axis=1)
        return windows[:, : hops * self._hop : self._hop].transpose(1, 0, 2)


class Spectrum:
    """Power of the bands in windows of samples.

    Args:
        rate: samples a second.
        sound: its edges divide low, mid and high.
    """

    def __init__(self, rate: float, sound: Sound) -> None:
        size = hop_of(rate) * HOPS_PER_WINDOW
        self._window = np.hanning(size).astype(np.float32)
        low, high = sound.low_below, max(sound.high_above, sound.low_below)
        # Where each edge lies among the bins, of which the first reaches half a bin below 0 Hz.
        edges = np.array([*_EDGES, 1.0, low, high, rate]) * size / rate + 0.5
        self._edges = np.clip(edges, 0.0, size // 2 + 1)
        # So that a sine of amplitude 1 has the power 1 (Parseval's theorem, one side).
        self._scale = 4.0 / (size * float((self._window**2).sum()))

    def powers(
        self,
        windows: np.ndarray,  # float32 [n, channels, samples]
    ) -> np.ndarray:  # [n, BANDS + 4]: the bands, low, mid, high, all
        """Return the power of each band, 1 for a sine of full scale in it.

        It is the mean of the channels' powers, so that channels of opposite phase do not cancel.
        What does not move, the offset of a cheap input, is no sound.
        """
        # Without matrix products, whose threads would wake for each hop.
        windows = np.ascontiguousarray(windows)
        size = windows.shape[-1]
        offset = np.einsum("nci,i->nc", windows, self._window) / self._window.sum()
        centred = windows - offset[..., None]
        centred *= self._window
        spectra = np.fft.rfft(centred, axis=-1)
        bins = (spectra.real**2 + spectra.imag**2).mean(axis=1)
        squares = np.einsum("nci,nci->nc", windows, windows) / size
        whole = 2.0 * (squares - windows.mean(axis=-1) ** 2).mean(axis=1, keepdims=True)
        return np.concatenate([self._bands(bins) * self._scale, np.maximum(whole, 0.0)], axis=1)

    def _bands(
        self,
        bins: np.ndarray,  # [n, bins]
    ) -> np.ndarray:  # float64 [n, BANDS + 3]
        """Add up the bins between the edges; of those that an edge divides, their share."""
        below = np.zeros((len(bins), bins.shape[1] + 1))
        np.cumsum(bins, axis=1, dtype=np.float64, out=below[:, 1:])
        whole = np.minimum(self._edges.astype(int), bins.shape[1] - 1)
        below = below[:, whole] + bins[:, whole] * (self._edges - whole)
        return np.maximum(np.delete(np.diff(below, axis=1), BANDS, axis=1), 0.0)


class Follower:
    """Levels that rise with the attack and fall with the release, and onsets.

    Args:
        rate: samples a second.
        sound: gain, attack and release.
    """

    def __init__(self, rate: float, sound: Sound) -> None:
        self._step = hop_of(rate) / rate  # [s]
        self._gain = 10.0 ** (sound.gain_db / 10.0)  # of powers
        self._rise = _share(self._step, sound.attack)
        self._fall = _share(self._step, sound.release)
        self._onset_fall = math.exp(-self._step / ONSET_FALL)
        self._levels = np.zeros(BANDS + 4)
        self._last = np.zeros((2, BANDS))  # levels and amplitudes of the bands, one hop ago
        self._fluxes: deque[float] = deque(
            [0.0, 0.0], maxlen=max(3, int(ONSET_MEMORY / self._step))
        )
        self._onset = 0.0
        self._since = ONSET_GAP  # the last onset [s]

    def follow(
        self,
        powers: np.ndarray,  # [hops, BANDS + 4], as `Spectrum.powers` gives them
    ) -> SoundLevels:
        """Advance by a number of hops and return their levels."""
        powers = powers * self._gain
        raw, amplitudes = _levels(powers), np.sqrt(powers[:, :BANDS])
        followed = np.empty_like(raw)
        for hop, new in enumerate(raw):
            rate = np.where(new > self._levels, self._rise, self._fall)
            self._levels = followed[hop] = self._levels + (new - self._levels) * rate
        changes = [
            np.maximum(np.diff(now, axis=0, prepend=last[None]), 0.0)
            for now, last in zip((raw[:, :BANDS], amplitudes), self._last, strict=True)
        ]
        if len(raw):
            self._last = np.stack([raw[-1, :BANDS], amplitudes[-1]])
        onsets = [self._find_onset(flux) for flux in changes[0].mean(axis=1).tolist()]
        levels = np.column_stack([followed[:, BANDS:], np.reshape(onsets, -1)])
        rises = np.stack([changes[1][:, :_BASS].sum(1), changes[1][:, _BASS:].sum(1)], axis=1)
        return SoundLevels(levels.round(5), followed[:, :BANDS].round(5), rises)

    def _find_onset(self, flux: float) -> float:
        """An onset is a peak of the flux, well above what it usually is."""
        self._onset *= self._onset_fall
        self._since += self._step
        before, peak = self._fluxes[-2], self._fluxes[-1]
        usual = sum(self._fluxes) / len(self._fluxes)
        is_peak = peak > before and peak >= flux
        if is_peak and peak > ONSET_LEAST + 2.0 * usual and self._since >= ONSET_GAP:
            self._onset, self._since = 1.0, 0.0
        self._fluxes.append(flux)
        return self._onset


def _levels(powers: np.ndarray) -> np.ndarray:
    decibels = 10.0 * np.log10(np.maximum(powers, 1e-12))
    return np.maximum(1.0 + decibels / RANGE, 0.0)


def _share(step: float, seconds: float) -> float:
    """Return how much of the way to a new level is gone in one hop."""
    return 1.0 - math.exp(-step / seconds) if seconds > 0 else 1.0


_EDGES = np.geomspace(LOWEST, HIGHEST, BANDS + 1)
_BASS = int(np.searchsorted(_EDGES[1:], BASS_BELOW, side="right"))  # bands that are bass

"""The beat: set by hand, tapped, or followed from what is heard."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sgview.signals.sound.spectrum import HOP
from sgview.state.status import TempoStatus

SLOWEST, FASTEST = 20.0, 400.0  # that can be set or tapped [1/min]
TAP_PAUSE = 2.5  # after which a tap begins anew [s]
MOST_TAPS = 9
PULL = 2.0  # how fast a followed beat slides into place [1/s]

HEARD_FROM, HEARD_TO = 70.0, 180.0  # tempi that are looked for [1/min]
USUAL = 120.0  # where several fit, the one near this is taken [1/min]
LEAST_CLEAR = 0.4  # below, there is no beat


@dataclass(frozen=True)
class DetectedTempo:
    """The beat of a stretch of sound."""

    bpm: float  # [1/min]
    phase: float  # beats that have passed at its start, 0..1
    clarity: float  # 0..1: the share of the flux that falls on the beat


class Tempo:
    """Counts beats in real time."""

    def __init__(self, bpm: float = 120.0, *, is_following: bool = False) -> None:
        self.bpm = bpm  # [1/min]
        self.beat = 0.0  # with its fraction
        self.beats_per_bar = 4
        self.is_following = is_following
        self.heard_bpm = 0.0
        self._taps: list[float] = []

    @property
    def status(self) -> TempoStatus:
        """What the panel shows."""
        return TempoStatus(
            bpm=self.bpm,
            beat=self.beat,
            beats_per_bar=self.beats_per_bar,
            is_following=self.is_following,
            heard_bpm=self.heard_bpm,
        )

    def set(self, bpm: float, *, is_following: bool = False) -> None:
        """Go on at `bpm`, held to what is sensible, or follow what is heard."""
        if math.isfinite(bpm):
            self.bpm = min(max(bpm, SLOWEST), FASTEST)
        self.is_following = is_following
        self._taps.clear()

    def start_at(
        self,
        position: float,  # real time since the beginning [s]
        heard: DetectedTempo | None = None,
    ) -> None:
        """Set the beat to where it is at `position`; to that of the sound, if it is followed."""
        if self.is_following and heard is not None:
            self.bpm = heard.bpm
        self.beat = position * self.bpm / 60.0
        if self.is_following and heard is not None:
            self.beat += (heard.phase - self.beat + 0.5) % 1.0 - 0.5

    def tap(
        self,
        now: float,  # real time [s]
    ) -> None:
        """A beat falls now. The first tap begins a bar; from the second on they set the tempo."""
        self.is_following = False
        if self._taps and now - self._taps[-1] > TAP_PAUSE:
            self._taps.clear()
        if self._taps and now <= self._taps[-1]:
            return
        self._taps.append(now)
        del self._taps[:-MOST_TAPS]
        if len(self._taps) == 1:
            self.beat = float(round(self.beat / self.beats_per_bar) * self.beats_per_bar)
            return
        seconds = (self._taps[-1] - self._taps[0]) / (len(self._taps) - 1)
        self.bpm = min(max(60.0 / seconds, SLOWEST), FASTEST)
        self.beat = float(round(self.beat))

    def advance(
        self,
        elapsed: float,  # real time [s]
        heard: DetectedTempo | None = None,
    ) -> None:
        """Let time pass.

        Args:
            elapsed: since the last call [s].
            heard: the beat of the sound, its phase that of now; None: none is heard.
        """
        self.heard_bpm = heard.bpm if heard is not None else 0.0
        if self.is_following and heard is not None:
            self.bpm = heard.bpm
        self.beat += elapsed * self.bpm / 60.0
        if self.is_following and heard is not None:
            off = (heard.phase - self.beat + 0.5) % 1.0 - 0.5
            self.beat += off * min(1.0, elapsed * PULL)


def find_tempo(
    flux: np.ndarray,  # [hops], as `SoundLevels.flux`
    rate: float,  # samples a second
) -> DetectedTempo | None:
    """Return the steady beat in a stretch of sound, None if there is none.

    The tempo is where the flux has the strongest period: roughly by its autocorrelation, then
    finely by its Fourier components at the beat and its multiples. Their angle tells the phase
    (Grosche and Mueller 2011, "Extracting predominant local pulse information", section II).
    """
    step = HOP / rate
    if len(flux) * step < 3.0:
        return None
    x = np.maximum(flux - np.median(flux), 0.0)
    x = x - x.mean()
    power = float(x @ x)
    if power < 1e-9 * len(x):
        return None
    lags = np.arange(int(60.0 / HEARD_TO / step), int(60.0 / HEARD_FROM / step) + 2)
    spectrum = np.abs(np.fft.rfft(x, 2 * len(x))) ** 2
    similar = np.fft.irfft(spectrum)[: len(x)] / power
    # A period also fits twice over: what fits at two and at four counts too.
    score = sum(similar[np.minimum(lags * n, len(x) - 1)] / n for n in (1, 2, 4))
    usual = np.exp(-0.5 * (np.log2(60.0 / (lags * step) / USUAL) / 0.9) ** 2)
    bpm = 60.0 / (float(lags[int(np.argmax(score * usual))]) * step)
    times = (np.arange(len(x)) + 0.5) * step
    for width, count in ((0.04, 81), (0.002, 41)):
        tempi = bpm * np.linspace(1 - width, 1 + width, count)
        bpm = float(tempi[int(np.argmax([_strength(x, times, tempo) for tempo in tempi]))])
    component = _component(x, times, bpm)
    clarity = min(1.0, 2.0 * abs(component) / max(float(np.abs(x).sum()), 1e-12))
    if clarity < LEAST_CLEAR:
        return None
    # The component's angle is minus the time of the beats, in turns.
    return DetectedTempo(bpm, float(np.angle(component) / math.tau) % 1.0, clarity)


def _strength(x: np.ndarray, times: np.ndarray, bpm: float) -> float:
    return sum(abs(_component(x, times, bpm * n)) for n in (1, 2, 4))


def _component(x: np.ndarray, times: np.ndarray, bpm: float) -> complex:
    return complex(x @ np.exp(-1j * math.tau * bpm / 60.0 * times))

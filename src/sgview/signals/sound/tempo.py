"""The beat: set by hand, tapped, or followed from what is heard."""

from __future__ import annotations

import math

from sgview.signals.sound.tempo_estimation import DetectedTempo
from sgview.state.status import TempoStatus

SLOWEST, FASTEST = 20.0, 400.0  # that can be set or tapped [1/min]
TAP_PAUSE = 2.5  # after which a tap begins anew [s]
MOST_TAPS = 9
PULL = 2.0  # how fast a followed beat slides into place [1/s]


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

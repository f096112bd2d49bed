"""The last seconds of numbers that change every frame, for graphs and for figures at rest."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

SPAN = 10.0  # what is remembered [s]
_STEP = 1 / 60  # samples closer together are left out [s]
_REST = 0.25  # for which a figure stands still, so that it can be read [s]
_MEAN = 1.0  # what it is the mean of [s]

Samples = np.ndarray


class Rolling:
    """Curves over the last seconds, all sampled at the same instants."""

    def __init__(self) -> None:
        self._size = round(SPAN / _STEP)
        self._times: Samples = np.zeros(0)
        self._curves: dict[str, Samples] = {}
        self._figures: dict[str, tuple[float, float]] = {}
        self._figures_due = 0.0

    def add(
        self,
        now: float,  # [s], never less than the last time
        values: Mapping[str, float],
    ) -> None:
        """Take a sample of every curve; those left out are 0 here."""
        if len(self._times) and now - self._times[-1] < _STEP * 0.9:
            return
        count = len(self._times)
        for name in values.keys() - self._curves.keys():
            self._curves[name] = np.zeros(count)
        keep = slice(max(count + 1 - self._size, 0), None)
        self._times = np.append(self._times, now)[keep]
        self._curves = {
            name: np.append(curve, values.get(name, 0.0))[keep]
            for name, curve in self._curves.items()
        }
        if now >= self._figures_due:
            self._figures_due = now + _REST
            self._figures = {name: self._figure(name) for name in self._curves}

    @property
    def times(self) -> Samples:  # [n], [s] before now, so that the last is 0
        """When the samples were taken."""
        return self._times - self._times[-1] if len(self._times) else self._times

    @property
    def names(self) -> tuple[str, ...]:
        """The curves there are."""
        return tuple(self._curves)

    def curve(self, name: str) -> Samples:  # [n]
        """Return the samples of a curve."""
        return self._curves.get(name, np.zeros(len(self._times)))

    def mean(self, name: str) -> float:
        """Return the mean over the last second, a figure that changes four times a second."""
        return self._figures.get(name, (0.0, 0.0))[0]

    def peak(self, name: str) -> float:
        """Return the largest of all samples, changing as `mean` does."""
        return self._figures.get(name, (0.0, 0.0))[1]

    def _figure(self, name: str) -> tuple[float, float]:
        curve = self._curves[name]
        return float(curve[self.times >= -_MEAN].mean()), float(curve.max())


class Ceiling:
    """The upper end of an axis: a round number that does not follow every twitch."""

    def __init__(self, smallest: float) -> None:
        self._smallest = smallest
        self._value = smallest

    def over(self, peak: float) -> float:
        """Return the end for data whose largest value is `peak`."""
        wanted = max(round_up(peak * 1.08), self._smallest)
        if wanted > self._value or peak < 0.4 * self._value:
            self._value = wanted
        return self._value


def round_up(value: float) -> float:
    """Return the next of 1, 1.5, 2, 3, 4, 5, 6, 8 times a power of ten."""
    if value <= 0.0 or not np.isfinite(value):
        return 0.0
    power = 10.0 ** np.floor(np.log10(value))
    steps = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
    return float(next(step for step in steps if step * power >= value * (1 - 1e-9)) * power)

"""From what is set to what plays: signals, then the script, the crossfade, and motion.

The same calls with the same instants give the same values, live, in a take, and offline.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from sgview.show.crossfade import Crossfade
from sgview.show.script_frame import Change
from sgview.show.travel import Travel
from sgview.signals.bound_values import Signals, SignalStatus
from sgview.signals.incoming import Instant
from sgview.state.morph import Easing
from sgview.state.motion import Motion
from sgview.state.params import Params

Act = Callable[[Params, Instant], tuple[Params, tuple[Change, ...]]]
"""What a script does to the resolved values, and the record of it."""


@dataclass(frozen=True)
class Resolved:
    """What plays at one instant."""

    params: Params
    signals: SignalStatus
    motion: Motion | None  # None: as the engine finds it from `t`
    changes: tuple[Change, ...]  # what the script did


class Resolver:
    """Resolves the values of one instant after the other; keeps the state of signals, fade
    and motion.
    """

    def __init__(self) -> None:
        self.signals = Signals()
        self.crossfade = Crossfade()
        self.travel: Travel | None = Travel()  # None: positions are speed times t, as in old takes
        self.time = 0.0  # real time that has passed in all instants together [s]
        self.shown = Params()  # what played last

    def fade(self, seconds: float, easing: Easing) -> None:
        """Fade from what plays now to what is set from the next instant on; 0 seconds: cut."""
        self.crossfade.start(self.shown, self.time, seconds, easing)

    def restart(self) -> None:
        """Forget what expressions remember, and count time from 0: here a take begins."""
        self.signals = Signals()
        if self.crossfade.running is not None:
            running = self.crossfade.running
            self.crossfade.running = replace(running, start=running.start - self.time)
        self.time = 0.0

    def resolve(self, params: Params, instant: Instant, act: Act | None = None) -> Resolved:
        """Return what plays at `instant`.

        Args:
            params: as they are set.
            instant: time, beat and inputs; each instant follows the one before.
            act: the script.
        """
        self.time += instant.elapsed
        values, status = self.signals.resolve(params, instant)
        changes: tuple[Change, ...] = ()
        if act is not None:
            values, changes = act(values, instant)
        self.shown = self.crossfade.apply(values, self.time)
        motion = self.travel.advance(self.shown, instant) if self.travel is not None else None
        return Resolved(self.shown, status, motion, changes)

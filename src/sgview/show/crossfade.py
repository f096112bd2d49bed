"""The crossfade from the values that were playing to a recalled look."""

from __future__ import annotations

from dataclasses import dataclass

from sgview.state.morph import EASINGS, Easing, morph
from sgview.state.params import Params, on_stage_of


@dataclass(frozen=True)
class RunningFade:
    """A crossfade on its way."""

    origin: Params
    start: float  # [s]
    seconds: float
    easing: Easing


class Crossfade:
    """Fades from the values of one instant to the values set now, which may go on moving."""

    def __init__(self) -> None:
        self.running: RunningFade | None = None  # a take sets it, to go on with its own fade
        self.progress = 1.0  # of its time, 0..1; 1: none is running

    @property
    def is_running(self) -> bool:
        """Whether the values are on their way."""
        return self.running is not None

    def start(
        self,
        origin: Params,  # what plays now, all signals resolved
        now: float,  # [s]
        seconds: float,
        easing: Easing = "smooth",
    ) -> None:
        """Begin to fade out of `origin`; 0 seconds: none, and one that is running ends."""
        self.running = RunningFade(origin, now, seconds, easing) if seconds > 0 else None
        self.progress = 0.0 if self.running else 1.0

    def stop(self) -> None:
        """End the fade at once."""
        self.running, self.progress = None, 1.0

    def apply(
        self,
        params: Params,  # what is set, all signals resolved
        now: float,  # [s]
    ) -> Params:
        """Return what plays at `now`."""
        fade = self.running
        if fade is None:
            return params
        self.progress = min(max((now - fade.start) / fade.seconds, 0.0), 1.0)
        if self.progress >= 1.0:
            self.running = None
            return params
        origin = on_stage_of(fade.origin, params)  # a blackout does not wait for a fade
        return morph(origin, params, EASINGS[fade.easing](self.progress))

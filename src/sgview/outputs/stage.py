"""What an audience sees: the picture that plays, or a frozen one, and how bright it is."""

from __future__ import annotations

from typing import Generic, TypeVar

from sgview.state.params import Stage

P = TypeVar("P")


class StageState(Generic[P]):
    """Follows `Stage` from frame to frame: fades take time, and a frozen picture is remembered.

    Attributes:
        picture: what is to be seen now; None before the first.
        level: how bright it is, 0..1; 0 also where nothing plays and nothing is held.
    """

    def __init__(self) -> None:
        self.picture: P | None = None
        self.level = 1.0
        self._fade = 0.0  # how far the blackout is, 0..1
        self._time: float | None = None  # of the last call [s]

    def follow(self, picture: P | None, stage: Stage, now: float) -> None:
        """Take the newest picture as `stage` says; call it every frame.

        Args:
            picture: None while nothing plays.
            stage: as it is at this instant.
            now: real time [s].
        """
        elapsed = 0.0 if self._time is None else max(now - self._time, 0.0)
        self._time = now
        target = 1.0 if stage.blackout else 0.0
        step = elapsed / stage.fade if stage.fade > 0 else 1.0
        self._fade += min(max(target - self._fade, -step), step)
        is_shown = picture is not None or stage.hold
        self.level = stage.brightness * (1.0 - self._fade) if is_shown else 0.0
        is_frozen = stage.freeze and self.picture is not None
        if picture is not None and not is_frozen:
            self.picture = picture

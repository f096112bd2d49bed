"""Time, as the instrument plays it."""

from __future__ import annotations

import time
from collections.abc import Callable

FRAME = 1 / 60  # one step [s]
LAST = 1e9  # time ends here, 30 years away, whatever the speed; and at -LAST [s]


def held(t: float) -> float:
    """Return a time [s] within -LAST..LAST."""
    return min(max(t, -LAST), LAST)


class Clock:
    """Runs at `speed` seconds of `t` a second of `now`; can pause, step and rewind.

    Time adds up from one tick to the next, so a change of speed bends its course and never makes
    it jump.

    Args:
        now: the source of real time [s]; must not run backwards.
    """

    def __init__(self, now: Callable[[], float] = time.perf_counter) -> None:
        self._now = now
        self._last = now()
        self._elapsed = 0.0
        self.t = 0.0  # [s]
        self.position = 0.0  # t as it would be at speed 1; sound does not follow the speed [s]
        self.speed = 1.0  # negative runs backwards
        self.is_paused = False

    def tick(self) -> tuple[float, float]:
        """Return (t, dt) [s]: the instant to show, and how far it lies from the last one."""
        now = self._now()
        elapsed, self._last = now - self._last, now
        self._elapsed += elapsed
        dt = 0.0 if self.is_paused else elapsed * self.speed
        self.t = held(self.t + dt)
        self.position += 0.0 if self.is_paused else elapsed
        return self.t, dt

    def take_elapsed(self) -> float:
        """Return the real time that passed in all ticks since the last call [s]."""
        elapsed, self._elapsed = self._elapsed, 0.0
        return elapsed

    def toggle_pause(self) -> None:
        """Stop or restart time."""
        self.is_paused = not self.is_paused

    def step(self, frames: int = 1) -> None:
        """Move by `frames` frames of 1/60 s and pause."""
        self.is_paused = True
        self.t = held(self.t + frames * FRAME)
        self.position += frames * FRAME

    def rewind(self) -> None:
        """Set time to zero; it runs on if it was running."""
        self.t = self.position = 0.0


class EvenClock(Clock):
    """Time that passes by frames: tick n is at t = start + n / fps * speed, without rounding.

    Args:
        start: t of the first tick [s].
        fps: ticks a second.
    """

    def __init__(self, start: float, fps: float) -> None:
        super().__init__(lambda: 0.0)
        self._start, self._fps = start, fps
        self._ticks = 0
        self._bend = (0, start, 1.0)  # tick and t at the last change of `speed`, and the speed
        self.t = self.position = start

    def tick(self) -> tuple[float, float]:
        """Return (t, dt) [s] of the next frame; the first one has no dt."""
        n, before = self._ticks, self.t
        if self.speed != self._bend[2]:
            self._bend = (max(n - 1, 0), before, self.speed)
        since, t, speed = self._bend
        self.t = held(t + (n - since) / self._fps * speed)
        self.position = self._start + n / self._fps
        self._elapsed = 1 / self._fps if n else 0.0
        self._ticks += 1
        return self.t, self.t - before


class FrameLimiter:
    """Holds a loop to a rate, by sleeping what is left of each frame.

    Args:
        now: the source of real time [s].
        sleep: waits that many seconds.
    """

    def __init__(
        self,
        now: Callable[[], float] = time.perf_counter,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._now = now
        self._sleep = sleep
        self._due = now()

    def wait(self, limit: float) -> None:
        """Sleep until the next frame of a loop of `limit` frames a second is due; 0: do not."""
        now = self._now()
        if limit <= 0:
            self._due = now
            return
        # A late frame does not make the next ones hurry.
        self._due = max(self._due + 1 / limit, now)
        if self._due > now:
            self._sleep(self._due - now)


class Pace:
    """Says when something that is done at a limited rate is due again.

    Args:
        rate: about the most a second; a slightly uneven loop of that rate is not slowed down.
            `begin` may take another for the next time.
        now: the source of real time [s].
    """

    def __init__(self, rate: float, now: Callable[[], float] = time.perf_counter) -> None:
        self._now = now
        self._rate = rate
        self._due = now()

    def is_due(self) -> bool:
        """Return whether it is time."""
        return self._now() >= self._due

    def begin(self, rate: float | None = None) -> None:
        """Note that it is done now."""
        self._due = self._now() + 0.9 / (rate or self._rate)

    def seconds_left(self) -> float:
        """Return how long it is until it is time [s], 0 when it is."""
        return max(0.0, self._due - self._now())


class FrameRate:
    """Frames a second, averaged over about the last half second."""

    def __init__(self, now: Callable[[], float] = time.perf_counter) -> None:
        self._now = now
        self._last = now()
        self._seconds = 0.0  # smoothed length of a frame

    def tick(self) -> float:
        """Count a frame and return the rate [1/s]."""
        now = self._now()
        length, self._last = max(now - self._last, 1e-6), now
        weight = min(1.0, length / 0.5) if self._seconds else 1.0
        self._seconds += (length - self._seconds) * weight
        return 1 / self._seconds

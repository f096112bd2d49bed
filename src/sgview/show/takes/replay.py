"""Playing a take again: frame for frame as it was, or at another rate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from msgspec.structs import replace

from sgview.show.crossfade import RunningFade
from sgview.show.resolver import Act, Resolver
from sgview.show.script_frame import Change, apply_changes
from sgview.show.takes.take import Frame, RecordedNetwork, Take
from sgview.show.travel import Travel
from sgview.signals.incoming import Instant
from sgview.state.motion import Motion
from sgview.state.networks import Slot
from sgview.state.params import Params
from sgview.state.validation import ConfigError

JUMP = 0.25  # time that moves further than this beyond its usual pace was moved by hand [s]


@dataclass(frozen=True)
class Shot:
    """One picture to render."""

    params: Params  # all resolved
    t: float  # [s]
    networks: dict[Slot, RecordedNetwork]
    motion: Motion | None = None  # None: as the engine finds it from `t`


def replay(take: Take, fps: float | None = None) -> Iterator[Shot]:
    """Yield what was played.

    Args:
        take: what was recorded.
        fps: pictures a second; None: exactly the recorded frames, however far apart they were.

    Raises:
        ConfigError: if a frame holds what cannot be played.
    """
    resolver = Resolver()
    resolver.shown = take.header.shown
    resolver.travel = None if take.header.sgview_take == 1 else Travel(take.header.travel)
    if (fade := take.header.fade) is not None:
        resolver.crossfade.running = RunningFade(fade.origin, fade.since, fade.seconds, fade.easing)
    for frame in take.frames if fps is None else _resampled(take.frames, fps):
        if frame.fade is not None:
            resolver.fade(frame.fade.seconds, frame.fade.easing)
        try:
            resolved = resolver.resolve(frame.params, frame.instant, _act(frame.changes))
        except (ValueError, LookupError) as error:
            raise ConfigError(
                f"the take at {frame.time:.2f} s cannot be played: {error}"
            ) from error
        yield Shot(resolved.params, frame.instant.t, frame.networks, resolved.motion)


def count(take: Take, fps: float | None = None) -> int:
    """Return how many pictures `replay` yields."""
    return len(take.frames) if fps is None else int(take.seconds * fps + 1e-6) + 1


def _act(changes: tuple[Change, ...]) -> Act:
    return lambda params, instant: (apply_changes(params, changes), changes)


def _resampled(frames: tuple[Frame, ...], fps: float) -> Iterator[Frame]:
    """Yield frames that are evenly apart: values as they were last, time in between."""
    start, end = frames[0].time, frames[-1].time
    place, last_t = 0, frames[0].instant.t
    for n in range(int((end - start) * fps + 1e-6) + 1):
        time = start + n / fps
        fade = frames[0].fade if n == 0 else None
        restarts = frames[0].instant.restarts if n == 0 else ()
        while place + 1 < len(frames) and frames[place + 1].time <= time + 1e-9:
            place += 1
            fade = frames[place].fade or fade
            restarts += frames[place].instant.restarts
        frame = frames[place]
        following = frames[place + 1] if place + 1 < len(frames) else frame
        instant = _between(frame, following, time)
        elapsed = 1 / fps if n else frame.instant.elapsed
        instant = replace(
            instant, restarts=restarts, elapsed=elapsed, dt=instant.t - last_t if n else instant.dt
        )
        last_t = instant.t
        yield Frame(time, instant, frame.params, frame.changes, fade, frame.networks)


def _between(frame: Frame, following: Frame, time: float) -> Instant:
    """Let time and beat run on to the next frame, unless they were moved by hand."""
    here, there = frame.instant, following.instant
    span = following.time - frame.time
    if span <= 0.0:
        return here
    share = (time - frame.time) / span
    speed = abs(frame.params.playback.speed)
    has_jumped = abs(there.t - here.t) > span * max(speed, 1.0) + JUMP
    t = here.t if has_jumped else here.t + (there.t - here.t) * share
    is_beat_steady = abs(there.beat - here.beat) < 1.0
    beat = here.beat + (there.beat - here.beat) * share if is_beat_steady else here.beat
    return replace(here, t=t, beat=beat)

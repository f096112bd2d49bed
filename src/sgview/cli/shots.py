"""What `sgview render` renders: parameters and time of each picture, from settings or a take."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from msgspec.structs import replace

from sgview.settings import Settings
from sgview.show.resolver import Resolver
from sgview.show.script import Script
from sgview.show.takes.replay import Shot, count, replay
from sgview.show.takes.take import read_take
from sgview.signals import Inputs, Instant
from sgview.signals.sound.sound import Hearing
from sgview.signals.sound.tempo import Tempo
from sgview.state.sound import Sound
from sgview.state.validation import ConfigError

FRAMES, FPS = 300, 30.0  # where nothing says otherwise


@dataclass(frozen=True)
class Plan:
    """A film to render."""

    shots: Iterator[Shot]
    count: int
    fps: float
    notice: str = ""


def with_sound(settings: Settings, path: Path | None) -> Settings:
    """Return `settings` that listen to a file, if there is one."""
    if path is None:
        return settings
    sound: Sound = replace(settings.sound, source="file", file=str(path))
    return replace(settings, sound=sound)


def plan_settings(settings: Settings, args: argparse.Namespace) -> Plan:
    """Plan frame n at t = start + n / fps * speed.

    Raises:
        ConfigError: if a sound file or script cannot be used.
    """
    frames, fps = args.frames or FRAMES, args.fps or FPS
    if settings.sound.source == "input":
        settings = replace(settings, sound=Sound())  # there is nobody to listen to
    return Plan(_play(settings, args.start, fps, frames, args.script), frames, fps)


def plan_take(args: argparse.Namespace) -> Plan:
    """Plan what a take holds.

    Raises:
        ConfigError: if it cannot be read.
    """
    take = read_take(args.take)
    number = count(take, args.fps)
    first = min(round(args.start * (args.fps or take.rate)), number - 1)
    wanted = min(args.frames or number, number - first)
    notice = f"{args.take} ends in the middle: its recording was cut short" * take.is_cut_short
    shots = islice(replay(take, args.fps), first, first + wanted)
    return Plan(shots, wanted, args.fps or round(take.rate, 3), notice)


def _play(
    settings: Settings, start: float, fps: float, frames: int, script_path: Path | None
) -> Iterator[Shot]:
    """Play as the window would, at an even pace."""
    params = settings.params
    resolver = Resolver()
    tempo = Tempo(settings.tempo.bpm, is_following=settings.tempo.follows_sound)
    script = Script(script_path, is_watched=False) if script_path is not None else None
    with closing(Hearing(settings.sound)) as hearing:
        hearing.wait()
        t = start
        for n in range(frames):
            position = start + n / fps
            elapsed = 1 / fps if n else 0.0
            audio, bands = hearing.hear(position)
            if n:
                tempo.advance(elapsed, hearing.tempo(position))
            else:
                tempo.start_at(position, hearing.tempo(position))
            before, t = t, start + n / fps * params.playback.speed
            inputs = Inputs(audio=audio, bands=bands)
            instant = Instant(t, t - before, elapsed, beat=tempo.beat, bpm=tempo.bpm, inputs=inputs)
            resolved = resolver.resolve(params, instant, script.run if script else None)
            if script is not None and script.status.error:
                line = f", line {script.status.line}" if script.status.line else ""
                raise ConfigError(f"{script.status.file}{line}: {script.status.error}")
            yield Shot(resolved.params, t, {})

"""What `sgview render` renders: parameters and time of each picture, from settings or a take."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from msgspec.structs import replace

from sgview.settings import Settings
from sgview.show.clock import EvenClock
from sgview.show.player import Player
from sgview.show.takes.replay import Shot, count, replay
from sgview.show.takes.take import read_take
from sgview.state.networks import NetworkStatus, Slot
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


def plan_settings(
    settings: Settings, args: argparse.Namespace, networks: Mapping[Slot, NetworkStatus]
) -> Plan:
    """Plan frame n at t = start + n / fps * speed.

    Args:
        settings: what plays.
        args: the command line.
        networks: what a script may name; filled before the first picture is asked for.

    Raises:
        ConfigError: if a sound file or script cannot be used.
    """
    frames, fps = args.frames or FRAMES, args.fps or FPS
    if settings.sound.source == "input":
        settings = replace(settings, sound=Sound())  # there is nobody to listen to
    shots = _play(settings, args.start, fps, frames, args.script, networks)
    return Plan(shots, frames, fps)


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
    settings: Settings,
    start: float,
    fps: float,
    frames: int,
    script_path: Path | None,
    networks: Mapping[Slot, NetworkStatus],
) -> Iterator[Shot]:
    """Play as the window would, at an even pace."""
    with Player(settings, EvenClock(start, fps)) as player:
        player.open_script(script_path, is_watched=False)
        player.wait_for_sound()
        for _ in range(frames):
            incoming = player.advance(settings.params, networks)
            resolved = player.resolve(incoming.params)
            if player.script is not None and (status := player.script.status).error:
                line = f", line {status.line}" if status.line else ""
                raise ConfigError(f"{status.file}{line}: {status.error}")
            yield Shot(resolved.params, player.instant.t, {})

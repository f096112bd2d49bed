"""What `sgview render` renders: parameters and time of each picture, from settings or a take."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from dataclasses import replace as replace_plan
from itertools import islice
from pathlib import Path

from msgspec.structs import replace

from sgview.settings import Settings
from sgview.show.clock import EvenClock
from sgview.show.player import Player
from sgview.show.takes.replay import Shot, count, replay
from sgview.show.takes.take import Take, read_take
from sgview.state.ground_params import loop_of
from sgview.state.idle import stands
from sgview.state.latent_paths import loop_length
from sgview.state.networks import NetworkStatus, Slot, spread_blend
from sgview.state.sound import Sound
from sgview.state.user_files import UserFile, user_files
from sgview.state.validation import ConfigError

MOST_LOOPED = 1_000_000  # pictures
FRAMES, FPS = 300, 30.0  # where nothing says otherwise


@dataclass(frozen=True)
class Plan:
    """A film to render."""

    shots: Iterator[Shot]
    count: int
    fps: float
    notice: str = ""
    files: frozenset[UserFile] = frozenset()  # that pictures may be made from


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
    pace = fps  # frames of a second of time
    if args.loop:
        period = _period(settings)
        frames = max(round(period * fps), 1)
        if frames > MOST_LOOPED:
            raise ConfigError(f"--loop would make {frames} pictures, {MOST_LOOPED} at most")
        pace = frames / period
    shots = _play(settings, args.start, pace, frames, args.script, networks)
    return Plan(shots, frames, fps, files=user_files(settings.params))


def _period(settings: Settings) -> float:
    """Return after how many seconds what plays repeats.

    Raises:
        ConfigError: if it does not.
    """
    params = settings.params
    length, is_in_beats = loop_length(params)
    if params.latents.motion == 0.0 or stands(params):
        length, is_in_beats = loop_of(params.ground)
    pace = abs(params.playback.speed)
    if length <= 0.0 or pace <= 0.0:
        raise ConfigError(
            "there is nothing that loops: set noise.loop with the source noise, or a path that is "
            "closed or ping-pong, and let it move"
        )
    return (length * 60.0 / settings.tempo.bpm if is_in_beats else length) / pace


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
    return Plan(shots, wanted, args.fps or round(take.rate, 3), notice, _files_of(take))


def _files_of(take: Take) -> frozenset[UserFile]:
    """Return the files that the pictures of a take may be made from."""
    files, last = user_files(take.header.params) | user_files(take.header.shown), None
    for frame in take.frames:
        if frame.params is not last:
            files, last = files | user_files(frame.params), frame.params
    return files


def part_of(plan: Plan, first: int, end: int | None) -> Plan:
    """Return the plan of some pictures of a film; those before them are played, but not made.

    Raises:
        ConfigError: if there are none.
    """
    asked = f"{first}:" if end is None else f"{first}:{end}"
    end = plan.count if end is None else min(end, plan.count)
    if first >= end:
        raise ConfigError(f"--range {asked} leaves nothing of {plan.count} pictures")
    if (first, end) == (0, plan.count):
        return plan
    return replace_plan(plan, shots=islice(plan.shots, first, end), count=end - first)


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
        params = spread_blend(settings.params, networks)
        for _ in range(frames):
            incoming = player.advance(params, networks)
            resolved = player.resolve(incoming.params)
            if player.script is not None and (status := player.script.status).error:
                line = f", line {status.line}" if status.line else ""
                raise ConfigError(f"{status.file}{line}: {status.error}")
            yield Shot(resolved.params, player.instant.t, {}, resolved.motion)

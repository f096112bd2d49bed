"""`sgview render`: pictures or a video without a screen, as they would play live."""

from __future__ import annotations

import argparse
import sys
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from sgview.cli import options, shots
from sgview.cli.films.casting import TakeNetworks, check
from sgview.cli.films.frames import pictures_of
from sgview.cli.films.where import workers
from sgview.cli.interrupts import Interrupts, interrupts
from sgview.cli.targets import make_room, refuse_to_replace
from sgview.outputs.film_writers import open_film_writer
from sgview.settings import NetworkSettings
from sgview.show.takes.replay import Shot
from sgview.state.validation import ConfigError

if TYPE_CHECKING:
    from sgview.engine.engine import Engine

SLOWEST, FASTEST = 0.01, 1000.0  # of a film [pictures/s]
MOST_FRAMES = 100_000_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `sgview render`."""
    options.add_arguments(parser)
    parser.add_argument("--take", type=Path, metavar="FILE", help="play a recorded take again")
    parser.add_argument("--script", type=Path, metavar="FILE.py", help="let a script play along")
    parser.add_argument("--audio", type=Path, metavar="FILE", help="sound that audio() listens to")
    parser.add_argument("--frames", type=int, metavar="N", help="pictures (300; of a take: all)")
    parser.add_argument(
        "--fps",
        type=options.number,
        metavar="X",
        help="a second (30; of a take: the recorded frames)",
    )
    parser.add_argument(
        "--start", type=options.number, default=0.0, metavar="T", help="first t [s] (0)"
    )
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="FILE|FOLDER",
        help="film.mp4 (.mov .mkv .webm), or a folder for PNG files",
    )
    parser.add_argument(
        "--workers",
        type=workers,
        metavar="N|ray://HOST:PORT",
        help="let so many processes make the film, a GPU each where there are some, or a Ray "
        "cluster; an interrupted film goes on where it ended (pip install 'sgview[farm]')",
    )
    parser.add_argument(
        "--threads", type=int, metavar="N", help="cores for each of --workers (a fair share)"
    )
    parser.add_argument(
        "--report", type=Path, metavar="FILE.json", help="write what --workers took, as JSON"
    )
    parser.add_argument(
        "--force", action="store_true", help="replace a film or pictures that are there already"
    )


def run(args: argparse.Namespace) -> int:
    """Render frame n at t = start + n / fps * speed, or a take; the same command, the same bytes.

    Raises:
        ConfigError: if an argument, setting, layer, edit, script or take cannot be used.
        CheckpointError: if a network cannot be read.
        OutputError: if the file cannot be written.
    """
    if (args.frames is not None and args.frames < 1) or (args.fps is not None and args.fps <= 0):
        raise ConfigError("--frames and --fps must be greater than zero")
    if args.fps is not None and not SLOWEST <= args.fps <= FASTEST:
        raise ConfigError(f"--fps must be between {SLOWEST:g} and {FASTEST:g}, not {args.fps:g}")
    if args.frames is not None and args.frames > MOST_FRAMES:
        raise ConfigError(f"--frames must be at most {MOST_FRAMES}")
    if args.take is not None:
        _refuse_beside_take(args)
    if not args.force and args.workers is None:
        refuse_to_replace(args.out)
    with interrupts() as asked:
        return _run(args, asked)


def _run(args: argparse.Namespace, asked: Interrupts) -> int:
    settings = shots.with_sound(options.settings_from(args), args.audio)
    plan = shots.plan_take(args) if args.take else shots.plan_settings(settings, args)
    if plan.notice:
        print(f"sgview: {plan.notice}", file=sys.stderr)

    if args.workers is not None:
        from sgview.cli.films import scale_out

        return scale_out.render(args, settings, plan, asked)
    with options.open_engine(settings) as engine:
        if args.take is None or args.a is not None or args.demo is not None:
            _open_networks(engine, settings.networks)
            if args.take is None:
                check(engine, settings.params)
            follows_take = False
        else:
            follows_take = True
        return _render(engine, plan, args.out, asked, follows_take=follows_take)


def _refuse_beside_take(args: argparse.Namespace) -> None:
    """A take says itself what it plays."""
    names = ("preset", "layer", "psi", "seed", "script", "audio", "edit", "blend")
    for name in (*names, "flip_h", "flip_v"):
        if getattr(args, name) not in (None, False, []):
            option = name.replace("_", "-")
            raise ConfigError(f"--{option} does not go with --take, which holds what was played")


def _open_networks(engine: Engine, networks: NetworkSettings) -> None:
    from sgview.engine.networks import open_networks

    for slot, network in open_networks(networks.a, networks.b, networks.demo).items():
        engine.set_network(slot, network)


def _render(
    engine: Engine, plan: shots.Plan, out: Path, asked: Interrupts, *, follows_take: bool
) -> int:
    cast = TakeNetworks(engine)
    first = [next(plan.shots)]  # what cannot be read or heard is refused before a file is made
    make_room(out)
    writer = open_film_writer(out, plan.fps)
    written = 0
    shots_left = chain(first, plan.shots)
    bar = tqdm(total=plan.count, unit="frame", desc=str(out), disable=None)

    def prepare(shot: Shot) -> None:
        if follows_take:
            cast.set(shot.networks)

    asked.begin()
    try:
        for pixels in pictures_of(engine, shots_left, prepare, lambda: not asked.is_wanted):
            writer.write(pixels)
            written += 1
            bar.update()
    except KeyboardInterrupt:
        asked.count += 1
    finally:
        bar.close()
        writer.close()
    notes = [f"{notice.text} {notice.hint}" for notice in engine.take_notices()]
    for note in [*notes, *filter(None, [writer.note])]:
        print(f"sgview: {note}", file=sys.stderr)
    if asked.is_wanted and written < plan.count:
        print(f"sgview: stopped; {out} holds {written} pictures", file=sys.stderr)
        return 130
    print(f"{out}: {written} pictures, {written / plan.fps:.1f} s", file=sys.stderr)
    return 0

"""`sgview render`: pictures or a video without a screen, as they would play live."""

from __future__ import annotations

import argparse
import sys
from collections import deque
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace
from tqdm import tqdm

from sgview.cli import fetching, options, shots
from sgview.cli.interrupts import Interrupts, interrupts
from sgview.cli.targets import refuse_to_replace
from sgview.cli.unfinished import Unfinished, ingredients, manifest_of
from sgview.outputs.video import OutputError, PictureWriter
from sgview.settings import NetworkSettings
from sgview.show.takes.take import RecordedNetwork
from sgview.signals import Instant, Signals
from sgview.state.networks import SLOTS, NetworkStatus, Slot, resolve_layer, shown_network
from sgview.state.params import Params
from sgview.state.places import is_file
from sgview.state.validation import ConfigError

if TYPE_CHECKING:
    from sgview.engine.engine import Engine
    from sgview.engine.network import Network

SLOWEST, FASTEST = 0.01, 1000.0  # of a film [pictures/s]
MOST_FRAMES = 100_000_000
SG3_NAMES = ("sg3-blooms", "sg3-planets")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `sgview render`."""
    options.add_arguments(parser)
    parser.add_argument("--take", type=Path, metavar="FILE", help="play a recorded take again")
    parser.add_argument("--script", type=Path, metavar="FILE.py", help="let a script play along")
    parser.add_argument("--audio", type=Path, metavar="FILE", help="sound that audio() listens to")
    parser.add_argument(
        "--loop", action="store_true", help="exactly one period of what loops: noise, or a path"
    )
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
        "--force", action="store_true", help="replace a film or pictures that are there already"
    )
    parser.add_argument(
        "--resume", action="store_true", help="go on with a film or pictures that were interrupted"
    )


def run(args: argparse.Namespace) -> int:
    """Render frame n at t = start + n / fps * speed, or a take; the same command, the same bytes.

    Raises:
        ConfigError: if an argument, setting, layer, edit, script or take cannot be used.
        CheckpointError: if a network cannot be read.
        OutputError: if the file cannot be written.
        DownloadError: if an address gives no network.
    """
    if (args.frames is not None and args.frames < 1) or (args.fps is not None and args.fps <= 0):
        raise ConfigError("--frames and --fps must be greater than zero")
    if args.fps is not None and not SLOWEST <= args.fps <= FASTEST:
        raise ConfigError(f"--fps must be between {SLOWEST:g} and {FASTEST:g}, not {args.fps:g}")
    if args.frames is not None and args.frames > MOST_FRAMES:
        raise ConfigError(f"--frames must be at most {MOST_FRAMES}")
    if args.loop and args.frames is not None:
        raise ConfigError("--loop says itself how many pictures there are: leave --frames out")
    if args.take is not None:
        _refuse_beside_take(args)
    if args.force and args.resume:
        raise ConfigError("--resume goes on, --force begins again: choose one of them")
    if not args.force and not args.resume:
        refuse_to_replace(args.out, is_unfinished=is_file(manifest_of(args.out)))
    with interrupts() as asked:
        return _run(args, asked)


def _run(args: argparse.Namespace, asked: Interrupts) -> int:
    settings = shots.with_sound(options.settings_from(args), args.audio)
    networks = fetching.with_files(settings.networks, is_agreed=args.yes)
    settings = replace(settings, networks=networks)
    named: dict[Slot, NetworkStatus] = {}
    plan = shots.plan_take(args) if args.take else shots.plan_settings(settings, args, named)
    if plan.notice:
        print(f"sgview: {plan.notice}", file=sys.stderr)
    film = Unfinished(args.out, ingredients(args, settings, plan), plan)
    if args.resume and not film.resume():
        print(f"{args.out}: {plan.count} pictures, whole already", file=sys.stderr)
        return 0

    with options.open_engine(settings) as engine:
        if args.take is None or args.a is not None or args.demo is not None:
            _open_networks(engine, settings.networks)
            named |= {slot: network.status for slot, network in engine.networks.items()}
            if args.take is None:
                _check(engine, settings.params)
            follows_take = False
        else:
            follows_take = True
        return _render(engine, plan, film, asked, follows_take=follows_take)


def _refuse_beside_take(args: argparse.Namespace) -> None:
    """A take says itself what it plays."""
    names = ("preset", "layer", "psi", "seed", "script", "audio", "edit", "blend", "loop")
    for name in (*names, "flip_h", "flip_v"):
        if getattr(args, name) not in (None, False, []):
            option = name.replace("_", "-")
            raise ConfigError(f"--{option} does not go with --take, which holds what was played")


def _open_networks(engine: Engine, networks: NetworkSettings) -> None:
    from sgview.engine.networks import open_networks

    for slot, network in open_networks(networks.a, networks.b, networks.demo).items():
        engine.set_network(slot, network)


def _check(engine: Engine, params: Params) -> None:
    """Refuse what would play live with a notice, but leave a take that nobody wanted."""
    resolved, signals = Signals().resolve(params, Instant(0.0))
    picture = engine.render(resolved, 0.0)
    assert picture is not None  # a network was set
    statuses: dict[Slot, NetworkStatus] = {
        slot: network.status for slot, network in engine.networks.items()
    }
    shown = shown_network(resolved, statuses)
    assert shown is not None
    if resolve_layer(params.layer.name, shown.layers) is None:
        names = ", ".join(layer.name for layer in shown.layers)
        raise ConfigError(f"{shown.name} has no layer {params.layer.name!r}; there is {names}")
    for edit, expression, act in zip(params.edits, signals.edits, picture.edits, strict=True):
        if problem := expression.error or act.error:
            raise ConfigError(f"the edit of {edit.tensor} cannot act: {problem}")
    groups = {group.name: group for group in picture.blend_groups}
    for name, amount in params.blend.amounts.items():
        if amount and (name not in groups or not groups[name].is_blendable):
            choices = f"there is {', '.join(groups)}" if groups else "there is no network B"
            cause = groups[name].reason if name in groups else choices
            raise ConfigError(f"group {name} cannot blend: {cause}")
    engine.take_notices()


def _render(
    engine: Engine, plan: shots.Plan, film: Unfinished, asked: Interrupts, *, follows_take: bool
) -> int:
    cast = TakeNetworks(engine) if follows_take else None
    deque(islice(plan.shots, film.there), maxlen=0)  # these are there; time goes by all the same
    first = list(islice(plan.shots, 1))  # what cannot be read is refused before a file is made
    writer = film.open()
    bar = tqdm(
        chain(first, plan.shots), total=plan.count, initial=film.there, unit="frame",
        desc=str(film.out), disable=None,
    )  # fmt: skip
    asked.begin()
    try:
        written = _write(engine, writer, bar, asked, cast)
        is_whole = film.there + written == plan.count
        stopped = "" if is_whole else film.stop(written)
        if is_whole:
            film.finish(written)
    except OutputError as error:
        raise OutputError(f"{error}{film.after_failure()}") from error
    notes = [f"{notice.text} {notice.hint}" for notice in engine.take_notices()]
    for note in [*notes, *filter(None, [writer.note])]:
        print(f"sgview: {note}", file=sys.stderr)
    if stopped:
        print(f"sgview: stopped; {stopped}", file=sys.stderr)
        return 130
    print(f"{film.out}: {plan.count} pictures, {plan.count / plan.fps:.1f} s", file=sys.stderr)
    return 0


def _write(
    engine: Engine,
    writer: PictureWriter,
    bar: tqdm[shots.Shot],
    asked: Interrupts,
    cast: TakeNetworks | None,  # of a take that says itself which networks play
) -> int:
    """Make and write pictures until all are there or the user wants to stop; return how many."""
    written = 0
    try:
        for shot in bar:
            if cast is not None:
                cast.set(shot.networks)
            picture = engine.render(shot.params, shot.t, shot.motion)
            if picture is None:
                raise ConfigError("the take plays no network there: name one on the command line")
            if asked.is_wanted:
                break
            writer.write(picture.rgba8.cpu().numpy())
            written += 1
    except KeyboardInterrupt:
        asked.count += 1
    finally:
        bar.close()
        writer.close()
    return written


class TakeNetworks:
    """Sets the networks that a take names, each read once."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._now: dict[Slot, RecordedNetwork] = {}
        self._read: dict[RecordedNetwork, Network] = {}

    def set(self, networks: dict[Slot, RecordedNetwork]) -> None:
        """Play these from the next picture on.

        Raises:
            CheckpointError: if a file cannot be read.
            ConfigError: if a built-in network has another name here.
        """
        if networks == self._now:
            return
        for slot in SLOTS:
            wanted = networks.get(slot)
            if wanted != self._now.get(slot):
                self._engine.set_network(slot, None if wanted is None else self._find(wanted))
        self._now = networks

    def _find(self, wanted: RecordedNetwork) -> Network:
        from sgview.engine.networks import builtin_networks, load_network

        if wanted not in self._read and wanted.path:
            self._read[wanted] = load_network(wanted.path)
        elif wanted not in self._read:
            pair = builtin_networks("sg3" if wanted.name in SG3_NAMES else "sg2")
            for network in pair:
                name = network.status.name
                self._read[RecordedNetwork(path="", name=name)] = network
        if wanted not in self._read:
            raise ConfigError(
                f"there is no built-in network {wanted.name}: name networks on the command line"
            )
        return self._read[wanted]

"""`sgview render`: pictures or a video without a screen, as they would play live."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from sgview.cli import options
from sgview.outputs.video import open_writer
from sgview.settings import Settings
from sgview.signals import Instant, Signals
from sgview.state.commands import Slot
from sgview.state.params import Params
from sgview.state.validation import ConfigError

if TYPE_CHECKING:
    from sgview.engine.engine import Engine


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `sgview render`."""
    options.add_arguments(parser)
    parser.add_argument("--frames", type=int, default=300, metavar="N", help="pictures (300)")
    parser.add_argument("--fps", type=float, default=30.0, metavar="X", help="a second (30)")
    parser.add_argument("--start", type=float, default=0.0, metavar="T", help="first t [s] (0)")
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="FILE|FOLDER",
        help="take.mp4 (.mov .mkv .webm), or a folder for PNG files",
    )


def run(args: argparse.Namespace) -> int:
    """Render frame n at t = start + n / fps * speed, so that the same command gives the same take.

    Raises:
        ConfigError: if an argument, setting, layer or edit cannot be used.
        CheckpointError: if a network cannot be read.
        OutputError: if the file cannot be written.
    """
    if args.frames < 1 or args.fps <= 0:
        raise ConfigError("--frames and --fps must be greater than zero")
    settings = options.settings_from(args)

    with options.open_engine(settings) as engine:
        _open_networks(engine, settings)
        _check(engine, settings.params)
        return _render(engine, settings.params, args)


def _open_networks(engine: Engine, settings: Settings) -> None:
    from sgview.engine.loader import builtin_networks, load_network

    a, b = settings.networks.a, settings.networks.b
    if a:
        networks = [load_network(path) for path in (a, b) if path]
    else:
        networks = builtin_networks(settings.networks.demo)
    slots: tuple[Slot, Slot] = ("a", "b")
    for slot, network in zip(slots, networks, strict=False):
        engine.set_network(slot, network)


def _check(engine: Engine, params: Params) -> None:
    """Refuse what would play live with a notice, but leave a take that nobody wanted."""
    from sgview.engine.layers import resolve_layer

    resolved, signals = Signals().resolve(params, Instant(0.0))
    picture = engine.render(resolved, 0.0)
    assert picture is not None  # a network was set
    shown = engine.networks["a"].status
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


def _render(engine: Engine, params: Params, args: argparse.Namespace) -> int:
    signals = Signals()
    writer = open_writer(args.out, args.fps)
    written = 0
    try:
        for n in tqdm(range(args.frames), unit="frame", desc=str(args.out), disable=None):
            t = args.start + n / args.fps * params.playback.speed
            dt = params.playback.speed / args.fps
            instant = Instant(t, dt if n else 0.0, 1 / args.fps if n else 0.0)
            picture = engine.render(signals.resolve(params, instant)[0], t)
            assert picture is not None
            writer.write(picture.rgba8.cpu().numpy())
            written += 1
    except KeyboardInterrupt:
        print(f"sgview: stopped; {args.out} holds {written} pictures", file=sys.stderr)
        return 130
    finally:
        writer.close()
    for notice in engine.take_notices():
        print(f"sgview: {notice.text} {notice.hint}", file=sys.stderr)
    print(f"{args.out}: {written} pictures, {written / args.fps:.1f} s", file=sys.stderr)
    return 0

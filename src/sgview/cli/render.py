"""`sgview render`: pictures or a video without a screen, as they would play live."""

from __future__ import annotations

import argparse
import sys
from collections import deque
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace
from tqdm import tqdm

from sgview.cli import fetching, options, shots
from sgview.cli.films.casting import TakeNetworks, check, check_class
from sgview.cli.films.frames import FilmFrame, pictures_of
from sgview.cli.films.several import SeveralFilms, options_of
from sgview.cli.films.where import size, span, workers
from sgview.cli.interrupts import Interrupts, interrupts
from sgview.cli.targets import refuse_to_replace
from sgview.cli.unfinished import Unfinished, ingredients, manifest_of
from sgview.cli.warm_up import warm_up, without_collecting
from sgview.outputs.film_writers import (
    FILM_CODECS,
    check_alpha,
    codec_of,
    open_film_writer,
)
from sgview.outputs.video import CODECS, OutputError, PictureWriter
from sgview.settings import NetworkSettings
from sgview.show.takes.replay import Shot
from sgview.state.networks import NetworkStatus, Slot
from sgview.state.output_frame import FITS, PICTURE, SIZES
from sgview.state.places import is_file
from sgview.state.validation import ConfigError

if TYPE_CHECKING:
    from sgview.engine.engine import Engine

SLOWEST, FASTEST = 0.01, 1000.0  # of a film [pictures/s]
MOST_FRAMES = 100_000_000
SHEETS = (".png", ".jpg", ".jpeg", ".webp")


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
        action="append",
        required=True,
        dest="outs",
        metavar="FILE|FOLDER",
        help="film.mp4 (.mov .mkv .webm), or a folder for PNG files; may be repeated: all are "
        "written at once",
    )
    parser.add_argument(
        "--codec",
        choices=FILM_CODECS,
        help="how a film is encoded (H.264, of .webm VP9); prores goes into .mov, ffv1 into .mkv",
    )
    parser.add_argument(
        "--quality",
        type=options.number,
        metavar="X",
        help="of a film, 0 (small) to 100 (near lossless); 80, of VP9 and AV1 65",
    )
    parser.add_argument(
        "--range",
        type=span,
        default=(0, None),
        metavar="FIRST:END",
        help="only these pictures, counted from 0 and without END; either may be left out",
    )
    parser.add_argument(
        "--sound",
        type=Path,
        metavar="FILE",
        help="put this sound beside the film, from --start on; the file of --audio may be given",
    )
    parser.add_argument(
        "--preview",
        type=Path,
        metavar="FILE.png",
        help="write a contact sheet of the film too (.png .jpg .webp)",
    )
    parser.add_argument(
        "--size",
        type=size,
        default=PICTURE,
        metavar="WxH",
        help=f"of the film, e.g. 1920x1080, or {', '.join(list(SIZES)[1:])} (that of the network)",
    )
    parser.add_argument(
        "--fit", choices=FITS, default="fit", help="how the picture lies in --size (fit)"
    )
    parser.add_argument(
        "--alpha",
        action="store_true",
        help="write alpha: PNG, or --codec prores, vp9 (.webm), ffv1",
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
    if args.quality is not None and not 0 <= args.quality <= 100:
        raise ConfigError(f"--quality must be between 0 and 100, not {args.quality:g}")
    args.out, *others = args.outs = list(dict.fromkeys(args.outs))
    _refuse_beside(args)
    codec = codec_of(args.out, args.codec)  # refused before anything is read
    if args.alpha:
        check_alpha(args.out, codec)
    for other in others:
        codec_of(other)
    if args.force and args.resume:
        raise ConfigError("--resume goes on, --force begins again: choose one of them")
    if not args.force and not args.resume and args.workers is None:
        for out in args.outs:
            refuse_to_replace(out, is_unfinished=is_file(manifest_of(out)))
    with interrupts() as asked:
        code = _run(args, asked)
    if code == 0:
        _add_to_film(args)
    return code


def _refuse_beside(args: argparse.Namespace) -> None:
    """Refuse options that do not go together, before anything is read."""
    for out in args.outs:
        if out.name in ("", ".."):
            raise ConfigError(f"--out {out}: name a film, or a folder of its own for PNG pictures")
    for option in ("report", "threads"):
        if args.workers is None and getattr(args, option) is not None:
            raise ConfigError(f"--{option} is for --workers: give that too")
    if args.threads is not None and args.threads < 1:
        raise ConfigError(f"--threads must be at least 1, not {args.threads}")
    if args.sound is not None:
        if all(out.suffix.lower() not in CODECS for out in args.outs):
            raise ConfigError("--sound goes into films, and PNG files have none")
        if not is_file(args.sound):
            raise ConfigError(f"--sound {args.sound}: there is no such file")
    if args.preview is not None and args.preview.suffix.lower() not in SHEETS:
        raise ConfigError(f"--preview {args.preview}: use a name that ends in {', '.join(SHEETS)}")


def _add_to_film(args: argparse.Namespace) -> None:
    """Add what wants the whole film: sound, and a contact sheet."""
    first, _ = args.range
    if args.sound is not None:
        from sgview.outputs.film_sound import add_sound

        begun = max(args.start, 0.0) + first / args.made_at
        for out in args.outs:
            if out.suffix.lower() in CODECS:
                codec = codec_of(out, args.codec if out == args.out else None)
                add_sound(out, args.sound, codec, begun)
    if args.preview is not None:
        from sgview.outputs.contact_sheet import write_contact_sheet

        write_contact_sheet(args.out, args.preview)


def _run(args: argparse.Namespace, asked: Interrupts) -> int:
    settings = shots.with_sound(options.settings_from(args), args.audio)
    networks = fetching.with_files(settings.networks, is_agreed=args.yes)
    settings = replace(settings, networks=networks)
    named: dict[Slot, NetworkStatus] = {}
    plan = shots.plan_take(args) if args.take else shots.plan_settings(settings, args, named)
    plan = shots.part_of(plan, *args.range)
    args.made_at = plan.fps
    if plan.notice:
        print(f"sgview: {plan.notice}", file=sys.stderr)
    if args.workers is not None:
        from sgview.cli.films import scale_out

        return scale_out.render(args, settings, plan, asked, named)
    # While networks and takes are hashed, which leaves Python to others.
    warm_up(settings.device, is_film=any(out.suffix.lower() in CODECS for out in args.outs))
    made_of = ingredients(args, settings, plan)
    films = [
        Unfinished(out, made_of, plan, partial(open_film_writer, **options_of(args, out)))
        for out in args.outs
    ]
    film = films[0] if len(films) == 1 else SeveralFilms(films)
    if args.resume and not film.resume():
        print(f"{film.out}: {plan.count} pictures, whole already", file=sys.stderr)
        return 0

    with without_collecting():
        opened_engine = options.open_engine(settings)
    with opened_engine as engine:
        if args.take is None or args.a is not None or args.demo is not None:
            _open_networks(engine, settings.networks)
            named |= {slot: network.status for slot, network in engine.networks.items()}
            if args.take is None:
                check_class(options.class_of(settings.params, args), named)
                for note in check(engine, settings.params):
                    print(f"sgview: {note}", file=sys.stderr)
            follows_take = False
        else:
            follows_take = True
        frame = FilmFrame(args.size, args.fit, has_alpha=args.alpha)
        return _render(engine, plan, film, asked, frame, follows_take=follows_take)


def _refuse_beside_take(args: argparse.Namespace) -> None:
    """A take says itself what it plays."""
    names = ("preset", "layer", "psi", "seed", "script", "audio", "edit", "blend", "loop")
    for name in (*names, "canvas", "flip_h", "flip_v"):
        if getattr(args, name) not in (None, False, []):
            option = name.replace("_", "-")
            raise ConfigError(f"--{option} does not go with --take, which holds what was played")


def _open_networks(engine: Engine, networks: NetworkSettings) -> None:
    from sgview.engine.networks import open_networks

    for slot, network in open_networks(networks.a, networks.b, networks.demo).items():
        engine.set_network(slot, network)


def _render(
    engine: Engine,
    plan: shots.Plan,
    film: Unfinished | SeveralFilms,
    asked: Interrupts,
    frame: FilmFrame,
    *,
    follows_take: bool,
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
        written = _write(engine, writer, bar, asked, cast, frame)
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
    pictures = "1 picture" if plan.count == 1 else f"{plan.count} pictures"
    print(f"{film.out}: {pictures}, {plan.count / plan.fps:.1f} s", file=sys.stderr)
    return 0


def _write(
    engine: Engine,
    writer: PictureWriter,
    bar: tqdm[Shot],
    asked: Interrupts,
    cast: TakeNetworks | None,  # of a take that says itself which networks play
    frame: FilmFrame,
) -> int:
    """Make and write pictures until all are there or the user wants to stop; return how many."""
    written = 0

    def prepare(shot: Shot) -> None:
        if cast is not None:
            cast.set(shot.networks)

    try:
        for pixels in pictures_of(engine, bar, prepare, lambda: not asked.is_wanted, frame):
            writer.write(pixels)
            written += 1
    except KeyboardInterrupt:
        asked.count += 1
    finally:
        bar.close()
        writer.close()
    return written

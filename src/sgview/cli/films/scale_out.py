"""`sgview render --workers`: a film made by many workers, which goes on where it ended."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import msgspec
from tqdm import tqdm

from sgview.cli.films.casting import check_class, networks_of
from sgview.cli.films.farm import Farm
from sgview.cli.films.kept import KeptFilms, Wanted
from sgview.cli.films.recipe import Recipe, chunks_of, digest_file
from sgview.cli.films.several import options_of
from sgview.cli.interrupts import Interrupts
from sgview.cli.options import class_of
from sgview.cli.shots import Plan
from sgview.outputs.film_writers import check_alpha, codec_of
from sgview.outputs.video import OutputError
from sgview.settings import Settings
from sgview.state.networks import NetworkStatus, Slot
from sgview.state.user_files import UserFiles
from sgview.state.whole_file import write_whole


def render(
    args: argparse.Namespace,
    settings: Settings,
    plan: Plan,
    asked: Interrupts,
    named: dict[Slot, NetworkStatus],
) -> int:  # the exit code
    """Render a plan by the workers that `--workers` names.

    Args:
        args: the command line.
        settings: what plays.
        plan: its shots are asked for once `named` is filled.
        asked: whether the user wants to stop.
        named: takes what a script may name.

    Raises:
        ConfigError: if an argument does not fit, Ray cannot be used, or a shot cannot be played.
        CheckpointError: if a network cannot be read.
        OutputError: if a file cannot be written.
    """
    recipes = [recipe_of(args, settings, plan.fps, out) for out in args.outs]
    wanted = [
        Wanted(out, recipe, _made_of(args, settings, plan, recipe))
        for out, recipe in zip(args.outs, recipes, strict=True)
    ]
    films = KeptFilms(wanted, forces=args.force)
    follows_take = args.take is not None and args.a is None and args.demo is None
    networks = None if follows_take else networks_of(settings.networks)
    shots = plan.shots
    if networks is not None:
        shots = (replace(shot, networks=networks) for shot in shots)
    named_files = UserFiles(Path(settings.folders.latents))
    with Farm(args.workers, recipes, args.threads or 0, named_files) as farm:
        if networks is not None and args.take is None:
            named |= farm.check(settings.params, networks)
            check_class(class_of(settings.params, args), named)
        with tqdm(total=plan.count, unit="frame", desc=films.label, disable=None) as bar:
            films.begin(bar)
            asked.begin()
            try:
                chunks = films.missing(chunks_of(shots, recipes, farm.files))
                farm.make(chunks, films.keep, asked)
            except KeyboardInterrupt:
                asked.count += 1
        for note in films.notes:
            print(f"sgview: {note}", file=sys.stderr)
        if farm.lost:
            print(f"sgview: workers were lost ({farm.lost}); others made it good", file=sys.stderr)
        if asked.is_wanted:
            print(
                f"sgview: stopped; {films.count} of {plan.count} pictures are there, and the same"
                " command goes on with the others",
                file=sys.stderr,
            )
            return 130
        description, pace = farm.description, farm.pace
        starts = farm.starts() if args.report is not None else []
    films.finish()
    if args.report is not None:
        _report(args.report, films, farm, starts)
    seconds = films.count / plan.fps
    there = f" ({films.there} were there)" if films.there else ""
    rate = f", {pace.rate:.4g} pictures a second" if pace.rate else ""
    print(
        f"{films.label}: {films.count} pictures{there}, {seconds:.1f} s, by {description}{rate}",
        file=sys.stderr,
    )
    return 0


def recipe_of(args: argparse.Namespace, settings: Settings, fps: float, out: Path) -> Recipe:
    """Return how the pictures of one film are made and written.

    Raises:
        OutputError: if the file is of no kind that is written.
    """
    gpu, options = settings.gpu, options_of(args, out)
    codec, has_alpha = codec_of(out, options["codec"]), options["has_alpha"]
    if has_alpha:
        check_alpha(out, codec)
    return Recipe(
        codec,
        fps,
        options["quality"],
        has_alpha=has_alpha,
        beside_alpha=args.alpha and not has_alpha,
        size=args.size,
        fit=args.fit,
        device=settings.device,
        ops=gpu.ops,
        precision=gpu.precision,
        kernels=gpu.kernels,
    )


def _made_of(
    args: argparse.Namespace, settings: Settings, plan: Plan, recipe: Recipe
) -> dict[str, Any]:
    """Return what tells one film from another, as JSON has it."""
    is_heard = args.take is None and settings.sound.source == "file"
    heard = Path(settings.sound.file) if is_heard else None
    files = {"take": args.take, "script": args.script, "audio": heard}
    played = msgspec.json.encode((settings.params, settings.networks, settings.tempo))
    film = {
        "recipe": asdict(recipe),
        "pictures": plan.count,
        "start": args.start,
        "range": args.range,
        "played": hashlib.sha256(played).hexdigest(),
        **{name: digest_file(path) for name, path in files.items() if path is not None},
    }
    return msgspec.json.decode(msgspec.json.encode(film))


def _report(path: Path, films: KeptFilms, farm: Farm, starts: list[dict[str, float]]) -> None:
    """Write what it took, for other programs."""
    pace = farm.pace
    report = {
        "pictures": films.count,
        "were_there": films.there,
        "lost_workers": farm.lost,
        "began": pace.began,  # of real time, as the following [s]
        "first_chunk": pace.first,
        "last_chunk": pace.last,
        "ended": time.time(),
        "hired": farm.hired,
        "workers": starts,
        "pictures_a_second": round(pace.rate, 2),  # of all workers, start not included
    }
    try:
        write_whole(path, json.dumps(report, indent=2) + "\n")
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}") from error

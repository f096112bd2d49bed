"""`sgview render --workers`: a film made by many workers, which goes on where it ended."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import msgspec
from tqdm import tqdm

from sgview.cli.films.casting import networks_of
from sgview.cli.films.farm import Farm
from sgview.cli.films.parts import Parts
from sgview.cli.films.recipe import Chunk, Recipe, chunks_of, digest_file
from sgview.cli.interrupts import Interrupts
from sgview.cli.shots import Plan
from sgview.cli.targets import make_room, refuse_to_replace
from sgview.outputs.film_writers import SEQUENCES, check_alpha, codec_of
from sgview.outputs.video import OutputError
from sgview.settings import Settings
from sgview.state.networks import NetworkStatus, Slot
from sgview.state.user_files import UserFiles
from sgview.state.validation import ConfigError
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
    recipe = recipe_of(args, settings, plan.fps)
    follows_take = args.take is not None and args.a is None and args.demo is None
    networks = None if follows_take else networks_of(settings.networks)
    parts = Parts(args.out, recipe.codec, _film(args, settings, plan, recipe))
    if args.force:
        parts.forget()
        parts = Parts(args.out, recipe.codec, _film(args, settings, plan, recipe))
    elif not parts.is_same_film:
        refuse_to_replace(args.out)
        if parts.is_there:
            raise OutputError(
                f"{parts.folder} holds what another film has got so far: choose another name for"
                " this one, or add --force to give that up"
            )
    shots = plan.shots
    if networks is not None:
        shots = (replace(shot, networks=networks) for shot in shots)
    named_files = UserFiles(Path(settings.folders.latents))
    with Farm(args.workers, recipe, args.threads or 0, named_files) as farm:
        if networks is not None and args.take is None:
            named |= farm.check(settings.params, networks)
        if not parts.is_same_film:
            make_room(args.out)
        parts.begin()
        chunks = chunks_of(shots, recipe, farm)
        with tqdm(total=plan.count, unit="frame", desc=str(args.out), disable=None) as bar:
            film = _Film(parts, bar)
            asked.begin()
            try:
                farm.make(film.missing(chunks), film.keep, asked)
            except KeyboardInterrupt:
                asked.count += 1
        for note in film.notes:
            print(f"sgview: {note}", file=sys.stderr)
        if farm.lost:
            print(f"sgview: workers were lost ({farm.lost}); others made it good", file=sys.stderr)
        if asked.is_wanted:
            print(
                f"sgview: stopped; {film.count} of {plan.count} pictures are there, and the same"
                " command goes on with the others",
                file=sys.stderr,
            )
            return 130
        description, pace = farm.description, farm.pace
        starts = farm.starts() if args.report is not None else []
    _finish(args.out, parts, recipe, film.numbers)
    if args.report is not None:
        _report(args.report, film, farm, starts)
    seconds = film.count / plan.fps
    there = f" ({film.there} were there)" if film.there else ""
    rate = f", {pace.rate:.4g} pictures a second" if pace.rate else ""
    print(
        f"{args.out}: {film.count} pictures{there}, {seconds:.1f} s, by {description}{rate}",
        file=sys.stderr,
    )
    return 0


def recipe_of(args: argparse.Namespace, settings: Settings, fps: float) -> Recipe:
    """Return how pictures are made and written.

    Raises:
        OutputError: if the file is of no kind that is written.
    """
    gpu, codec = settings.gpu, codec_of(args.out, args.codec)
    if args.alpha:
        check_alpha(args.out, codec)
    return Recipe(
        codec,
        fps,
        args.quality,
        has_alpha=args.alpha,
        size=args.size,
        fit=args.fit,
        device=settings.device,
        ops=gpu.ops,
        precision=gpu.precision,
        kernels=gpu.kernels,
    )


class _Film:
    """What is there of a film, and how far it is."""

    def __init__(self, parts: Parts, bar: Any) -> None:
        self._parts = parts
        self._bar = bar
        self.count = 0  # pictures that are there
        self.there = 0  # of them before this run
        self.numbers: list[int] = []  # of all chunks, in order
        self.notes: dict[str, None] = {}  # in order

    def missing(self, chunks: Iterator[Chunk]) -> Iterator[Chunk]:
        """Yield the chunks that are to be made."""
        for chunk in chunks:
            self.numbers.append(chunk.number)
            if not self._parts.has(chunk):
                yield chunk
                continue
            length = len(chunk.shots)
            self.there += length
            self.count += length
            if not self._bar.disable:
                self._bar.initial += length  # they do not count as speed
            self._bar.update(length)

    def keep(self, chunk: Chunk, files: Sequence[bytes | memoryview], notes: list[str]) -> None:
        """Write a chunk that was made."""
        self._parts.keep(chunk, files)
        self.count += len(chunk.shots)
        self.notes |= dict.fromkeys(notes)
        self._bar.update(len(chunk.shots))


def _film(
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


def _report(path: Path, film: _Film, farm: Farm, starts: list[dict[str, float]]) -> None:
    """Write what it took, for other programs."""
    pace = farm.pace
    report = {
        "pictures": film.count,
        "were_there": film.there,
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


def _finish(out: Path, parts: Parts, recipe: Recipe, numbers: list[int]) -> None:
    """Join a film's chunks; of PNG files nothing is left to do."""
    if recipe.codec not in SEQUENCES:
        from sgview.outputs.film_chunks import FilmJoiner, rate_of

        try:
            with FilmJoiner(parts.draft, rate_of(recipe.fps)) as film:
                for number in numbers:
                    film.append(parts.read(number))
            parts.draft.replace(out)
        except OSError as error:
            raise OutputError(f"{out} cannot be written: {error.strerror or error}") from error
    try:
        parts.forget()
    except OSError as error:
        raise ConfigError(f"{parts.folder} cannot be removed: {error.strerror}") from error

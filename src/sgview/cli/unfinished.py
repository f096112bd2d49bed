"""A film or folder that is not whole yet: where its pictures go, and how a later run goes on.

While it is made a small manifest lies beside it, which says of what it is made. `--resume` goes on
if that is still the same: what is whole is kept, and the rest is joined to it without being encoded
again. An old film that is to be replaced stays until the new one is whole.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

import sgview
from sgview.cli.options import paths_of
from sgview.cli.shots import Plan
from sgview.cli.targets import held, make_room
from sgview.outputs.film_parts import Part, count_pictures, count_whole, join
from sgview.outputs.film_writers import open_film_writer
from sgview.outputs.video import CODECS, OutputError, PictureWriter
from sgview.settings import Settings
from sgview.state.places import is_file, is_there
from sgview.state.user_files import KINDS, UserFiles
from sgview.state.whole_file import write_whole

SUFFIX = ".render.json"
"""Ends the name of the manifest beside a film; in a folder it is all of it."""
_END = b"IEND\xaeB`\x82"  # of a PNG file that is whole


class Unfinished:
    """Where a run writes, until it is whole.

    Args:
        out: the film or folder that is wanted.
        made_of: what decides how its pictures look; see `ingredients`.
        plan: of how many pictures, and how fast.
        opened: opens a writer, as `open_film_writer` does.
    """

    def __init__(
        self,
        out: Path,
        made_of: dict[str, Any],
        plan: Plan,
        opened: Callable[..., PictureWriter] = open_film_writer,
    ) -> None:
        self._opened = opened
        self.out, self._made_of, self._plan = out, made_of, plan
        self._is_film = out.suffix.lower() in CODECS
        self._manifest = manifest_of(out)
        self._beside, self._rest, self._joined = (
            out.with_name(f"{out.stem}.{word}{out.suffix}")
            for word in ("partial", "rest", "joined")
        )
        self._is_resumed = False
        self._parts: list[Part] = []  # films that come before what is written
        self.path = out  # what is written now
        self.there = 0  # pictures that need not be made

    @property
    def is_begun(self) -> bool:
        """Whether a run before has left anything."""
        return is_file(self._manifest) or bool(held(self.out))

    def resume(self) -> bool:
        """Find what a run before has left; return whether there is anything left to do.

        Raises:
            OutputError: if nothing is there, or it is made of something else.
        """
        if not is_file(self._manifest):
            if held(self.out) and self._count_there() == self._plan.count:
                return False
            raise OutputError(f"{self.out}: there is nothing to go on with, no {self._manifest}")
        self._compare(self._read_manifest())
        self._is_resumed = True
        if not self._is_film:
            self.there = min(_whole_pngs(self.out), self._plan.count)
            return True
        base = self._beside if is_file(self._beside) else self.out
        self._parts = [(path, self._finished(path)) for path in (base, self._rest) if is_file(path)]
        self._parts = [(path, count) for path, count in self._parts if count]
        if len(self._parts) == 2:  # this is not the first time
            self._merge()
        self.there = sum(count for _, count in self._parts)
        self.path = self._rest if self._parts else base
        return True

    def open(self) -> PictureWriter:
        """Open what the next picture is written into, and leave word of what it is made of.

        Raises:
            OutputError: if it cannot be written.
        """
        if not self._is_resumed:
            self._make_room()
        writer = self._opened(self.path, self._plan.fps, first=self.there)
        try:
            self._write_manifest(self.there)
        except OutputError:
            writer.close()
            raise
        return writer

    def finish(self, written: int) -> None:
        """Give the whole film its name, once so many more pictures are written and closed.

        Raises:
            OutputError: if the disk does not take it.
        """
        self._settle(written)
        try:
            if self._held != self.out:
                self._held.replace(self.out)
        except OSError as error:
            raise OutputError(
                f"{self.out} cannot be replaced: {error.strerror or error}"
            ) from error
        self._remove(self._manifest)

    def stop(self, written: int) -> str:
        """Put together what there is, after the writer was closed; return where it is, in words.

        Raises:
            OutputError: if the disk does not take it.
        """
        self._settle(written)
        kept = f", {self.out} is as it was" if self._held == self._beside else ""
        return f"{self._held} holds {self.there + written} pictures{kept}; --resume goes on with it"

    def after_failure(self) -> str:
        """Say what plays of a film that the disk did not take, "" where there is none."""
        if not self._is_film or not is_file(self.path):
            return ""
        count = count_pictures(self.path)
        before = f" after the {self.there} of {self._held}" if self._parts else ""
        return f"; {self.path} plays {count} pictures{before}, and --resume goes on with them"

    def _count_there(self) -> int:
        """Return how many pictures the whole film or folder holds."""
        return count_pictures(self.out) if self._is_film else _whole_pngs(self.out)

    @property
    def _held(self) -> Path:
        """What holds the pictures in the end."""
        return self._parts[0][0] if self._parts else self.path

    def _make_room(self) -> None:
        """Begin anew: an old film stays until `finish`, old pictures go."""
        if not self._is_film:
            make_room(self.out)
        elif is_file(self.out):
            self.path = self._beside
            if is_file(self._beside) and not is_file(self._manifest):
                raise OutputError(f"{self._beside} is in the way: it is no film of this program's")
        if is_file(self._manifest) and self._is_film:
            self._remove(self._rest, self._beside)
        self._remove(self._manifest)

    def _settle(self, written: int) -> None:
        """Join what was written now to what was there."""
        if self._parts and written:
            self._parts.append((self.path, written))
            self._merge()
            return
        if self._parts:
            self._remove(self._rest)
        self._write_manifest(self.there + written)

    def _merge(self) -> None:
        """Make one film of the two there are; whenever this ends, all pictures are found again."""
        base = self._parts[0][0]
        try:
            join(self._parts, self._joined, self._plan.fps)
            self._joined.replace(base)
        except OSError as error:
            raise OutputError(f"{base} cannot be replaced: {error.strerror or error}") from error
        finally:
            self._remove(self._joined)
        self._remove(self._rest)
        self._parts = [(base, sum(count for _, count in self._parts))]
        self._write_manifest(self._parts[0][1])

    def _finished(self, path: Path) -> int:
        """Return how many first pictures of a film are certainly whole."""
        kept = self._read_manifest().get("kept")
        # The rest, where there is one, was begun after so many.
        if path == self._rest or not isinstance(kept, int) or kept <= 0:
            return min(count_whole(path), self._plan.count)
        if is_file(self._rest) or count_pictures(path) == kept:
            return min(kept, self._plan.count)
        return min(count_whole(path), self._plan.count)

    def _compare(self, manifest: dict[str, Any]) -> None:
        """Refuse to go on with another film.

        Raises:
            OutputError: saying what differs.
        """
        before = manifest.get("made_of")
        before = before if isinstance(before, dict) else {}
        for name, value in self._made_of.items():
            if before.get(name) != value:
                raise OutputError(
                    f"{self.out} was begun with another {name}: --resume goes on with the same"
                    " command only, --force begins again"
                )

    def _read_manifest(self) -> dict[str, Any]:
        try:
            data = json.loads(self._manifest.read_bytes())
        except (OSError, ValueError, RecursionError) as error:
            raise OutputError(f"{self._manifest} cannot be read: --force begins again") from error
        return data if isinstance(data, dict) else {}

    def _write_manifest(self, kept: int) -> None:
        if self._is_film and is_there(self.out) and not is_file(self.out):
            return  # a device
        data = {"sgview_render": 1, "made_of": self._made_of, "kept": kept}
        try:
            write_whole(self._manifest, json.dumps(data, indent=1))
        except OSError as error:
            cause = error.strerror or error
            raise OutputError(f"{self._manifest} cannot be written: {cause}") from error

    def _remove(self, *paths: Path) -> None:
        for path in paths:
            with suppress(OSError):
                path.unlink(missing_ok=True)


def manifest_of(out: Path) -> Path:
    """Return where it says of what an unfinished film or folder is made."""
    is_film = out.suffix.lower() in CODECS
    return out.with_name(out.name + SUFFIX) if is_film else out / SUFFIX[1:]


def _whole_pngs(folder: Path) -> int:
    """Return how many pictures follow each other from the first on, all whole."""
    count = 0
    while True:
        try:
            with (folder / f"{count:06d}.png").open("rb") as file:
                file.seek(-len(_END), 2)
                if file.read() != _END:
                    return count
        except OSError:
            return count
        count += 1


def ingredients(args: argparse.Namespace, settings: Settings, plan: Plan) -> dict[str, Any]:
    """Return what decides how the pictures of a run look, by what sentences call it."""
    takes_own = args.take is not None and args.a is None and args.demo is None
    networks = {} if takes_own else paths_of(settings.networks)
    plain = msgspec.to_builtins(settings)
    files = UserFiles(Path(settings.folders.latents))
    found = {file: _digest(files.find(*file)) for file in sorted(plan.files)}
    sound = settings.sound.file if settings.sound.source == "file" else None
    return {
        "version of sgview": sgview.__version__,
        "number of pictures": plan.count,
        "rate": plan.fps,
        "start": args.start,
        "range": list(args.range),
        "codec or quality": [args.codec, args.quality],
        "size, fit or alpha": [args.size, args.fit, args.alpha],
        "take": _digest(args.take),
        "script": _digest(args.script),
        "sound": _digest(sound),
        "pair of built-in networks": "" if networks or takes_own else settings.networks.demo,
        **{f"network {slot.upper()}": _digest(networks.get(slot)) for slot in ("a", "b")},
        "device or precision": [plain["device"], plain["gpu"]],
        "preset or option": json.loads(json.dumps(plain["params"])),
        "setting": json.loads(json.dumps([plain["sound"], plain["tempo"]])),
        **{
            kind.label: {file.name: digest for file, digest in of_kind}
            for kind in KINDS
            if (of_kind := [item for item in found.items() if item[0].kind == kind.name])
        },
    }


def _digest(path: Path | str | None) -> str:
    if not path or not is_file(Path(path)):  # a device may have no end
        return ""
    try:
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError):  # whoever reads it says what is wrong with it
        return ""

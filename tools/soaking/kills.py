"""kill -9 at random moments: how much is lost, and whether what was written can be read."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from sgview.app.session_file import load_session
from sgview.outputs.snapshot import load_snapshot_params
from sgview.show.takes.take import read_take
from sgview.state.presets import load_preset
from sgview.state.validation import ConfigError
from tools.soaking.stages import TICK

SHORTEST, LONGEST = 4.0, 12.0  # between the first session and the kill [s]
UNDER_WAY = 2.0  # a take that was written to so lately was being recorded [s]
PATIENCE = 180.0  # until a program has written its first session [s]


@dataclass
class Losses:
    """What the kills cost."""

    kills: int = 0
    session: list[float] = field(default_factory=list)  # the newest work that is lost [s]
    take: list[float] = field(default_factory=list)  # the same of a take that was recorded [s]
    unreadable: list[str] = field(default_factory=list)
    read: dict[str, int] = field(default_factory=dict)  # files read in the last look, by kind
    drafts: int = 0  # unfinished files left beside the others
    reports: int = 0  # parts of a frame that failed
    ended: list[str] = field(default_factory=list)  # programs that ended by themselves


def kill_at_random(count: int, seed: int, command: list[str], folder: Path, epoch: float) -> Losses:
    """Start the program, kill it, look at its files; each start goes on with the last session.

    Args:
        count: of kills.
        seed: of their moments.
        command: the program, which keeps everything in `folder`, and whose session says when it
            was played last.
        folder: of all files.
        epoch: what the session's times are counted from [s].
    """
    moments, losses = random.Random(seed), Losses()
    session = folder / "state" / "sgview" / "session.json"
    for number in range(count):
        before = session.stat().st_mtime_ns if session.exists() else 0
        since = time.time()
        log = (folder / "program.log").open("ab")
        with log, subprocess.Popen([*command, "--seed", str(seed + number)], stderr=log) as process:
            try:
                if not _await_session(process, session, before):
                    losses.ended.append(f"{number}: exit {process.poll()}, no session in time")
                    continue
                time.sleep(moments.uniform(SHORTEST, LONGEST))
                if process.poll() is not None:
                    losses.ended.append(f"{number}: exit {process.returncode} before it was killed")
                    continue
                killed = time.time() - epoch
                process.send_signal(signal.SIGKILL)
                process.wait()
                losses.kills += 1
            finally:
                process.kill()
        _count(losses, folder, session, killed, epoch, since)
        print(
            f"kill {number + 1}: {_newest(losses.session):.2f} s lost", file=sys.stderr, flush=True
        )
    _look_at_all(losses, folder)
    return losses


def _newest(values: list[float]) -> float:
    return values[-1] if values else float("nan")


def _await_session(process: subprocess.Popen[bytes], path: Path, before: int) -> bool:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        if path.exists() and path.stat().st_mtime_ns != before:
            return True
        time.sleep(0.05)
    return False


def _count(
    losses: Losses, folder: Path, session: Path, killed: float, epoch: float, since: float
) -> None:
    """Read the session and what this program wrote, and how old the newest state in them is."""
    try:
        losses.session.append(killed - load_session(session).params.sliders[TICK])
    except ConfigError as error:
        losses.unreadable.append(str(error))
    takes = sorted(_written(folder, "*.jsonl.zst", since), key=lambda path: path.stat().st_mtime)
    for take in takes:
        try:
            frames = read_take(take).frames
        except ConfigError as error:
            losses.unreadable += _of_take(take, error)
            continue
        # What is recalled or undone brings an old tick, until the next thing is done.
        newest = max((frame.params.sliders.get(TICK, 0.0) for frame in frames[-60:]), default=0.0)
        if take is takes[-1] and newest and killed - (take.stat().st_mtime - epoch) < UNDER_WAY:
            losses.take.append(killed - newest)
    for path in _written(folder, "*", since):
        losses.unreadable += _unreadable(path)


def _written(folder: Path, pattern: str, since: float) -> list[Path]:
    files = (path for path in folder.rglob(pattern) if path.is_file())
    return [path for path in files if path.stat().st_mtime >= since - 1]


def _look_at_all(losses: Losses, folder: Path) -> None:
    """Read every file that all programs have left, and count them by kind."""
    read: Counter[str] = Counter()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        if path.name.startswith(".sgview-"):
            losses.drafts += 1
        elif path.name.endswith(".jsonl.zst"):
            read["takes"] += 1
            try:
                read_take(path)
            except ConfigError as error:
                losses.unreadable += _of_take(path, error)
        elif path.suffix == ".toml" and path.name != "settings.toml":
            read["presets and looks"] += 1
            losses.unreadable += _unreadable(path)
        elif path.suffix == ".png":
            read["pictures"] += 1
            losses.unreadable += _unreadable(path)
    losses.reports = sum(1 for _ in folder.glob("state/sgview/reports/*.txt"))
    losses.read = dict(read)


def _of_take(path: Path, error: ConfigError) -> list[str]:
    """Return what is wrong with a take; one that was just begun has no frames, and says so."""
    is_begun = not path.stat().st_size or "holds no frames" in str(error)
    return [] if is_begun else [str(error)]


def _unreadable(path: Path) -> list[str]:
    """Return what is wrong with a preset, a look or a picture; [] for any other file."""
    try:
        if path.suffix == ".toml" and path.name != "settings.toml":
            load_preset(path)
        elif path.suffix == ".png" and not path.name.startswith(".sgview-"):
            with Image.open(path) as image:
                image.load()
            if path.parent.name == "shots":
                load_snapshot_params(path)
    except (ConfigError, OSError, SyntaxError) as error:
        return [f"{path}: {error}"]
    return []

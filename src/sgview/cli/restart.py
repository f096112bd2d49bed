"""Starting again by itself, where this process cannot go on playing.

After some errors of CUDA nothing computes in a process any more, and after a reset of the graphics
card nothing draws: only another process can. It takes the place of this one, and goes on with the
session. What happens again and again is given up.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from sgview.cli import options
from sgview.state.places import working_folder
from sgview.state.session import Session

OPTION = "--restarted"
OUTPUT = "--on"
MOST = 3  # in a row; the last one computes on the processor
QUIET = 60.0  # of playing, after which they are counted anew [s]
_KEPT = ("config", "device", "ops", "precision", "kernels", "yes")  # what no session holds


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add how often a process was started again in a row, and the outputs that were on."""
    parser.add_argument(OPTION, type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument(OUTPUT, action="append", default=[], help=argparse.SUPPRESS)


def count_again(before: int, seconds: float) -> int:
    """Return how often it will have been started again in a row.

    Args:
        before: how often it was, when this process began.
        seconds: how long this process has played [s].
    """
    return before + 1 if seconds < QUIET else 1


def arguments_for(
    arguments: Sequence[str],
    count: int,
    *,
    is_fullscreen: bool,
    shows_panels: bool,
    outputs: Sequence[str] = (),
) -> list[str]:
    """Return the command line of the next process.

    Args:
        arguments: that of this one.
        count: how often it is started again in a row.
        is_fullscreen, shows_panels: how the window is now.
        outputs: names of those that are on.
    """
    dropped, own = ("--fullscreen", "--hide-panels", "--resume"), (f"{OPTION}=", f"{OUTPUT}=")
    kept = [text for text in arguments if text not in dropped and not text.startswith(own)]
    kept += ["--resume", f"{OPTION}={count}", *(f"{OUTPUT}={name}" for name in outputs)]
    kept += ["--fullscreen"] if is_fullscreen else []
    kept += [] if shows_panels else ["--hide-panels"]
    kept += ["--device", "cpu"] if count >= MOST else []
    return kept


def as_in(session: Session, args: argparse.Namespace) -> argparse.Namespace:
    """Return the options without those that made the session that goes on."""
    parser = argparse.ArgumentParser()
    options.add_arguments(parser)
    unset = {
        name: value for name, value in vars(parser.parse_args([])).items() if name not in _KEPT
    }
    script = session.surroundings.script  # it played until now: the user named it then
    unset |= {"script": Path(script) if script else None, "audio": None}
    return argparse.Namespace(**{**vars(args), **unset})


def notice_of(count: int) -> tuple[str, str]:
    """Return what the window says after it was started again, and what to do."""
    text = "The graphics card or the window was lost, so sgview started again. The show goes on."
    if count >= MOST:
        text = f"{text} It happened {count} times, so the processor computes now."
        return text, "Look at the card, its cooling and its driver; the next start tries it again."
    return (
        text,
        "If it happens again: what else runs here, and the card, its cooling and its driver.",
    )


def start_again(arguments: Sequence[str]) -> NoReturn:
    """Put a new `sgview` in the place of this process, which ends wherever its threads are."""
    # The program lies where this process found it, in a folder where it was started from or not.
    is_beside = not {"", str(working_folder())}.isdisjoint(sys.path)
    command = [sys.executable, *([] if is_beside else ["-P"]), "-m", "sgview", *arguments]
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    if sys.platform == "win32":  # where a process cannot be replaced
        subprocess.Popen(command)
        os._exit(0)
    with suppress(OSError):  # drivers may keep a lost card busy while their files are open
        for file in Path("/dev/fd").iterdir():
            if int(file.name) > 2:
                with suppress(OSError):
                    os.set_inheritable(int(file.name), False)
    os.execv(command[0], command)

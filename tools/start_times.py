"""How long a start takes, and a start after the window was lost: on the screen, as a user sees it.

    python -m tools.start_times [--runs N] [--json FILE] [ARGUMENTS OF sgview ...]

Looks at the middle of the screen twenty times a second: something there is the window, colours are
a picture. Then another program destroys the window (`xdotool windowclose`), and sgview starts again
with its session. Needs X and nothing else on it (`xvfb-run` will do).
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import mss
import numpy as np

SIDE = 120  # of what is looked at [px]
COLOURED = 0.05  # of the pixels: text and panels are grey
STEP = 0.05  # [s]
PATIENCE = 300.0  # [s]
STEPS = ("window", "picture", "picture after a loss")


def main() -> int:
    """Measure, and print a table; 0 if each start came to its end."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else "")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", type=Path, help="write all figures there, too")
    args, arguments = parser.parse_known_args()
    runs = []
    for number in range(args.runs):
        with tempfile.TemporaryDirectory() as folder, played(Path(folder), arguments) as process:
            runs.append(measure(process))
        print(f"{number + 1}: {runs[-1]}", file=sys.stderr, flush=True)
    for name in STEPS:
        seconds = sorted(run[name][0] for run in runs)
        used = statistics.median(run[name][1] for run in runs)
        print(
            f"{name:22} {seconds[0]:6.2f} s at best, {statistics.median(seconds):6.2f} s median, "
            f"{used:6.2f} s of processor"
        )
    if args.json:
        args.json.write_text(json.dumps(runs))
    return 0


@contextmanager
def played(folder: Path, arguments: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """Start the program with a state of its own; end it after."""
    home = {"XDG_STATE_HOME": str(folder / "state"), "XDG_CONFIG_HOME": str(folder / "config")}
    command = [sys.executable, "-m", "sgview", *arguments]
    with subprocess.Popen(command, cwd=folder, env={**os.environ, **home}) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()


def measure(process: subprocess.Popen[bytes]) -> dict[str, tuple[float, float]]:
    """Return the time of each step and what the processor worked for it, [s] both."""
    found: dict[str, tuple[float, float]] = {}
    with mss.MSS() as screen:
        begin = time.monotonic()

        def note(name: str, is_there: Callable[[np.ndarray], bool], worked: float) -> None:
            await_it(lambda: is_there(middle(screen)), process)
            found[name] = (time.monotonic() - begin, used(process.pid) - worked)

        note("window", lambda pixels: bool(pixels.any()), 0.0)
        note("picture", has_picture, 0.0)
        await_it(lambda: used(process.pid) > found["picture"][1] + 1, process)  # a session is there
        window = subprocess.check_output(["xdotool", "search", "--name", "^sgview"], text=True)
        worked, begin = used(process.pid), time.monotonic()
        subprocess.run(["xdotool", "windowclose", window.split()[-1]], check=True)
        await_it(lambda: not has_picture(middle(screen)), process)
        note("picture after a loss", has_picture, worked)
    return found


def middle(screen: mss.MSS) -> np.ndarray:  # uint8 [SIDE, SIDE, 3]
    """Return what is seen left of the middle, where the picture is beside its panel."""
    whole = screen.monitors[0]
    left, top = whole["width"] // 3 - SIDE // 2, whole["height"] // 2 - SIDE // 2
    shot = screen.grab({"left": left, "top": top, "width": SIDE, "height": SIDE})
    return np.asarray(shot)[..., :3]


def has_picture(pixels: np.ndarray) -> bool:
    """Whether some of it has a colour, as no text and no panel has."""
    return float((np.ptp(pixels.astype(int), axis=2) > 24).mean()) > COLOURED


def await_it(is_there: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    """Wait until something is there.

    Raises:
        RuntimeError: if the program has ended before, or it takes too long.
    """
    end = time.monotonic() + PATIENCE
    while not is_there():
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"nothing more is seen; exit code {process.poll()}")
        time.sleep(STEP)


def used(pid: int) -> float:
    """Return how long the processor has worked for a process [s]; also across `exec`."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    sys.exit(main())

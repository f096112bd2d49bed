"""Play the program for long, as a performer who does everything at random, and see what it costs.

    PYTHONPATH=src:. python3 tools/soak.py [--minutes N] [--seed S] [--no-window] [--kills N]

Opens the program's own window, so it needs a screen (`xvfb-run` will do). With `--no-window` it
draws on a graphics card without a screen, or, where that cannot be had either, plays the engine and
its thread alone. Looks, edits, blends, layers, networks, OSC, window sizes, snapshots, takes, undo,
scripts, sound and outputs come as the seed says. Every half minute the show leads back to one
state, in which memory, descriptors, threads, objects and VRAM are measured: they must stay flat.

`--kills N` kills the program N times with SIGKILL while it is played, starts it again with
`--resume`, and says what was lost and whether every file can be read.
"""

from __future__ import annotations

import argparse
import os
import socket
import struct
import sys
import tempfile
import time
import wave
from contextlib import ExitStack
from math import sin
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tools.soaking.deeds import Performer
    from tools.soaking.show import Show

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "tests" / "data"
NETWORKS = ("sg3-t-64-a.pkl", "sg3-t-64-b.pkl", "sg2-64-a.pkl", "sg3-r-64.pkl")
MOST_LOST = 5.0  # by a kill [s]
SETTINGS = """[window]
width = 960
height = 600
vsync = false
fps_limit = {limit}
[folders]
snapshots = "{folder}/shots"
presets = "{folder}/presets"
takes = "{folder}/takes"
[osc]
port = {port}
[midi]
enabled = false
"""


def main() -> int:
    """Soak, or kill; 0 if everything stayed flat and nothing was lost."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else "")
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kills", type=int, default=0, metavar="N", help="kill it N times instead")
    parser.add_argument("--no-window", action="store_true", help="without a screen")
    parser.add_argument("--engine-alone", action="store_true", help="and without OpenGL")
    parser.add_argument("--device", default="auto", choices=["auto", "cuda", "cpu"])
    parser.add_argument("--network", action="append", type=Path, help="a file to load; repeatable")
    parser.add_argument("--rest", type=float, default=30.0, help="between measurements [s]")
    parser.add_argument("--fps-limit", type=float, default=0.0, help="of the window; 0: none")
    parser.add_argument("--folder", type=Path, help="for all files; kept. Without: a new one, gone")
    parser.add_argument("--epoch", type=float, default=time.time(), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.no_window:
        os.environ["PYOPENGL_PLATFORM"] = "egl"
    args.network = [path.resolve() for path in args.network or [DATA / name for name in NETWORKS]]
    with ExitStack() as stack:
        if args.folder is None:
            args.folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        args.folder = args.folder.resolve()
        os.environ["XDG_STATE_HOME"] = str(args.folder / "state")
        os.environ["XDG_CONFIG_HOME"] = str(args.folder / "config")
        _prepare(args)
        stack.callback(os.chdir, Path.cwd())
        os.chdir(args.folder)  # where outputs write that have no folder of their own
        return _kill(args) if args.kills else _soak(args)


def _prepare(args: argparse.Namespace) -> None:
    """Write what the performer opens."""
    for name in ("shots", "presets", "takes"):
        (args.folder / name).mkdir(parents=True, exist_ok=True)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        args.port = probe.getsockname()[1]
    limit = args.fps_limit
    text = SETTINGS.format(folder=args.folder, port=args.port, limit=limit)
    (args.folder / "settings.toml").write_text(text)
    good = "def frame(play):\n    play.edit_layer_by_name('L1', 1 + 0.1 * play.t % 1)\n"
    (args.folder / "good.py").write_text(good)
    (args.folder / "bad.py").write_text("def frame(play):\n    raise KeyError(play.t)\n")
    with wave.open(str(args.folder / "tone.wav"), "wb") as sound:
        sound.setparams((1, 2, 22050, 0, "NONE", ""))
        tone = (int(8000 * sin(n / 8) * (n % 11025 < 800)) for n in range(22050 * 4))
        sound.writeframes(b"".join(struct.pack("<h", value) for value in tone))


def _soak(args: argparse.Namespace) -> int:
    from sgview.cli import main as sgview
    from tools.soaking.deeds import Performer
    from tools.soaking.show import Show
    from tools.soaking.stages import in_window

    port = 0 if args.engine_alone else args.port
    performer = Performer(args.seed, args.network, args.folder, port, len(args.network) > 1)
    is_endless = args.rest <= 0
    seconds = args.minutes * 60
    show = Show(performer, args.network[:2], args.folder, seconds, args.rest, args.epoch)
    arguments = ["--config", str(args.folder / "settings.toml"), "--device", args.device]
    code = None
    if not args.engine_alone:
        arguments += ["--no-vsync", "--resume"]
        with ExitStack() as stack:
            if args.no_window:
                from tools.card_window import on_card

                stack.enter_context(on_card())
            stack.enter_context(in_window(show.play, args.epoch))
            try:
                code = sgview(arguments)
            except RuntimeError as error:
                if not args.no_window or show.samples:
                    raise
                print(f"{error}: the engine plays alone", file=sys.stderr)
    if code is None:
        _play_engine(args.device, show)
    performer.close()
    return code or (0 if is_endless else _report(args, show, performer))


def _play_engine(device: str, show: Show) -> None:
    from sgview.engine.engine import Engine
    from sgview.engine.worker import EngineWorker
    from tools.soaking.stages import EngineStage

    with EngineWorker(Engine(device)) as worker:
        EngineStage(worker).run(show.play)


def _report(args: argparse.Namespace, show: Show, performer: Performer) -> int:
    from tools.soaking.gauges import judge, table

    reports = sorted((args.folder / "state" / "sgview" / "reports").glob("*.txt"))
    print(table(show.samples))
    print()
    verdicts = judge(show.samples)
    for each in verdicts:
        word = "flat" if each.is_flat else "GROWS"
        print(
            f"{each.name:12} {each.first:10.1f} -> {each.last:10.1f}, most {each.largest:10.1f},"
            f" slope {each.slope:+9.2f} an hour: {word}"
        )
    print(f"most memory while playing {show.peak:.0f} MB; late networks {show.refused}")
    done = performer.done
    counts = ", ".join(f"{name} {number}" for name, number in done.most_common())
    print(f"{sum(done.values())} deeds: {counts}")
    print(f"reports of parts that failed: {len(reports)}; raised by deeds: {len(show.escaped)}")
    for text in [*dict.fromkeys(show.escaped)][:10]:
        print(f"  {text}")
    for path in reports[:5]:
        print(path.read_text(errors="replace"))
    is_flat = bool(verdicts) and all(each.is_flat for each in verdicts)
    return 0 if is_flat and not reports and not show.escaped else 1


def _kill(args: argparse.Namespace) -> int:
    from tools.soaking.kills import kill_at_random

    command = [sys.executable, str(Path(__file__).resolve()), "--minutes", "600", "--rest", "0"]
    command += ["--folder", str(args.folder), "--epoch", str(args.epoch), "--device", args.device]
    command += ["--fps-limit", str(args.fps_limit), *["--no-window"] * args.no_window]
    for path in args.network:
        command += ["--network", str(path)]
    losses = kill_at_random(args.kills, args.seed, command, args.folder, args.epoch)
    lost, take = sorted(losses.session), sorted(losses.take)
    print(f"{losses.kills} kills of {args.kills}")
    if lost:
        middle = lost[len(lost) // 2]
        print(f"lost of the session: median {middle:.2f} s, most {lost[-1]:.2f} s ({len(lost)})")
    if take:
        middle = take[len(take) // 2]
        print(
            f"lost of a take under way: median {middle:.2f} s, most {take[-1]:.2f} s ({len(take)})"
        )
    files = ", ".join(f"{number} {kind}" for kind, number in losses.read.items())
    print(f"last look at all files: {files or 'none'}")
    print(f"unreadable files: {len(losses.unreadable)}; unfinished ones left: {losses.drafts}")
    print(f"reports of parts that failed: {losses.reports}")
    for text in [*dict.fromkeys(losses.unreadable), *losses.ended][:20]:
        print(f"  {text}")
    is_good = losses.kills == args.kills and not losses.unreadable and not losses.reports
    return 0 if is_good and max([0.0, *lost, *take]) <= MOST_LOST else 1


if __name__ == "__main__":
    sys.exit(main())

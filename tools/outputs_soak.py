"""Play for long with every output on, and see that nothing grows and what is dropped.

    PYTHONPATH=src:. nice xvfb-run -a python3 tools/outputs_soak.py [--minutes N] [--folder FOLDER]

Recorder, replay buffer, PNG series, web page with somebody who looks, NDI with a receiver, virtual
camera and clean window are on from the start to the end. NDI takes avahi-daemon, which is started
where it does not run (root). The device of the camera is a stand-in below its library. Every half
minute memory, descriptors, threads and objects are measured; the exit code is 1 if one grows, or if
an output had a problem. Memory is measured after the C library gave back what nobody has in use:
with threads that take turns at pictures of megabytes it keeps more or less of that, as it comes.
"""

from __future__ import annotations

import argparse
import ctypes
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sgview.app.app import App

RECEIVER = """
from cyndilib.finder import Finder
from cyndilib.receiver import ReceiveFrameType, Receiver
from cyndilib.video_frame import VideoRecvFrame
receiver = Receiver()
receiver.set_video_frame(VideoRecvFrame())
with Finder() as finder:
    found = []
    while not found:
        finder.wait_for_sources(0.5)
        found = [name for name in finder.get_source_names() if name.endswith("(sgview)")]
    receiver.set_source(finder.get_source(found[0]))
    while True:
        receiver.receive(ReceiveFrameType.recv_video, 100)
"""


class StandInCamera:
    """A backend as those of pyvirtualcam are; it keeps nothing."""

    def __init__(self, *_: Any, **__: Any) -> None:
        self.count = 0

    def device(self) -> str:
        """Name it."""
        return "stand-in"

    def native_fourcc(self) -> int:
        """Take what comes."""
        return 0

    def send(self, _frame: Any) -> None:
        """Count."""
        self.count += 1

    def close(self) -> None:
        """Nothing is open."""


def main() -> int:
    """Play, and print what was seen; 0 if all stayed flat."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--every", type=float, default=30.0, help="between measurements [s]")
    parser.add_argument("--fps-limit", type=float, default=30.0, help="of the window")
    parser.add_argument("--network", help="a configuration of tools/gpu_window.py")
    parser.add_argument("--folder", type=Path, help="for all files; kept. Without: a new one, gone")
    args = parser.parse_args()
    from tests.support.avahi import avahi
    from tools.outputs_pace import playing
    from tools.soaking.gauges import Sample, judge, table, take_sample

    with ExitStack() as stack:
        enter = stack.enter_context
        folder = args.folder or Path(enter(tempfile.TemporaryDirectory()))
        if reason := enter(avahi()):
            print(f"NDI finds nobody: {reason}")
        app, moments = enter(playing(folder, args.network, fps_limit=args.fps_limit))
        _switch_all_on(app, stack)
        samples: list[Sample] = []
        start, frames = time.monotonic(), 0
        while (elapsed := time.monotonic() - start) < args.minutes * 60:
            app.run(min(args.every, args.minutes * 60 - elapsed + 0.1))
            frames += len(moments)
            moments.clear()
            kept = _give_back()
            sample = take_sample(time.monotonic() - start, app.frames, frames)
            samples.append(sample)
            print(f"{kept:.0f} MB with what is not in use, {sample}", file=sys.stderr, flush=True)
        problems = _tell_outputs(app)
    print(table(samples))
    verdicts = judge(samples)
    for each in verdicts:
        word = "flat" if each.is_flat else "GROWS"
        print(
            f"{each.name:12} {each.first:10.1f} -> {each.last:10.1f}, most"
            f" {each.largest:.1f}: {word}"
        )
    return int(problems or not verdicts or not all(each.is_flat for each in verdicts))


def _give_back() -> float:
    """Let the C library give back free memory; return what the process had before [MB]."""
    from tools.soaking.gauges import resident

    before = resident()
    if sys.platform == "linux" and hasattr(library := ctypes.CDLL(None), "malloc_trim"):
        library.malloc_trim(0)
    return before


def _switch_all_on(app: App, stack: ExitStack) -> None:
    import pyvirtualcam

    from sgview.state import commands as c
    from sgview.state.output_frame import OutputFrame
    from sgview.state.recording import PAGE, RECORDER, REPLAY
    from tools.outputs_pace import look_at

    pyvirtualcam.camera.BACKENDS = {"stand-in": StandInCamera}
    for name in (RECORDER, REPLAY):
        app.execute(c.SetOutputFrame(name, OutputFrame(size="640x640", rate=30.0)))
    for each in app.outgoing.outputs.status():
        app.execute(c.ToggleOutput(each.name))
    status = {each.name: each for each in app.outgoing.outputs.status()}
    others = [look_at(status[PAGE].target)] if status[PAGE].is_on else []
    others.append(subprocess.Popen([sys.executable, "-c", RECEIVER]))
    for other in others:
        stack.callback(other.wait)
        stack.callback(other.terminate)


def _tell_outputs(app: App) -> int:
    """Print how each output did; return how many are off, or have a problem."""
    problems = 0
    print("| output | size | a second | taken | dropped | problem |\n|---|---|---|---|---|---|")
    for each in app.outgoing.outputs.status():
        problems += bool(each.problem) or not each.is_on
        size = f"{each.size[0]} x {each.size[1]}"
        print(
            f"| {each.name} | {size} | {each.rate:.0f} | {each.written} | {each.dropped}"
            f" | {each.problem or each.note} |"
        )
    return problems


if __name__ == "__main__":
    sys.exit(main())

"""Measure whether outputs slow the window: pictures and turns a second, without and with three on.

    PYTHONPATH=src:. python3 tools/outputs_pace.py [--egl] [--network NAME] [--fps-limit N]

A recording of 60 pictures a second, the web page with somebody who looks, and a PNG series are
switched on and off in turns, in one window, which is let run as fast as it can. Where the page's
library is missing, the replay buffer takes its place. The exit code is 1 if the median of a pace
changes by more than 5 %. On a graphics card without a screen, `--egl` draws to nobody.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

if TYPE_CHECKING:
    from sgview.app.app import App
    from sgview.state.recording import CodecName
    from sgview.state.status import OutputStatus

MOST_CHANGE = 5.0  # of a pace [%]
WARM_UP = 2.0  # [s]
LONGEST_REST = 30.0  # until encoders have written what waited [s]
VIEWER = """
import sys, threading, urllib.request
def look():
    stream = urllib.request.urlopen(sys.argv[1] + "stream.mjpg")
    while stream.read(65536):
        pass
for _ in range(int(sys.argv[2])):
    threading.Thread(target=look).start()
"""
"""Looks at the page, as often as is asked, in a process of its own, as browsers do."""

VIEWER_BY_WEBRTC = """
import asyncio, json, sys
import aiohttp, aiortc.rtcrtpreceiver
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaBlackhole
class Nothing:
    def decode(self, frame):
        return []
aiortc.rtcrtpreceiver.get_decoder = lambda codec: Nothing()
async def look(session):
    address = sys.argv[1]
    peer, sink = RTCPeerConnection(RTCConfiguration(iceServers=[])), MediaBlackhole()
    peer.addTransceiver("video", direction="recvonly")
    peer.on("track", sink.addTrack)
    await peer.setLocalDescription(await peer.createOffer())
    headers = {"Origin": address.rsplit("/", 2)[0]}
    async with session.ws_connect(address + "ws", headers=headers) as channel:
        await channel.send_json({"kind": "offer", "sdp": peer.localDescription.sdp})
        async for message in channel:
            told = json.loads(message.data) if message.type == aiohttp.WSMsgType.TEXT else {}
            if told.get("kind") == "answer":
                await peer.setRemoteDescription(RTCSessionDescription(told["sdp"], "answer"))
                await sink.start()
                await channel.send_json({"kind": "watch", "video": True})
async def main():
    async with aiohttp.ClientSession() as session:
        await asyncio.gather(*(look(session) for _ in range(int(sys.argv[2]))))
asyncio.run(main())
"""
"""The same by WebRTC; nothing is decoded, which browsers would do on machines of their own."""


@dataclass(frozen=True)
class Round:
    """What was seen in one stretch of time."""

    pictures: float  # made by the engine [1/s]
    turns: float  # of the window [1/s]
    longest: float  # turn but one in a hundred [ms]
    offer: float  # median of what handing a picture to the outputs takes of a turn [us]
    outputs: tuple[OutputStatus, ...] = ()
    threads: tuple[tuple[str, float], ...] = ()  # names, and what they cost a second [ms]

    def __str__(self) -> str:
        """Return a row of the table, and one for each output."""
        row = f"{self.pictures:10.1f} {self.turns:9.1f} {self.longest:9.2f} {self.offer:9.1f}"
        for each in self.outputs:
            size = f"{each.size[0]} x {each.size[1]}"
            row += f"\n      {each.name}: {size}, {each.rate:.0f} a second, written {each.written},"
            row += f" dropped {each.dropped} {each.note} {each.problem}".rstrip()
        if self.threads:
            row += "\n      CPU [ms/s]: " + ", ".join(f"{n} {ms:.0f}" for n, ms in self.threads)
        return row


def main() -> int:
    """Print a table; 0 if the pace holds."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--egl", action="store_true", help="draw on a card without a screen")
    parser.add_argument("--seconds", type=float, default=8.0, help="of each stretch")
    parser.add_argument("--rounds", type=int, default=3, help="stretches without and with")
    parser.add_argument("--fps-limit", type=float, default=0.0, help="of the window; 0: none")
    parser.add_argument("--network", help="a configuration of tools/gpu_window.py")
    parser.add_argument("--codec", default="h264", help="of the recording")
    parser.add_argument("--viewers", type=int, default=1, help="who look at the page")
    parser.add_argument("--webrtc", action="store_true", help="they look by WebRTC, not JPEG")
    parser.add_argument("--only", nargs="+", metavar="OUTPUT", help="switch on these instead")
    args = parser.parse_args()
    if args.egl:
        os.environ["PYOPENGL_PLATFORM"] = "egl"
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        app, moments = stack.enter_context(
            playing(folder, args.network, args.codec, args.fps_limit, is_on_card=args.egl)
        )
        names = _available(app, args.only)
        print(f"{app.screen.description}; {app.worker.status().device}; on: {', '.join(names)}")
        print(f"{'':5}pictures/s   turns/s  99 % [ms] offer [us]", flush=True)
        rounds: dict[str, list[Round]] = {"off": [], "on": []}
        for _ in range(args.rounds):
            rounds["off"].append(_measure(app, moments, args.seconds, "off"))
            with _switched_on(app, names, args.viewers, by_webrtc=args.webrtc):
                rounds["on"].append(_measure(app, moments, args.seconds, "on"))
    changes = [_change(rounds, what) for what in ("pictures", "turns")]
    return int(max(changes) > MOST_CHANGE)


@contextmanager
def playing(
    folder: Path,
    network: str | None = None,
    codec: CodecName = "h264",
    fps_limit: float = 0.0,
    *,
    is_on_card: bool = False,
) -> Iterator[tuple[App, list[float]]]:
    """Open the window with a network that plays; gives it and the moments of its pictures [s].

    Args:
        folder: for all files.
        network: a configuration of tools/gpu_window.py; None: as the machine has power.
        codec: of a recording.
        fps_limit: of the window [1/s]; 0: none.
        is_on_card: without a screen.
    """
    import torch

    from sgview.engine.acceleration import Acceleration
    from sgview.engine.network import Network
    from sgview.engine.worker import EngineWorker
    from sgview.settings import (
        FolderSettings,
        MidiSettings,
        OscSettings,
        PageSettings,
        Settings,
        WindowSettings,
    )
    from sgview.state.recording import Recording
    from stylegan3 import Generator
    from tools.card_window import on_card
    from tools.gpu_window import CONFIGS, CountingApp, CountingEngine

    has_cuda = torch.cuda.is_available()
    name = network or ("stylegan3-t-1024" if has_cuda else "small")
    settings = Settings(
        window=WindowSettings(vsync=False, fps_limit=fps_limit),
        osc=OscSettings(enabled=False),
        midi=MidiSettings(enabled=False),
        page=PageSettings(address="127.0.0.1:0"),
        recording=Recording(codec=codec),
        folders=FolderSettings(snapshots=str(folder / "shots"), recordings=str(folder / "films")),
    )
    with ExitStack() as stack:
        if is_on_card:
            stack.enter_context(on_card())
        torch.manual_seed(0)
        engine = CountingEngine("cuda" if has_cuda else "cpu", Acceleration())
        worker = EngineWorker(engine)
        app = stack.enter_context(CountingApp(settings, worker, state_folder=folder / "state"))
        app.worker.set_network("a", Network.of(Generator(CONFIGS[name]), name))
        print(f"{name}, {os.cpu_count()} cores")
        while app.picture is None:
            app.frame()
        yield app, engine.moments


def _available(app: App, only: list[str] | None) -> list[str]:
    """Return the names of the outputs to measure."""
    from sgview.state.recording import PAGE, RECORDER, REPLAY

    if only:
        return only
    try:
        import aiohttp  # noqa: F401
    except ImportError:
        return [RECORDER, "PNG series", REPLAY]
    return [RECORDER, "PNG series", PAGE]


@contextmanager
def _switched_on(
    app: App, names: list[str], count: int, *, by_webrtc: bool = False
) -> Iterator[None]:
    """Let outputs be on, somebody look at the page, and everything be at rest afterwards."""
    from sgview.state import commands as c
    from sgview.state.recording import PAGE

    viewers: list[subprocess.Popen[bytes]] = []
    for name in names:
        app.execute(c.ToggleOutput(name))
    before = _threads()
    try:
        if PAGE in names:
            status = next(each for each in app.outgoing.outputs.status() if each.name == PAGE)
            viewers.append(look_at(status.target, count, by_webrtc=by_webrtc))
        if by_webrtc:
            _wait_for_viewers(app, count)
        yield
    finally:
        for name in names:
            app.execute(c.ToggleOutput(name))
        for viewer in viewers:
            viewer.terminate()
            viewer.wait()
        end = time.monotonic() + LONGEST_REST
        while _threads() >= before and time.monotonic() < end:
            app.run(0.5)  # encoders write what waited


def _wait_for_viewers(app: App, count: int) -> None:
    """Play until all who look have agreed on a way."""
    end = time.monotonic() + LONGEST_REST
    while time.monotonic() < end:
        app.run(0.5)
        if any(f"{count} by WebRTC" in each.note for each in app.outgoing.outputs.status()):
            break


def look_at(address: str, count: int = 1, *, by_webrtc: bool = False) -> subprocess.Popen[bytes]:
    """Let so many begin to look at the page at `address`."""
    viewer = VIEWER_BY_WEBRTC if by_webrtc else VIEWER
    command = [sys.executable, "-c", viewer, address, str(count)]
    return subprocess.Popen(command, stderr=subprocess.DEVNULL)


def _threads() -> int:
    import threading

    return threading.active_count()


def thread_times() -> dict[str, float]:
    """Return the processor time of each thread of Python by its name, and of all others [s].

    "children" are the processes that this one has started.
    """
    import threading

    if sys.platform != "linux":
        return {}
    tick = os.sysconf("SC_CLK_TCK")
    names = {thread.native_id: thread.name for thread in threading.enumerate()}
    times: dict[str, float] = {}
    for task in Path("/proc/self/task").iterdir():
        try:
            fields = (task / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        name = names.get(int(task.name), "others")
        times[name] = times.get(name, 0.0) + (int(fields[11]) + int(fields[12])) / tick
    for process in Path("/proc").glob("[0-9]*"):
        try:
            fields = (process / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == os.getpid():
            name = f"child {(process / 'cmdline').read_text().split(chr(0))[2][:40]}".strip()
            name = "viewers" if "import" in name else name
            times[name] = times.get(name, 0.0) + (int(fields[11]) + int(fields[12])) / tick
    return times


def _measure(app: App, moments: list[float], seconds: float, word: str) -> Round:
    """Play for `seconds` after a warm-up, and print what was seen."""
    offers: list[float] = []
    turns: list[float] = []
    offer, frame = app.outgoing.offer, app.frame

    def timed_offer(*arguments: Any) -> None:
        start = time.perf_counter()
        offer(*arguments)
        offers.append((time.perf_counter() - start) * 1e6)

    def timed_frame() -> None:
        frame()
        turns.append(time.perf_counter())

    app.run(WARM_UP)
    moments.clear()
    before, began = thread_times(), time.monotonic()
    with (
        mock.patch.multiple(app.outgoing, offer=timed_offer),
        mock.patch.object(app, "frame", timed_frame),
    ):
        app.run(seconds)
    used = {n: t - before.get(n, 0.0) for n, t in thread_times().items()}
    took = time.monotonic() - began
    lengths = sorted((b - a) * 1e3 for a, b in itertools.pairwise(turns))
    seen = Round(
        pictures=(len(moments) - 1) / (moments[-1] - moments[0]),
        turns=(len(turns) - 1) / (turns[-1] - turns[0]),
        longest=lengths[int(len(lengths) * 0.99)],
        offer=statistics.median(offers),
        outputs=tuple(each for each in app.outgoing.outputs.status() if each.is_on),
        threads=tuple((n, t / took * 1e3) for n, t in sorted(used.items()) if t / took > 1e-3),
    )
    problems = [each for each in app.outgoing.outputs.status() if each.problem]
    print(f"{word:5}{seen}", *(f"\n      {p.name}: {p.problem}" for p in problems), flush=True)
    return seen


def _change(rounds: dict[str, list[Round]], what: str) -> float:
    """Print and return by how much the median of a pace is lower with outputs [%]."""
    off, on = (statistics.median(getattr(each, what) for each in rounds[k]) for k in ("off", "on"))
    change = (off - on) / off * 100
    print(f"{what} a second: {off:.1f} without, {on:.1f} with: {change:+.1f} % slower")
    return change


if __name__ == "__main__":
    sys.exit(main())

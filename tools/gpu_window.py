"""Time pictures in the real window: panel drawn, everything at its default, vsync off.

    PYTHONPATH=src:. python3 tools/gpu_window.py [--seconds N] [--network NAME ...]

Opens the program's own window, so it needs a screen (`xvfb-run` will do; OpenGL is then drawn by
the CPU, which bounds everything). On a card without a screen, `--no-screen` with
PYOPENGL_PLATFORM=egl draws the same to nobody. Without a GPU a small network plays on the CPU.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import torch

from sgview.app.app import App
from sgview.engine.acceleration import Acceleration
from sgview.engine.engine import Engine
from sgview.engine.network import Network
from sgview.engine.picture.picture import Picture
from sgview.engine.worker import EngineWorker
from sgview.settings import MidiSettings, OscSettings, Settings, WindowSettings
from sgview.state.motion import Motion
from sgview.state.params import Params
from stylegan3 import Generator, StyleGAN2Config, StyleGAN3Config
from stylegan3.fast import FastSynthesis
from tools.card_window import on_card

CONFIGS = {
    "stylegan3-t-1024": StyleGAN3Config(),
    "stylegan2-256": StyleGAN2Config(img_resolution=256),
    "small": StyleGAN2Config(img_resolution=32, channel_base=512, channel_max=16),
}


class CountingEngine(Engine):
    """Notes when it was asked for each picture that differs from the one before."""

    def __init__(self, device: str, acceleration: Acceleration) -> None:
        super().__init__(device, acceleration)
        self.moments: list[float] = []  # [s]
        self.host: list[float] = []  # of `render` [ms]
        self._last: tuple[Params, float] | None = None

    def render(self, params: Params, t: float, motion: Motion | None = None) -> Picture | None:
        """Render as ever."""
        start = time.perf_counter()
        picture = super().render(params, t, motion)
        if (params, t) != self._last:
            self.moments.append(start)
            self.host.append((time.perf_counter() - start) * 1e3)
        self._last = (params, t)
        return picture


class CountingApp(App):
    """Counts turns of the window, and the pictures that they bring to the screen."""

    frames = shown = 0

    def frame(self) -> None:
        """Run a turn as ever."""
        before = self.screen.pictures.shown
        super().frame()
        self.frames += 1
        self.shown += self.screen.pictures.shown is not before


@dataclass(frozen=True)
class Playing:
    """What was seen in the window."""

    network: float  # alone, one after the other [ms]
    picture: float  # mean wall clock of one [ms]
    shown: float  # mean wall clock of a drawn one: the next may come before one is drawn [ms]
    host: float  # of them, the host's part: median of `Engine.render` [ms]
    frames: float  # of the window [1/s]
    path: str  # that pictures take to the screen
    drawing: str  # what OpenGL takes of the card for a frame

    def __str__(self) -> str:
        more = self.picture - self.network
        return (
            f"{self.network:8.3f} {self.picture:8.3f} {more:+8.3f} {self.shown:8.3f}"
            f" {self.host:8.3f} {self.frames:8.1f}  {self.path}; {self.drawing}"
        )


def network_ms(generator: Generator, acceleration: Acceleration, frames: int = 300) -> float:
    """Return the time of one picture by the network alone, z to picture, in a row of them [ms]."""
    z = torch.randn(1, generator.z_dim)
    if not torch.cuda.is_available():
        start = time.perf_counter()
        with torch.no_grad():
            for _ in range(20):
                generator(z)
        return (time.perf_counter() - start) * 1e3 / 20
    with torch.cuda.stream(torch.cuda.Stream()), torch.no_grad():
        generator, z = generator.cuda(), z.cuda()
        fast = FastSynthesis(generator, acceleration.precision, kernels=acceleration.kernels)
        events = [torch.cuda.Event(enable_timing=True) for _ in range(frames + 1)]
        for _ in range(20):
            fast(z=z)
        for event in events:
            event.record()
            fast(z=z)
        torch.cuda.synchronize()
        return statistics.median(a.elapsed_time(b) for a, b in itertools.pairwise(events))


def play(
    network: Network, acceleration: Acceleration, seconds: float, *, is_blind: bool = False
) -> Playing:
    """Open the window, let it warm up, and play for `seconds`."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    alone = network_ms(Generator(network.generator.config), acceleration)  # type: ignore[arg-type]
    settings = Settings(
        window=WindowSettings(vsync=False, fps_limit=0.0),
        osc=OscSettings(enabled=False),
        midi=MidiSettings(enabled=False),
    )
    engine = CountingEngine(device, acceleration)
    with tempfile.TemporaryDirectory() as folder:
        app = CountingApp(settings, EngineWorker(engine), state_folder=Path(folder))
        with app:
            app.worker.set_network("a", network)
            while app.picture is None:
                app.frame()
            if is_blind:
                _blind(app)
            app.run(2.0)
            engine.moments.clear()
            engine.host.clear()
            app.frames = app.shown = 0
            start = time.perf_counter()
            app.run(seconds)  # its threads take turns as ever
            taken = time.perf_counter() - start
            moments, path = list(engine.moments), app.screen.display.description
            drawing = _drawing(app)
    picture = (moments[-1] - moments[0]) / (len(moments) - 1) * 1e3
    host = statistics.median(engine.host)
    return Playing(
        alone, picture, taken * 1e3 / max(app.shown, 1), host, app.frames / taken, path, drawing
    )


def _drawing(app: App) -> str:
    """Return what the stages of OpenGL take, as the performance panel shows it."""
    with mock.patch.object(type(app.gui), "shows_performance", True):
        app.run(1.0)
    stages = [f"{each.stage} {each.milliseconds:.3f}" for each in app.status.screen.timings]
    return f"OpenGL [ms]: {', '.join(stages) or 'not known'}"


def _blind(app: App) -> None:
    """Let pictures be made and taken, and nothing be drawn but the panels."""
    app.screen.display.show = app.screen.display.draw = lambda *_: None  # type: ignore[method-assign]
    draw, swap = app.screen._draw_panel, app.screen.window.swap
    drawn = [False]

    def draw_panel(present: Callable[[], None]) -> None:
        drawn[0] = app.screen.has_panel
        if drawn[0]:
            draw(present)

    app.screen._draw_panel = draw_panel  # type: ignore[method-assign]
    app.screen.window.swap = lambda: swap() if drawn[0] else None  # type: ignore[method-assign]


def main() -> None:
    """Print a line a network."""
    default = ["stylegan3-t-1024", "stylegan2-256"] if torch.cuda.is_available() else ["small"]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--network", nargs="+", choices=CONFIGS, default=default)
    parser.add_argument("--kernels", choices=["auto", "generic"], default="auto")
    parser.add_argument("--no-screen", action="store_true", help="draw on a card without a screen")
    blind = "draw nothing between panels: what OpenGL takes of the card is then left out"
    parser.add_argument("--blind", action="store_true", help=blind)
    arguments = parser.parse_args()
    acceleration = Acceleration(kernels=arguments.kernels)
    print(f"{'':20} network  picture     more    shown render()   window")
    print(f"{'':20}     ms       ms       ms       ms       ms  turns/s  the path of pictures")
    for name in arguments.network:
        torch.manual_seed(0)
        network = Network.of(Generator(CONFIGS[name]), name)
        with on_card() if arguments.no_screen else nullcontext():
            measured = play(network, acceleration, arguments.seconds, is_blind=arguments.blind)
            print(f"{name:20}{measured}", flush=True)


if __name__ == "__main__":
    main()

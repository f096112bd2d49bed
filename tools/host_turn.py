"""Time what the host does for a turn of the window's loop, without a GPU: copies do nothing.

    PYOPENGL_PLATFORM=egl PYTHONPATH=src:. python3 tools/host_turn.py [--turns N] [--profile]

Every turn has a new picture, ready at once, and nothing is swapped. The fastest tenth is told:
Python's share, and what OpenGL takes to accept its commands.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import statistics
import tempfile
import time
from contextlib import ExitStack
from dataclasses import replace
from enum import IntEnum
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import torch
from OpenGL import GL

from sgview.app.app import App
from sgview.engine.picture.picture import Picture
from sgview.engine.worker import EngineStatus
from sgview.gfx.display import Display
from sgview.gfx.interop import DeviceImage, Interop
from sgview.settings import MidiSettings, OscSettings, Settings, WindowSettings
from sgview.state.params import Params
from sgview.state.status import PictureStatus
from tools.card_window import on_card


class _Answer(IntEnum):
    OK = 0


class IdleRuntime:
    """A CUDA runtime that says yes to everything."""

    cudaStreamNonBlocking = cudaEventDisableTiming = 1  # noqa: N815
    cudaGraphicsRegisterFlags = SimpleNamespace(cudaGraphicsRegisterFlagsWriteDiscard=2)  # noqa: N815
    cudaMemcpyKind = SimpleNamespace(cudaMemcpyDeviceToDevice=3)  # noqa: N815
    cudaGLDeviceList = SimpleNamespace(cudaGLDeviceListAll=1)  # noqa: N815

    def __init__(self) -> None:
        answers: dict[str, Any] = {"cudaGLGetDevices": (_Answer.OK, 1, [0])}
        for name in (
            *("cudaSetDevice", "cudaStreamWaitEvent", "cudaStreamSynchronize"),
            *("cudaStreamDestroy", "cudaGraphicsMapResources", "cudaGraphicsUnmapResources"),
            *("cudaGraphicsUnregisterResource", "cudaMemcpy2DToArrayAsync"),
            *("cudaEventQuery", "cudaEventRecord", "cudaEventDestroy"),
        ):
            answers[name] = (_Answer.OK,)
        for name in (
            *("cudaStreamCreateWithFlags", "cudaGraphicsGLRegisterImage"),
            *("cudaGraphicsSubResourceGetMappedArray", "cudaEventCreateWithFlags"),
        ):
            answers[name] = (_Answer.OK, "handle")
        for name, answer in answers.items():
            setattr(self, name, lambda *_, answer=answer: answer)


class IdleWorker:
    """Has a new picture whenever it is asked."""

    def __init__(self) -> None:
        self._rgba8 = torch.zeros(64, 64, 4, dtype=torch.uint8)
        self._status = EngineStatus()
        self._wanted = (Params(), 0.0)

    def submit(self, params: Params, t: float) -> None:
        """Note what is wanted."""
        self._wanted = (params, t)

    def latest(self) -> Picture:
        """Return a picture of it."""
        params, t = self._wanted
        return Picture(self._rgba8, t, params, PictureStatus())

    def status(self) -> EngineStatus:
        """Return the same always."""
        return self._status

    def await_newer(self, *_: Any) -> None:
        """There is one."""

    def watch_memory(self, _: bool) -> None:
        """Do not."""

    def take_notices(self) -> list[Any]:
        """There are none."""
        return []

    def close(self) -> None:
        """Do nothing."""


def _device_image(picture: Picture) -> DeviceImage:
    return DeviceImage(1, 64, 64, lambda: picture.rgba8.numpy(), picture, 1)


def main() -> None:
    """Print the time of a turn."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=2000)
    parser.add_argument("--profile", action="store_true", help="say where it goes")
    arguments = parser.parse_args()
    settings = Settings(
        window=WindowSettings(width=400, height=300, vsync=False, fps_limit=0.0, ui_scale=1.0),
        osc=OscSettings(port=0),
        midi=MidiSettings(enabled=False),
    )
    with ExitStack() as stack:
        enter = stack.enter_context
        enter(on_card())
        enter(mock.patch("sgview.app.screen.pixels_of", _device_image))
        enter(mock.patch("sgview.gfx.calls.draw_arrays", lambda *_: None))  # the CPU would draw
        idle = partial(Interop, runtime=IdleRuntime())
        enter(mock.patch("sgview.app.screen.Display", lambda: Display(idle)))
        folder = Path(enter(tempfile.TemporaryDirectory()))
        app = enter(App(settings, IdleWorker(), state_folder=folder))  # type: ignore[arg-type]
        app.screen.window.graphics = replace(app.screen.window.graphics, renderer="a card")
        app.screen.window.swap = lambda: None
        for _ in range(50):
            app.frame()
        print(f"a turn with the panel      {_time(app, 100, has_panel=True):6.0f} us")
        print(f"a turn between two of them {_time(app, arguments.turns, has_panel=False):6.0f} us")
        if arguments.profile:
            _profile(app, arguments.turns)


def _time(app: App, turns: int, *, has_panel: bool) -> float:
    """A turn [us], the fastest tenth."""
    times = []
    with mock.patch.object(app.screen._panel_pace, "is_due", lambda: has_panel):
        for _ in range(turns):
            GL.glFinish()
            start = time.perf_counter()
            app.frame()
            times.append((time.perf_counter() - start) * 1e6)
    return statistics.quantiles(times, n=10)[0]  # beside other programs, the least disturbed


def _profile(app: App, turns: int) -> None:
    with (
        mock.patch.object(app.screen._panel_pace, "is_due", lambda: False),
        cProfile.Profile() as profile,
    ):
        for _ in range(turns):
            GL.glFinish()
            app.frame()
    pstats.Stats(profile).sort_stats("tottime").print_stats(45)


if __name__ == "__main__":
    main()

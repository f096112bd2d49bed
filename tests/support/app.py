"""The app under test: in this process with an engine on the CPU, or as a user starts it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sgview.app import dialogs
from sgview.settings import FolderSettings, Settings
from tests.support import DATA
from tests.support.until import LIMIT, until

if TYPE_CHECKING:
    from sgview.app.app import App

SG2, SG3_A, SG3_B = (DATA / name for name in ("sg2-64-a.pkl", "sg3-t-64-a.pkl", "sg3-t-64-b.pkl"))


class Time:
    """Real time [s], unless a test holds it: then it moves when the test says so."""

    def __init__(self) -> None:
        self._held: float | None = None

    def __call__(self) -> float:
        return time.perf_counter() if self._held is None else self._held

    @contextmanager
    def held(self) -> Iterator[Callable[[float], None]]:
        """Stop time; the function that this gives moves it on by some seconds."""
        self._held = start = time.perf_counter()

        def move(seconds: float) -> None:
            assert self._held is not None
            self._held += seconds

        try:
            yield move
        finally:
            # Time must not run backwards.
            until(lambda: time.perf_counter() >= (self._held or start))
            self._held = None


@contextmanager
def app_playing(
    networks: Mapping[str, Path],  # {"a": file, "b": file}
    screen: Any,
    folder: Path,  # for all that is written
    *,
    now: Callable[[], float] = time.perf_counter,  # [s]
    **settings: Any,  # of `Settings`
) -> Iterator[App]:
    """Open the window, load networks, and give it the keyboard once they play.

    Its panel is drawn in each frame, as on a graphics card with vsync: tests read what it says.
    """
    from sgview.app import pace
    from sgview.app.app import App
    from sgview.engine.engine import Engine
    from sgview.engine.networks import load_network
    from sgview.engine.worker import EngineWorker

    folders = FolderSettings(
        snapshots=str(folder / "shots"),
        presets=str(folder / "presets"),
        takes=str(folder / "takes"),
        recordings=str(folder / "recordings"),
        latents=str(folder / "latents"),
    )
    worker = EngineWorker(Engine("cpu", latents=folder / "latents"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dialogs, "LINUX_HELPERS", ())  # files are asked for in the window
        app = App(
            Settings(folders=folders, **settings), worker, state_folder=folder / "state", now=now
        )
    with app, pytest.MonkeyPatch.context() as patch:
        for rate in ("SOFTWARE_PANEL_RATE", "RESTING_SOFTWARE_PANEL_RATE"):
            patch.setattr(pace, rate, pace.PANEL_RATE)
        for slot, path in networks.items():
            app.worker.set_network(slot, load_network(path))
        until(
            lambda: app.picture and app.status.engine.networks.keys() == networks.keys(), app.frame
        )
        screen.xdotool("search", "--sync", "--onlyvisible", "--name", "^sgview", "windowfocus")
        yield app


@contextmanager
def program(
    folder: Path,
    *arguments: str | Path,
    environment: Mapping[str, str] | None = None,  # None: that of the tests
) -> Iterator[subprocess.Popen[str]]:
    """Start `python -m sgview` in a folder, where it also keeps its state; end it after."""
    home = {"XDG_STATE_HOME": str(folder / "state"), "XDG_CONFIG_HOME": str(folder / "config")}
    process = subprocess.Popen(
        [sys.executable, "-m", "sgview", *map(str, arguments)], cwd=folder,
        env={**(os.environ if environment is None else environment), **home},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=LIMIT)

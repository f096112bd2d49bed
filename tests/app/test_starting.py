"""The window is there before its engine, says what it waits for, and can be left."""

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from sgview.app import starting
from sgview.app.app import App
from sgview.app.screen import BACKGROUND
from sgview.app.starting import LeftAtStartError
from sgview.cli import options, run
from sgview.engine.engine import Engine
from sgview.engine.worker import EngineWorker
from sgview.gfx.framebuffer import read
from sgview.gfx.glfw_library import glfw
from sgview.gfx.window import Window
from sgview.settings import Settings, WindowSettings
from sgview.state.validation import ConfigError
from tests.support.app import SG3_A
from tests.support.until import until

pytestmark = pytest.mark.gl

SMALL = Settings(window=WindowSettings(width=320, height=200))
Meanwhile = Callable[[str], object]


class Shown(NamedTuple):
    """What each swap brings to the screen, and the window that it is of."""

    pictures: list[np.ndarray]  # uint8 [H, W, 4]
    windows: list[Window]


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Shown:
    seen = Shown([], [])
    swap = Window.swap

    def keep(window: Window) -> None:
        seen.pictures.append(read(window.framebuffer_size))
        seen.windows.append(window)
        swap(window)

    monkeypatch.setattr(Window, "swap", keep)
    return seen


def lit(picture: np.ndarray) -> np.ndarray:
    """Where something else than the background is, bool [H, W]."""
    background = np.round(np.array(BACKGROUND) * 255)
    return (np.abs(picture[..., :3] - background) > 2).any(axis=2)


def test_the_window_says_what_it_waits_for_and_takes_files(
    screen, tmp_path: Path, shown: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(starting, "REDRAW", 1e9)

    def make(meanwhile: Meanwhile) -> EngineWorker:
        for text in ("Loading PyTorch…", "Reading the networks…", ""):
            meanwhile(text)
            meanwhile(text)  # is not drawn again
        shown.windows[-1].on_drop([SG3_A])  # type: ignore[misc]
        return EngineWorker(Engine("cpu"))

    with App(SMALL, make, state_folder=tmp_path) as app:
        first, torch, networks, dark = (lit(picture) for picture in shown.pictures)
        assert not first.any() and not dark.any()  # of a window just opened, and on a stage
        for words in (torch, networks):
            rows, columns = np.nonzero(words)
            height, width = words.shape
            assert abs(rows.mean() - height / 2) < 12 and abs(columns.mean() - width / 2) < 12
        assert (torch != networks).any()
        until(lambda: "a" in app.status.engine.networks, app.frame)
        assert app.status.engine.networks["a"].path == str(SG3_A)


def test_a_window_closed_before_anything_plays_is_left(screen, tmp_path: Path) -> None:
    calls: list[str] = []

    def make(meanwhile: Meanwhile) -> EngineWorker:
        glfw.set_window_should_close(glfw.get_current_context(), True)
        calls.append("before")
        meanwhile("Loading PyTorch…")
        raise AssertionError("it goes on all the same")

    with pytest.raises(LeftAtStartError):
        App(SMALL, make, state_folder=tmp_path)
    assert calls == ["before"]
    assert not glfw.get_current_context()  # the window is freed
    assert not (tmp_path / "session.json").exists()  # and the last session is as it was


def test_the_arrangement_of_the_panels_is_as_it_was(screen, tmp_path: Path) -> None:
    arrangement = tmp_path / "panels.ini"

    def make(meanwhile: Meanwhile) -> EngineWorker:
        for number in range(5):
            meanwhile(f"Waiting {number}")
        if is_left:
            raise LeftAtStartError
        return EngineWorker(Engine("cpu"))

    def docked() -> list[str]:
        lines = arrangement.read_text().splitlines()
        return [line for line in lines if line.startswith(("[Window]", "DockId"))]

    is_left = False
    with App(SMALL, make, state_folder=tmp_path) as app:
        for _ in range(5):
            app.frame()
    first = docked()
    assert sum(line.startswith("DockId") for line in first) >= 8  # each panel has its place
    is_left = True
    with pytest.raises(LeftAtStartError):
        App(SMALL, make, state_folder=tmp_path)
    assert docked() == first
    is_left = False
    with App(SMALL, make, state_folder=tmp_path) as app:
        for _ in range(5):
            app.frame()
    assert docked() == first


def test_the_program_ends_well_when_it_is_left_so_early(
    screen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    is_left = threading.Event()

    def wait(_settings: Settings) -> Engine:
        is_left.wait()
        raise ConfigError("nobody hears this")

    def poll(window: Window) -> None:
        glfw.set_window_should_close(window.handle, True)

    monkeypatch.setattr(options, "open_engine", wait)
    monkeypatch.setattr(Window, "poll", poll)
    monkeypatch.setattr(run, "leave", sys.exit)
    with pytest.raises(SystemExit) as left:
        run.play(SMALL)
    is_left.set()
    assert left.value.code == 0


def test_a_device_that_is_not_there_is_said_by_the_window_program(
    screen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))

    def refuse(_settings: Settings) -> Engine:
        raise ConfigError("no such device")

    monkeypatch.setattr(options, "open_engine", refuse)
    with pytest.raises(ConfigError, match="no such device"):
        run.play(SMALL)
    assert not glfw.get_current_context()


def test_the_window_needs_no_torch() -> None:
    code = "import sys, sgview.cli.run, sgview.app.app; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

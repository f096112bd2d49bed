"""The program ends when it is told to, whatever hangs."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sgview.app.session_file import load_session
from tests.support.until import LIMIT, until

pytestmark = pytest.mark.gl

START = """
import sys, time
from pathlib import Path
from sgview.cli import main

{hang}
sys.exit(main(sys.argv[1:]))
"""
ENGINE = """
from sgview.engine.engine import Engine
render, begin = Engine.render, time.monotonic()
def hang(self, params, t, motion):
    if Path("hang").exists():
        Path("hangs").touch()
        while True:
            time.sleep(1)
    return render(self, params, t, motion)
Engine.render = hang
"""
DISK = """
from sgview.show import look_files
scan = look_files.scan
def hang(folder, known):
    if Path("hang").exists():
        Path("hangs").touch()
        time.sleep(1000)
    return scan(folder, known)
look_files.scan = hang
"""
DRIVER = """
from sgview.gfx.window import Window
swap = Window.swap
def hang(self):
    if Path("hang").exists():
        Path("hangs").touch()
        while True:  # as C does that never comes back to Python
            try:
                time.sleep(1000)
            except BaseException:
                pass
    swap(self)
Window.swap = hang
"""
SCRIPT = """
from pathlib import Path
def frame(play):
    while Path("hang").exists():
        Path("hangs").touch()
        try:
            while True:
                pass
        except BaseException:
            pass
"""


@contextmanager
def playing(screen, folder: Path, hang: str = "", *arguments: str) -> Iterator[subprocess.Popen]:
    """Start the program, wait until it has saved its session, and let it hang."""
    home = {"XDG_STATE_HOME": str(folder / "state"), "XDG_CONFIG_HOME": str(folder / "config")}
    process = subprocess.Popen(
        [sys.executable, "-c", START.format(hang=hang), "--device", "cpu", *arguments],
        cwd=folder, env={**os.environ, **home, "DISPLAY": screen.display},
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    session = folder / "state" / "sgview" / "session.json"
    try:
        until(lambda: session.is_file() or process.poll() is not None)
        session.unlink()
        if hang or arguments:
            (folder / "hang").touch()
            until(lambda: (folder / "hangs").exists() or process.poll() is not None)
        assert process.poll() is None
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    ("hang", "number"),
    [(ENGINE, signal.SIGINT), (DISK, signal.SIGTERM), ("", signal.SIGTERM)],
    ids=["engine", "disk", "script"],
)
def test_it_ends_when_asked_and_has_saved_the_session(
    screen, tmp_path: Path, hang: str, number: signal.Signals
) -> None:
    (tmp_path / "play.py").write_text(SCRIPT)
    arguments = () if hang else ("--script", "play.py")
    with playing(screen, tmp_path, hang, *arguments) as process:
        process.send_signal(number)
        process.wait(LIMIT)
        assert process.returncode == 0
        assert load_session(tmp_path / "state" / "sgview" / "session.json")


def test_one_that_hangs_on_the_main_thread_ends_too(screen, tmp_path: Path) -> None:
    with playing(screen, tmp_path, DRIVER) as process:
        process.send_signal(signal.SIGTERM)
        process.wait(LIMIT)


def test_a_second_signal_ends_it_at_once(screen, tmp_path: Path) -> None:
    slow = DISK + "import sgview.app.process\nsgview.app.process.GRACE = 1000\n"
    with playing(screen, tmp_path, slow) as process:
        process.send_signal(signal.SIGINT)
        time.sleep(0.5)
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        process.wait(LIMIT)
        assert process.returncode == 128 + signal.SIGTERM

"""The program ends when it is told to, whatever hangs."""

import ctypes
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
PATIENT = """
import sgview.app.process
sgview.app.process.GRACE = 10  # a busy machine takes longer to save, too
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


class ClientMessage(ctypes.Structure):
    """XClientMessageEvent of Xlib, with room for any other event."""

    _fields_ = (
        ("type", ctypes.c_int), ("serial", ctypes.c_ulong), ("send_event", ctypes.c_int),
        ("display", ctypes.c_void_p), ("window", ctypes.c_ulong), ("message", ctypes.c_ulong),
        ("format", ctypes.c_int), ("data", ctypes.c_long * 5), ("rest", ctypes.c_long * 12),
    )  # fmt: skip


def ask_to_close(display: str) -> None:
    """Do what a window manager does when its cross is clicked."""
    words = ["xdotool", "search", "--name", "^sgview"]
    found = subprocess.check_output(words, env={**os.environ, "DISPLAY": display}, text=True)
    window = int(found.split()[-1])
    x = ctypes.CDLL("libX11.so.6")
    x.XOpenDisplay.restype, x.XInternAtom.restype = ctypes.c_void_p, ctypes.c_ulong
    x.XInternAtom.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
    x.XSendEvent.argtypes = [
        *(ctypes.c_void_p, ctypes.c_ulong, ctypes.c_int, ctypes.c_long, ctypes.c_void_p)
    ]
    x.XCloseDisplay.argtypes = [ctypes.c_void_p]
    server = x.XOpenDisplay(display.encode())
    event = ClientMessage(type=33, window=window, format=32)
    event.message = x.XInternAtom(server, b"WM_PROTOCOLS", 0)
    event.data[0] = x.XInternAtom(server, b"WM_DELETE_WINDOW", 0)
    x.XSendEvent(server, window, 0, 0, ctypes.byref(event))
    x.XCloseDisplay(server)


def test_the_window_managers_cross_ends_it_while_a_script_hangs(screen, tmp_path: Path) -> None:
    (tmp_path / "play.py").write_text(SCRIPT)
    with playing(screen, tmp_path, "", "--script", "play.py") as process:
        ask_to_close(screen.display)
        process.wait(LIMIT)
        assert process.returncode == 0
        assert load_session(tmp_path / "state" / "sgview" / "session.json")


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
    hang += PATIENT
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

"""A graphics card or a screen that is lost while it plays: it is said, and nothing else is lost."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from OpenGL import GL

from sgview.app import process as process_module
from sgview.app.process import Leaving
from sgview.app.session_file import load_session
from sgview.app.window_place import read_place
from sgview.engine import failures
from sgview.engine.device import DeviceLostError
from sgview.engine.engine import Engine
from sgview.gfx import errors
from sgview.gfx.context import GraphicsLostError
from sgview.gfx.display_loss import DisplayLoss
from sgview.gfx.glfw_library import glfw
from sgview.show.takes.take import read_take
from tests.support.app import SG3_A, app_playing
from tests.support.until import LIMIT, until

pytestmark = pytest.mark.gl

STICKS = "CUDA error: an illegal memory access was encountered"

# What a process sees whose CUDA context was lost: every call is answered with the same error.
LOSING = f"""
import sys
from pathlib import Path
from sgview.cli import main
from sgview.engine import failures
from sgview.engine.engine import Engine

render, close = Engine.render, Engine.close
def fail(self, *_):
    raise RuntimeError({STICKS!r} + "\\nFor debugging consider passing a variable.")
def lose(self, *arguments):
    if Path("lose").exists():
        Engine.render = Engine.close = fail
        failures.device_answers = lambda device: False
    return render(self, *arguments) if Engine.render is lose else fail(self)
Engine.render = lose
sys.exit(main(sys.argv[1:]))
"""


@contextmanager
def started(
    folder: Path, display: str, *words: str, errors: int = subprocess.PIPE
) -> Iterator[subprocess.Popen]:
    """Start Python in a folder, where the program keeps its state too."""
    home = {"XDG_STATE_HOME": str(folder / "state"), "XDG_CONFIG_HOME": str(folder / "config")}
    process = subprocess.Popen(
        [sys.executable, *words], cwd=folder, text=True, stderr=errors, stdout=subprocess.DEVNULL,
        env={**os.environ, **home, "DISPLAY": display},
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def session_of(folder: Path) -> Path:
    return folder / "state" / "sgview" / "session.json"


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_after_a_lost_device_another_process_goes_on_in_its_place(screen, tmp_path: Path) -> None:
    arguments = ("-c", LOSING, str(SG3_A), "--device", "cpu", "--psi", "0.5", "--hide-panels")
    arguments += ("--on=PNG series",)
    session = session_of(tmp_path)
    with started(tmp_path, screen.display, *arguments) as process:
        until(lambda: process.poll() is not None or session.is_file())
        until(lambda: load_session(session).surroundings.t > 0)
        (tmp_path / "lose").touch()
        line = Path(f"/proc/{process.pid}/cmdline")
        until(lambda: b"--restarted=1" in line.read_bytes() or process.poll() is not None)
        left = load_session(session)
        assert left.params.mapping.truncation_psi == 0.5
        until(
            lambda: (
                process.poll() is not None
                or load_session(session).surroundings.t > left.surroundings.t
            )
        )
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=LIMIT)
    assert process.returncode == 0, said
    assert f"does not answer any more ({STICKS}): it starts again with the session" in said
    assert "Traceback" not in said
    after = load_session(session)
    assert after.params == left.params  # from the session: its options were not applied again
    assert after.surroundings.networks == {"a": str(SG3_A)}
    assert len(list((tmp_path / "out").iterdir())) == 2  # folders: the output was on again
    reports = list((tmp_path / "state" / "sgview" / "reports").iterdir())
    assert len(reports) == 1 and STICKS in reports[0].read_text()


def test_a_device_that_does_not_answer_ends_the_loop_and_is_told_once(
    screen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app_playing({"a": SG3_A}, screen, tmp_path) as app:
        shown = app.worker.latest()
        failed: list[float] = []

        def fail(_engine: Engine, _params: Any, t: float, *_: object) -> None:
            failed.append(t)
            raise RuntimeError(f"{STICKS}\nmore words")

        monkeypatch.setattr(Engine, "render", fail)
        app.run(seconds=0.1)
        until(lambda: failed, app.frame)
        assert app.loss is None  # an error that is gone with the next call
        until(lambda: any(STICKS in notice.text for notice in app.status.notices), app.frame)
        monkeypatch.setattr(failures, "device_answers", lambda device: False)
        app.run()
        assert isinstance(app.loss, DeviceLostError) and STICKS in str(app.loss)
        count = len(failed)
        for _ in range(5):
            app.frame()
        assert len(failed) == count  # it is not asked for more
        assert shown is not None and app.worker.latest() is not None  # the last picture stays


@pytest.mark.parametrize("way", ["error", "status"])
def test_a_lost_context_ends_the_loop(
    screen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    with app_playing({"a": SG3_A}, screen, tmp_path) as app:
        monkeypatch.setattr(app.screen, "_reset_pace", AlwaysDue())
        app.run(seconds=0.05)
        assert app.loss is None
        if way == "error":
            monkeypatch.setattr(errors, "_ask", lambda: 0x0507)  # GL_CONTEXT_LOST, for ever
        else:
            monkeypatch.setattr(GL, "glGetGraphicsResetStatus", lambda: 0x8253)  # guilty
        app.run()
        assert isinstance(app.loss, GraphicsLostError)
        assert "was reset" in str(app.loss)


def test_a_window_that_another_program_destroys_ends_the_loop(screen, tmp_path: Path) -> None:
    x = ctypes.CDLL("libX11.so.6")
    x.XOpenDisplay.restype = ctypes.c_void_p
    with app_playing({"a": SG3_A}, screen, tmp_path) as app:
        placement, place = app.screen.window.placement, (120, 80, 500, 400)
        placement.move(place)
        until(lambda: placement.last_place == place, app.frame)
        assert app.loss is None
        other = ctypes.c_void_p(x.XOpenDisplay(None))
        x.XDestroyWindow(other, ctypes.c_ulong(glfw.get_x11_window(app.screen.window._handle)))
        x.XCloseDisplay(other)
        app.run(seconds=LIMIT)
        assert str(app.loss) == "another program destroyed the window"
    assert read_place(tmp_path / "state").place == place  # where the one that takes its place opens


class AlwaysDue:
    def is_due(self) -> bool:
        return True

    def begin(self) -> None:
        pass


@contextmanager
def own_screen(folder: Path) -> Iterator[tuple[str, subprocess.Popen]]:
    """Start a screen that a test may end."""
    read_end, write_end = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write_end), "-screen", "0", "800x600x24", "-noreset"],
        pass_fds=[write_end], stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(write_end)
    try:
        with os.fdopen(read_end) as pipe:
            yield f":{pipe.readline().strip()}", server
    finally:
        server.kill()
        server.wait(LIMIT)


def test_where_the_screen_goes_the_session_and_the_take_are_saved(screen, tmp_path: Path) -> None:
    session = session_of(tmp_path)
    with own_screen(tmp_path) as (display, server):
        words = ("-m", "sgview", str(SG3_A), "--device", "cpu", "--psi", "0.5")
        with started(tmp_path, display, *words) as process:
            until(lambda: session.is_file() or process.poll() is not None)
            subprocess.run(
                ["xdotool", "search", "--sync", "--onlyvisible", "--name", "^sgview",
                 "windowfocus", "key", "ctrl+r"],
                env={**os.environ, "DISPLAY": display}, check=True, timeout=LIMIT,
            )  # fmt: skip
            (take,) = until(lambda: list((tmp_path / "takes").glob("*.zst")))
            until(lambda: take.stat().st_size > 0)
            session.unlink()
            server.kill()
            _, said = process.communicate(timeout=LIMIT)
    assert process.returncode == 1, said
    sentence = "sgview: the screen is gone: `sgview --resume` goes on with the session\n"
    assert said.endswith(sentence) and "XIO" not in said and "Traceback" not in said
    assert load_session(session).params.mapping.truncation_psi == 0.5
    assert read_place(session.parent).place[2:] == (800, 600)  # as large as that screen was
    assert not read_take(take).is_cut_short


def test_xlib_tells_the_window_that_ends_it_and_is_left_as_it_was(screen) -> None:
    from sgview.gfx.window import Window

    with Window("lost", 64, 64, visible=False):
        loss = DisplayLoss()
        told: list[str] = []
        loss.on_lost = lambda: told.append("lost")
        before = loss._before
        other = DisplayLoss()  # of another window, which nobody has told what to do
        other._handler(None)
        assert told == ["lost"]
        other.close()
        loss.close()
        loss.close()
        again = DisplayLoss()
        assert again._before == before
        again.close()


def test_what_hangs_while_another_process_shall_go_on_is_left_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(process_module, "GRACE", 0.01)
    went_on = threading.Event()
    with Leaving(lambda: None) as leaving:
        leaving.begin(went_on.set)
        assert went_on.wait(LIMIT)
        assert not leaving.is_asked_for


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal")
def test_a_terminal_that_is_closed_asks_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped: list[int] = []
    monkeypatch.setattr(process_module, "GRACE", LIMIT)
    with Leaving(lambda: stopped.append(1)) as leaving:
        signal.raise_signal(signal.SIGHUP)
        until(lambda: leaving.is_asked_for)
    assert stopped == [1]


def test_the_commands_of_the_next_process() -> None:
    from sgview.cli.restart import MOST, QUIET, arguments_for, count_again, notice_of

    before = ["a.pkl", "--fullscreen", "--restarted=1", "--resume", "--config", "my.toml"]
    before.append("--on=NDI")
    how: Callable[..., list[str]] = arguments_for
    assert how(before, 2, is_fullscreen=False, shows_panels=True) == [
        "a.pkl", "--config", "my.toml", "--resume", "--restarted=2"
    ]  # fmt: skip
    more = how(before, 1, is_fullscreen=False, shows_panels=True, outputs=["Virtual camera"])
    assert more[-1] == "--on=Virtual camera" and "--on=NDI" not in more
    again = how(before, MOST, is_fullscreen=True, shows_panels=False)
    assert again[-4:] == ["--fullscreen", "--hide-panels", "--device", "cpu"]
    assert count_again(0, QUIET - 1) == 1
    assert count_again(MOST, QUIET - 1) == MOST + 1  # which is given up
    assert count_again(MOST, QUIET + 1) == 1
    assert "processor" in notice_of(MOST)[0] and "processor" not in notice_of(1)[0]

"""The program starts on the desktops people have: X11, and Wayland with XWayland or without."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from tests.support.app import program
from tests.support.until import LIMIT, until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Wayland is Linux's")


def desktop(displays: dict[str, str]) -> dict[str, str]:
    """Return the environment of a desktop session that has only these displays."""
    others = ("DISPLAY", "WAYLAND_DISPLAY", "XDG_SESSION_TYPE", "XDG_RUNTIME_DIR")
    return {name: v for name, v in os.environ.items() if name not in others} | displays


def glfw_libraries(process: subprocess.Popen[str]) -> set[str]:
    """Return the GLFW libraries that are loaded in `process`."""
    maps = Path(f"/proc/{process.pid}/maps").read_text()
    return set(re.findall(r"/\S*libglfw\S*", maps))


@contextmanager
def weston(*arguments: str) -> Iterator[dict[str, str]]:
    """Run a Wayland desktop without a screen; gives the environment of its programs."""
    if shutil.which("weston") is None:
        pytest.skip("weston is not installed")
    with tempfile.TemporaryDirectory() as folder:  # short: sockets' paths may have 108 characters
        log = Path(folder, "log")
        command = ["weston", "--backend=headless-backend.so", "--socket=desktop", f"--log={log}"]
        process = subprocess.Popen(
            [*command, *arguments],
            env={**os.environ, "XDG_RUNTIME_DIR": folder},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            until(lambda: Path(folder, "desktop").exists() or process.poll() is not None)
            if process.poll() is not None:
                pytest.skip(f"weston does not start: {log.read_text()[-500:]}")
            environment = {
                "WAYLAND_DISPLAY": "desktop",
                "XDG_RUNTIME_DIR": folder,
                "XDG_SESSION_TYPE": "wayland",
            }
            if "--xwayland" in arguments:
                listening = re.compile(r"xserver listening on display (:\d+)")
                until(lambda: bool(listening.search(log.read_text())))
                environment["DISPLAY"] = listening.findall(log.read_text())[0]
            yield environment
        finally:
            process.terminate()
            process.wait(timeout=LIMIT)


@pytest.mark.gl
@pytest.mark.parametrize(
    "settings",
    [
        {"XDG_SESSION_TYPE": "wayland"},
        {"XDG_SESSION_TYPE": "x11", "PYGLFW_LIBRARY_VARIANT": "wayland"},
        {"PYGLFW_LIBRARY": "libglfw-of-the-users.so"},
    ],
    ids=lambda settings: "-".join(settings),
)
def test_plays_with_one_glfw_whatever_the_environment_says(
    screen, tmp_path: Path, settings: dict[str, str]
) -> None:
    def is_playing() -> bool:
        assert process.poll() is None, process.communicate()
        middle = screen.read()[300:700:3, 300:900:3].reshape(-1, 3)
        return len(np.unique(middle, axis=0)) > 20

    session = desktop({"DISPLAY": screen.display, **settings})
    with program(tmp_path, "--hide-panels", environment=session) as process:
        until(is_playing)
        assert len(glfw_libraries(process)) == 1
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=LIMIT)
    assert (process.returncode, out, errors) == (0, "", "")


def test_plays_on_a_wayland_desktop_through_xwayland(tmp_path: Path) -> None:
    if shutil.which("Xwayland") is None:
        pytest.skip("Xwayland is not installed")
    with (
        weston("--xwayland") as displays,
        program(tmp_path, "--seconds", "3", environment=desktop(displays)) as process,
    ):
        out, errors = process.communicate(timeout=LIMIT)
    assert (process.returncode, out, errors) == (0, "", "")


def test_without_xwayland_one_sentence_says_what_to_install(tmp_path: Path) -> None:
    with (
        weston() as displays,
        program(tmp_path, "--seconds", "3", environment=desktop(displays)) as process,
    ):
        out, errors = process.communicate(timeout=LIMIT)
    assert (process.returncode, out) == (2, "")
    assert "no XWayland" in errors
    assert "apt install xwayland" in errors
    assert len(errors.splitlines()) == 1

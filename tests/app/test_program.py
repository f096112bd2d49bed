"""`python -m sgview` as a user starts it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.support import DATA
from tests.support.app import program
from tests.support.until import LIMIT, until

pytestmark = pytest.mark.gl


def colours(shot: np.ndarray) -> int:
    """Return how many colours lie in the middle of the picture's place."""
    middle = shot[300:700:3, 300:900:3]
    return len(np.unique(middle.reshape(-1, 3), axis=0))


def test_plays_two_files_obeys_keys_and_leaves_on_interrupt(screen, tmp_path: Path) -> None:
    files = [str(DATA / "sg3-t-64-a.pkl"), str(DATA / "sg3-t-64-b.pkl")]
    with program(tmp_path, *files, "--device", "cpu", "--flip-h") as process:
        until(lambda: process.poll() is None and colours(screen.read()) > 50)
        first = screen.read()
        until(lambda: (screen.read()[300:700, 300:900] != first[300:700, 300:900]).mean() > 0.05)
        window = ("--all", "--pid", process.pid, "--name", "^sgview")
        screen.xdotool("search", "--sync", "--onlyvisible", *window, "windowfocus")
        screen.xdotool("key", "Escape", "space", "s")
        until(lambda: list((tmp_path / "out").glob("sgview-*.png")) or process.poll() is not None)
        assert process.poll() is None, process.communicate()
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=LIMIT)
    assert (process.returncode, out, errors) == (0, "", "")
    assert "sg3-t-64-a.pkl" in (tmp_path / "state" / "sgview" / "recent.json").read_text()


def test_plays_the_builtin_networks_for_a_while(screen, tmp_path: Path) -> None:
    with program(tmp_path, "--seconds", "3", "--hide-panels") as process:
        until(lambda: colours(screen.read()) > 20 or process.poll() is not None)
        out, errors = process.communicate(timeout=LIMIT)
    assert (process.returncode, out, errors) == (0, "", "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.pkl"], "missing.pkl: there is no such file"),
        (["--device", "cuda"], "CUDA cannot be used here"),
    ],
)
def test_what_cannot_start_is_one_sentence_and_code_2(
    screen, tmp_path: Path, arguments: list[str], message: str
) -> None:
    import torch

    if "cuda" in arguments and torch.cuda.is_available():
        pytest.skip("CUDA can be used here")
    with program(tmp_path, *arguments) as process:
        out, errors = process.communicate(timeout=LIMIT)
    assert process.returncode == 2
    assert message in errors
    assert len(errors.splitlines()) == 1
    assert out == ""


def test_without_a_display_it_says_what_to_do(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    result = subprocess.run(
        [sys.executable, "-m", "sgview"], cwd=tmp_path, timeout=LIMIT,
        env={**environment, "XDG_STATE_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)},
        capture_output=True, text=True,
    )  # fmt: skip
    assert result.returncode == 2
    assert "there is no display" in result.stderr
    assert len(result.stderr.splitlines()) == 1

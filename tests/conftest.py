"""What all tests share: a screen to draw on, and skips that cannot hide.

`SGVIEW_EXPECT=gl,cuda` says what this machine must have: a test that is skipped then fails, if all
its markers are among them.
"""

import os
import shutil
import subprocess
import warnings
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

# Before torch is imported: threads that wait for each other sleep. Beside anything else that runs
# here they would otherwise slow each other down tenfold. And there is one for each test run:
# networks this small gain nothing from threads, and `make test` runs tests side by side.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("OMP_NUM_THREADS", "1")

EXPECTED = frozenset(filter(None, os.environ.get("SGVIEW_EXPECT", "").split(",")))
MARKERS = ("gl", "cuda")
SCREEN_SIZE = (1600, 1000)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    needed = {name for name in MARKERS if item.get_closest_marker(name)}
    if report.skipped and needed and needed <= EXPECTED and not hasattr(report, "wasxfail"):
        reason = call.excinfo.value if call.excinfo else "skipped"
        report.outcome = "failed"
        report.longrepr = f"SGVIEW_EXPECT={','.join(sorted(EXPECTED))}, but: {reason}"
    return report


@pytest.fixture
def never_waiting() -> Callable[[], AbstractContextManager[None]]:
    """What torch raises in, wherever the host waits for the CUDA device."""
    import torch

    @contextmanager
    def watch() -> Iterator[None]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that this mode is a prototype
            torch.cuda.set_sync_debug_mode("error")
        try:
            yield
        finally:
            torch.cuda.set_sync_debug_mode("default")

    return watch


@dataclass(frozen=True)
class Screen:
    """A virtual screen."""

    display: str  # ":7"
    folder: Path  # holds the screen's memory

    def xdotool(self, *words: str | int) -> None:
        """Move the mouse and press keys as a user would, e.g. ``xdotool("key", "F1")``."""
        subprocess.run(
            ["xdotool", *map(str, words)], env={**os.environ, "DISPLAY": self.display},
            check=True, timeout=30, capture_output=True,
        )  # fmt: skip

    def read(self) -> np.ndarray:
        """Return what is on the screen, uint8 [H, W, 3]."""
        data = (self.folder / "Xvfb_screen0").read_bytes()
        # XWD: 25 big-endian words of header, a window name, colour cells of 12 bytes, pixels.
        header = np.frombuffer(data, ">u4", 25)
        width, height, stride, colours = header[4], header[5], header[12], header[19]
        pixels = np.frombuffer(data, np.uint8, offset=int(header[0] + colours * 12))
        rows = pixels[: height * stride].reshape(height, stride)[:, : width * 4]
        return rows.reshape(height, width, 4)[..., 2::-1].copy()


@pytest.fixture(scope="session")
def screen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Screen]:
    """A virtual screen of its own, so that no test disturbs or depends on the desktop."""
    for program in ("Xvfb", "xdotool"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    folder = tmp_path_factory.mktemp("screen")
    read_end, write_end = os.pipe()
    width, height = SCREEN_SIZE
    command = [
        "Xvfb", "-displayfd", str(write_end), "-screen", "0", f"{width}x{height}x24",
        "-fbdir", str(folder), "-nolisten", "tcp", "-noreset",
    ]  # fmt: skip
    log = (folder / "log").open("wb")
    process = subprocess.Popen(
        command, pass_fds=[write_end], stdin=subprocess.DEVNULL, stdout=log, stderr=log
    )
    os.close(write_end)
    with os.fdopen(read_end) as pipe:
        number = pipe.readline().strip()
    # Not the desktop's own screen, which a Wayland session would offer too.
    settings = {"DISPLAY": f":{number}"}
    unset = ("WAYLAND_DISPLAY",)
    before = {name: os.environ.get(name) for name in (*settings, *unset)}
    try:
        if not number:
            pytest.skip(f"Xvfb does not start: {(folder / 'log').read_text()[-500:]}")
        os.environ.update(settings)
        for name in unset:
            os.environ.pop(name, None)
        yield Screen(f":{number}", folder)
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
        process.terminate()
        process.wait(timeout=20)
        log.close()

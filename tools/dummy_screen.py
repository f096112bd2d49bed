"""An X server with monitors that are not there: Xorg's dummy driver, whose outputs `xrandr` plugs.

Debian and Ubuntu call it `xserver-xorg-video-dummy`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DRIVER = Path("/usr/lib/xorg/modules/drivers/dummy_drv.so")
FIRST, SECOND = "DUMMY0", "DUMMY1"
WIDTH, HEIGHT = 1280, 720  # of each monitor [px]
_MODE = ("small", "74.5", "1280", "1344", "1472", "1664", "720", "723", "728", "748")
_CONFIGURATION = """
Section "ServerFlags"
  Option "AutoAddDevices" "false"
  Option "DontVTSwitch" "true"
EndSection
Section "Device"
  Identifier "card"
  Driver "dummy"
  VideoRam 64000
EndSection
Section "Monitor"
  Identifier "monitor"
  HorizSync 5-1000
  VertRefresh 5-200
EndSection
Section "Screen"
  Identifier "screen"
  Device "card"
  Monitor "monitor"
  DefaultDepth 24
  SubSection "Display"
    Depth 24
    Modes "1280x720"
    Virtual 4096 2048
  EndSubSection
EndSection
"""


class DummyScreen:
    """A running server; its first monitor is lit.

    Attributes:
        display: as in `DISPLAY`.
    """

    def __init__(self, display: str) -> None:
        self.display = display
        self.xrandr("--newmode", *_MODE)
        for output in (FIRST, SECOND):
            self.xrandr("--addmode", output, "small")

    def plug(self, output: str, x: int) -> None:
        """Light a monitor at `x`, 0 [px] high."""
        self.xrandr("--output", output, "--mode", "small", "--pos", f"{x}x0")
        self.xrandr("--query")  # the driver says so when it is asked

    def unplug(self, output: str) -> None:
        """Put a monitor out."""
        self.xrandr("--output", output, "--off")
        self.xrandr("--query")

    def xrandr(self, *words: str) -> None:
        """Run `xrandr`.

        Raises:
            CalledProcessError: if it refuses.
        """
        command = ["xrandr", "-d", self.display, *words]
        subprocess.run(command, check=True, capture_output=True, timeout=60)


def missing_part() -> str:
    """Return what is not installed here, "" if nothing is."""
    if not DRIVER.is_file():
        return "Xorg's dummy driver (xserver-xorg-video-dummy) is not installed"
    programs = ("Xorg", "xrandr", "setxkbmap", "xdotool")
    return next((f"{name} is not installed" for name in programs if not shutil.which(name)), "")


@contextmanager
def dummy_screen() -> Iterator[DummyScreen]:
    """Start the server; end it after.

    Raises:
        RuntimeError: if it does not start, with what it says.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "xorg.conf").write_text(_CONFIGURATION, encoding="utf-8")
        read_end, write_end = os.pipe()
        command = [
            "Xorg", "-displayfd", str(write_end), "-config", str(folder / "xorg.conf"),
            "-logfile", str(folder / "log"), "-noreset", "-nolisten", "tcp",
            "-novtswitch", "-sharevts",  # a desktop that is there stays in front
        ]  # fmt: skip
        said = (folder / "said").open("wb")
        server = subprocess.Popen(
            command, pass_fds=[write_end], stdin=subprocess.DEVNULL, stdout=said, stderr=said
        )
        os.close(write_end)
        try:
            with os.fdopen(read_end) as pipe:
                number = pipe.readline().strip()
            if not number:
                words = (folder / "said").read_text(encoding="utf-8", errors="replace")
                raise RuntimeError(f"Xorg does not start: {words[-500:]}")
            yield DummyScreen(f":{number}")
        finally:
            server.terminate()
            server.wait(timeout=60)
            said.close()

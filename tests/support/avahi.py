"""avahi-daemon, by which NDI finds others on Linux: started for a test where it does not run."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SOCKETS = Path("/run/dbus/system_bus_socket"), Path("/run/avahi-daemon/socket")


@contextmanager
def avahi() -> Iterator[str]:
    """Give "" once it runs, or why it does not; what was started here ends here."""
    started: list[subprocess.Popen[bytes]] = []
    try:
        yield _start(started)
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait()


def _start(started: list[subprocess.Popen[bytes]]) -> str:
    from tests.support.until import until

    commands = (
        ["dbus-daemon", "--system", "--nofork", "--nopidfile"],
        ["avahi-daemon", "--no-drop-root", "--no-chroot"],
    )
    for socket, command in zip(SOCKETS, commands, strict=True):
        if _answers(socket):
            continue
        if shutil.which(command[0]) is None:
            return f"{command[0]} is not installed"
        if os.geteuid() != 0:
            return f"{command[0]} does not run, and only root can start it"
        socket.parent.mkdir(exist_ok=True)
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        started.append(process)
        try:
            until(lambda s=socket, p=process: _answers(s) or p.poll() is not None, limit=20.0)
        except AssertionError:
            return f"{command[0]} does not answer"
        if process.poll() is not None:
            return f"{command[0]} ends at once"
    return ""


def _answers(path: Path) -> bool:
    import socket

    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(path))
        except OSError:
            return False
    return True

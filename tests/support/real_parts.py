"""Other people's programs that a test starts: JACK, PulseAudio, Pure Data, liblo's `oscsend`.

A test of one that is not installed is skipped, with the name of the package in the reason.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from tests.support.until import LIMIT, until

PACKAGES = {  # of Debian and Ubuntu, by program
    "jackd": "jackd2",
    "pulseaudio": "pulseaudio",
    "pactl": "pulseaudio-utils",
    "oscsend": "liblo-tools",
    "pd": "puredata-core",
}


def need(*programs: str) -> None:
    """Skip the test where a program is not installed."""
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed (Debian: {PACKAGES.get(program, program)})")


def run(*words: str | int, environment: dict[str, str] | None = None) -> str:
    """Run a program to its end; return what it says."""
    done = subprocess.run(
        [str(word) for word in words], capture_output=True, text=True, timeout=LIMIT,
        env={**os.environ, **(environment or {})}, check=True,
    )  # fmt: skip
    return done.stdout


@contextmanager
def started(
    *words: str | Path, environment: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program meanwhile; end it after."""
    process = subprocess.Popen(
        [str(word) for word in words], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, env={**os.environ, **(environment or {})},
    )  # fmt: skip
    try:
        yield process
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=10)
        process.kill()
        process.wait(timeout=LIMIT)


@contextmanager
def jack_server(name: str) -> Iterator[subprocess.Popen[bytes]]:
    """A JACK server without a sound card; a program finds it by `JACK_DEFAULT_SERVER`."""
    need("jackd")
    socket = f"jack_{name}_{os.getuid()}_0"
    with started("jackd", "-r", "-n", name, "-d", "dummy", "-r", "48000", "-p", "256") as server:
        until(lambda: Path("/dev/shm", socket).exists() or server.poll() is not None)
        if server.poll() is not None:
            pytest.skip(f"jackd does not start here: exit code {server.returncode}")
        yield server


class PulseServer:
    """A PulseAudio server without a sound card.

    Attributes:
        environment: with which programs find it, PortAudio through ALSA too.
    """

    def __init__(self, folder: Path) -> None:
        socket, configuration = folder / "native", folder / "asound.conf"
        configuration.write_text(
            f'pcm.!default {{ type pulse server "unix:{socket}" }}\n'
            f'ctl.!default {{ type pulse server "unix:{socket}" }}\n'
        )
        self.socket = socket
        self._stack = ExitStack()
        self.environment = {
            "PULSE_SERVER": f"unix:{socket}",
            "PULSE_RUNTIME_PATH": str(folder),
            "PULSE_STATE_PATH": str(folder),
            "PULSE_COOKIE": str(folder / "cookie"),
            "ALSA_CONFIG_PATH": f"/usr/share/alsa/alsa.conf:{configuration}",
            "XDG_RUNTIME_DIR": str(folder),
            "HOME": str(folder),
        }

    def start(self) -> None:
        """Start it.

        Raises:
            Skipped: if it does not start here.
        """
        words = (
            "pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no",
            "--disable-shm=yes", "--realtime=no", "--high-priority=no",
            "-L", f"module-native-protocol-unix socket={self.socket} auth-anonymous=1",
        )  # fmt: skip
        process = self._stack.enter_context(started(*words, environment=self.environment))
        until(lambda: self.socket.exists() or process.poll() is not None)
        if process.poll() is not None:
            pytest.skip(f"pulseaudio does not start here: exit code {process.returncode}")

    def stop(self) -> None:
        """End it."""
        self._stack.close()
        self.socket.unlink(missing_ok=True)

    def pactl(self, *words: str) -> str:
        """Control the server; return what it says."""
        return run("pactl", *words, environment=self.environment).strip()

    def add_sink(self, name: str) -> str:
        """Plug a sink in whose monitor is the default input; return the number of its module."""
        number = self.pactl("load-module", "module-null-sink", f"sink_name={name}")
        self.pactl("set-default-sink", name)
        self.pactl("set-default-source", f"{name}.monitor")
        return number


@contextmanager
def pulse_server(folder: Path) -> Iterator[PulseServer]:
    """Start PulseAudio with its files in `folder`; end it after."""
    need("pulseaudio", "pactl")
    server = PulseServer(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()

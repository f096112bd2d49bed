"""A real PulseAudio server: music is heard, and an input that goes away comes back."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.signals.sound import drums
from tests.support.real_parts import PulseServer, pulse_server, started
from tests.support.until import until


@contextmanager
def listening(server: PulseServer, folder: Path) -> Iterator[Path]:
    """Listen to the server; the file that this gives holds what was said."""
    said = folder / "said"
    with said.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.signals.sound.listener"],
            env={**os.environ, **server.environment}, stdout=file, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            yield said
        finally:
            process.kill()
            process.wait()


@contextmanager
def playing(server: PulseServer, music: Path) -> Iterator[None]:
    words = ("pacat", "--raw", "--format=float32le", f"--rate={drums.RATE}", "--channels=1", music)
    with started(*words, environment=server.environment):
        yield


def test_music_is_heard_and_an_input_that_went_away_comes_back(tmp_path: Path) -> None:
    pytest.importorskip("sounddevice", reason="sounddevice is not installed", exc_type=ImportError)
    music = tmp_path / "music"
    music.write_bytes(drums.house(120, 60).tobytes())
    with pulse_server(tmp_path) as server:
        server.add_sink("stage")
        with listening(server, tmp_path) as said:

            def says(line: str, count: int = 1) -> bool:
                return said.read_text().splitlines().count(line) >= count

            with playing(server, music):
                until(lambda: says("heard"))
                until(lambda: "beat 120" in said.read_text())
            server.stop()
            until(lambda: says("gone"))
            server.start()
            server.add_sink("stage")
            with playing(server, music):
                until(lambda: says("heard", 2))

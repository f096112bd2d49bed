"""How busy graphics cards and processor are, sampled while something runs."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_EVERY = 0.1  # [s]


class MachineLoad:
    """Samples from `with` to its end; without `nvidia-smi` or /proc that part is left out."""

    def __init__(self) -> None:
        self._cores: list[tuple[float, float]] = []  # time [s], cores that were busy
        self._cards: list[tuple[float, int, float]] = []  # time [s], card, busy [%]
        self._ends = threading.Event()
        self._threads: list[threading.Thread] = []
        self._query: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        if shutil.which("nvidia-smi"):
            command = ["nvidia-smi", "--query-gpu=index,utilization.gpu"]
            command += ["--format=csv,noheader,nounits", f"-lms={int(1000 * _EVERY)}"]
            self._query = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            self._threads.append(threading.Thread(target=self._watch_cards, daemon=True))
        if Path("/proc/stat").exists():
            self._threads.append(threading.Thread(target=self._watch_cores, daemon=True))
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ends.set()
        if self._query is not None:
            self._query.kill()
            self._query.wait()
        for thread in self._threads:
            thread.join(timeout=5)

    def between(self, since: float, until: float) -> dict[str, Any]:
        """Return means over a span of real time: GPUs [%], a number each, and busy cores."""
        load: dict[str, Any] = {}
        cores = [busy for at, busy in self._cores if since <= at <= until]
        if cores:
            load["cores_busy"] = round(sum(cores) / len(cores), 1)
        cards = sorted({card for _, card, _ in self._cards})
        busy = [
            [value for at, number, value in self._cards if number == card and since <= at <= until]
            for card in cards
        ]
        if cards:
            load["gpu_busy"] = [round(sum(b) / len(b), 1) if b else 0.0 for b in busy]
        return load

    def _watch_cards(self) -> None:
        assert self._query is not None and self._query.stdout is not None
        for line in self._query.stdout:
            number, _, value = line.partition(",")
            if value.strip().isdecimal():
                self._cards.append((time.time(), int(number), float(value)))

    def _watch_cores(self) -> None:
        before, then = _busy_seconds(), time.time()
        while not self._ends.wait(_EVERY):
            now, at = _busy_seconds(), time.time()
            self._cores.append((at, (now - before) / (at - then)))
            before, then = now, at


def _busy_seconds() -> float:
    """Return the time that all cores together have worked [s]."""
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    values = [int(field) for field in fields[:8]]
    idle = values[3] + values[4]  # idle, and waiting for the disk
    return (sum(values) - idle) / os.sysconf("SC_CLK_TCK")

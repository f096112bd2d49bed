"""MIDI in: every device that is plugged in, the newest value of every controller and note."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from typing import Any

from sgview.signals.midi.devices import Backend, MidoBackend, Port
from sgview.signals.midi.values import MidiValues
from sgview.state.status import MidiStatus

SCAN = 2.0  # between looks at what is plugged in [s]
POLL = 0.004  # between looks at what was played [s]
_INSTALL = "MIDI needs two packages more: pip install mido python-rtmidi."


class MidiInput:
    """Opens devices as they come and go, and reads them, on a thread of its own.

    Args:
        devices: parts of the names of the devices to open; (): all.
        backend: makes the access to devices; it may raise ImportError.
    """

    def __init__(
        self, devices: tuple[str, ...] = (), backend: Callable[[], Backend] = MidoBackend
    ) -> None:
        self.unavailable_reason = ""
        self._wanted = devices
        self._make_backend = backend
        self._backend: Backend | None = None
        self._ports: dict[str, Port] = {}
        self._refused: tuple[str, ...] = ()  # devices that could not be opened
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._values = MidiValues()
        self._problems: list[str] = []

    def start(self) -> None:
        """Look for devices in the background."""
        self._thread = threading.Thread(target=self._run, name="midi", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Close every device; idempotent."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=5.0)
            self._thread = None
        for name in list(self._ports):
            self._close_port(name)

    def snapshot(self) -> dict[str, float]:
        """Return the newest values; the same table until one of them changes."""
        with self._lock:
            return self._values.snapshot()

    def count_turns(self, is_wanted: bool) -> None:
        """Count how far endless knobs are turned from now on, or do not."""
        self._values.counts_turns = is_wanted

    def take_programs(self) -> list[int]:
        """Return the program changes since the last call, 1 to 128."""
        with self._lock:
            return self._values.take_programs()

    def take_problems(self) -> list[str]:
        """Return which devices went away since the last call."""
        if not self._problems:  # without the lock: each frame asks
            return []
        with self._lock:
            taken, self._problems = self._problems, []
            return taken

    def status(self) -> MidiStatus:
        """Return what is open and what came last."""
        reason = self.unavailable_reason
        if self._refused and not reason and not self._ports:
            names = ", ".join(self._refused)
            reason = f"{names} cannot be opened: another program may have it."
        return MidiStatus(reason, tuple(sorted(self._ports)), self._values.last)

    def receive(self, message: Any, device: str = "") -> None:
        """Take one mido message that was played on a device."""
        with self._lock:
            self._values.receive(message, device)

    def _run(self) -> None:
        """Look for devices, and read those that are open; whatever they do, look again."""
        looked = float("-inf")
        while not self._stop.is_set():
            if time.monotonic() - looked >= SCAN:
                try:
                    self._follow()
                    self.unavailable_reason = ""
                except ImportError:
                    self.unavailable_reason = _INSTALL
                    return
                except Exception as error:  # whatever the system's MIDI raises
                    self._backend = None
                    reason = str(error).rstrip(".")
                    self.unavailable_reason = f"The system has no MIDI to offer: {reason}."
                looked = time.monotonic()
            for name, port in list(self._ports.items()):
                self._read(name, port)
            self._stop.wait(POLL if self._ports else SCAN)

    def _read(self, name: str, port: Port) -> None:
        """Take what was played on a device."""
        try:
            messages = port.messages()
        except Exception:
            self._lose_port(name)
            return
        for message in messages:
            self.receive(message, name)

    def _follow(self) -> None:
        """Open what is new and let go of what is gone."""
        if self._backend is None:
            self._backend = self._make_backend()
        present = {name for name in self._backend.names() if self._is_wanted(name)}
        for name in set(self._ports) - present:
            self._lose_port(name)
        refused: list[str] = []
        for name in sorted(present - set(self._ports)):
            try:
                self._ports = {**self._ports, name: self._backend.open(name)}
            except ImportError:
                raise
            except Exception:  # held by another program, which may let go of it
                refused.append(name)
        self._refused = tuple(refused)

    def _is_wanted(self, name: str) -> bool:
        return not self._wanted or any(part.lower() in name.lower() for part in self._wanted)

    def _lose_port(self, name: str) -> None:
        """Let go of a device that was pulled out; it is opened again once it is back."""
        self._close_port(name)
        with self._lock:
            self._problems.append(f"The MIDI device {name} is gone: it is heard again once back.")

    def _close_port(self, name: str) -> None:
        ports = dict(self._ports)
        port = ports.pop(name)
        self._ports = ports
        with contextlib.suppress(Exception):  # a device that was pulled out
            port.close()
        with self._lock:
            self._values.release(name)  # its keys are not held any more

"""MIDI in: every device that is plugged in, the newest value of every controller and note."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import Any, Protocol

from sgview.state.status import MidiStatus

SCAN = 2.0  # between looks at what is plugged in [s]
_INSTALL = "MIDI needs two packages more: pip install mido python-rtmidi."


class Port(Protocol):
    """An open device."""

    def close(self) -> None:
        """Stop receiving."""
        ...


class Backend(Protocol):
    """What gives access to devices."""

    def names(self) -> list[str]:
        """Return the devices that are plugged in."""
        ...

    def open(self, name: str, receive: Callable[[Any], None]) -> Port:
        """Call `receive` with every message of a device, on a thread of the library."""
        ...


class MidoBackend:
    """mido, with the library that it finds (python-rtmidi).

    Raises:
        ImportError: if mido is not installed.
    """

    def __init__(self) -> None:
        import mido

        self._mido: Any = mido

    def names(self) -> list[str]:
        """Return the devices that are plugged in."""
        return list(dict.fromkeys(self._mido.get_input_names()))

    def open(self, name: str, receive: Callable[[Any], None]) -> Port:
        """Hand every message of a device to `receive`."""
        return self._mido.open_input(name, callback=receive)


class MidiInput:
    """Opens devices as they come and go, on a thread of its own.

    Keys of the table are those of `Inputs.midi`. A note that is let go before anybody looked
    stays on for one snapshot, so that no tap is lost.

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
        self._ports: dict[str, Port] = {}
        self._refused: set[str] = set()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._values: dict[str, float] = {}
        self._shown: dict[str, float] = {}
        self._is_new = False
        self._struck: set[str] = set()  # notes not seen by a snapshot yet
        self._let_go: set[str] = set()  # of those, the ones that are over
        self._programs: list[int] = []
        self._last = ""

    def start(self) -> None:
        """Look for devices in the background."""
        self._thread = threading.Thread(target=self._scan, name="midi", daemon=True)
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
            if self._is_new:
                self._shown, self._is_new = dict(self._values), False
                for key in self._let_go:
                    self._values[key] = 0.0
                    self._is_new = True
                self._struck.clear()
                self._let_go.clear()
            return self._shown

    def take_programs(self) -> list[int]:
        """Return the program changes since the last call, 1 to 128."""
        if not self._programs:
            return []
        with self._lock:
            taken, self._programs = self._programs, []
        return taken

    def status(self) -> MidiStatus:
        """Return what is open and what came last."""
        return MidiStatus(self.unavailable_reason, tuple(sorted(self._ports)), self._last)

    def receive(self, message: Any) -> None:
        """Take one mido message; called on the thread of its device."""
        kind = message.type
        with self._lock:
            match kind:
                case "control_change":
                    self._set("cc", message.channel, message.control, message.value / 127)
                    self._last = f"CC {message.control}  channel {message.channel + 1}"
                case "note_on" if message.velocity > 0:
                    self._set("note", message.channel, message.note, message.velocity / 127)
                    self._last = f"Note {message.note}  channel {message.channel + 1}"
                case "note_on" | "note_off":
                    self._set("note", message.channel, message.note, 0.0)
                case "pitchwheel":
                    bend = max(-1.0, message.pitch / 8191)
                    for channel in (message.channel + 1, 0):
                        self._values[f"bend/{channel}"] = bend
                    self._is_new = True
                    self._last = f"Pitch wheel  channel {message.channel + 1}"
                case "program_change":
                    self._programs = [*self._programs[-15:], message.program + 1]
                    self._last = f"Program {message.program + 1}"

    def _set(self, kind: str, channel: int, number: int, value: float) -> None:
        for on in (channel + 1, 0):
            key = f"{kind}/{on}/{number}"
            if kind == "note" and value == 0.0 and key in self._struck:
                self._let_go.add(key)
                continue
            if kind == "note" and value > 0.0:
                self._struck.add(key)
                self._let_go.discard(key)
            self._values[key] = value
        self._is_new = True

    def _scan(self) -> None:
        try:
            backend = self._make_backend()
        except ImportError:
            self.unavailable_reason = _INSTALL
            return
        while not self._stop.is_set():
            try:
                self._follow(backend)
            except ImportError:
                self.unavailable_reason = _INSTALL
                return
            except Exception as error:  # whatever the system's MIDI raises
                self.unavailable_reason = (
                    f"The system has no MIDI to offer: {str(error).rstrip('.')}."
                )
                return
            self._stop.wait(SCAN)

    def _follow(self, backend: Backend) -> None:
        """Open what is new and let go of what is gone."""
        names = backend.names()
        present = {name for name in names if self._is_wanted(name)}
        for name in set(self._ports) - present:
            self._close_port(name)
        self._refused &= present
        for name in present - set(self._ports) - self._refused:
            try:
                self._ports = {**self._ports, name: backend.open(name, self.receive)}
            except ImportError:
                raise
            except Exception:  # held by another program: tried again when plugged in anew
                self._refused.add(name)

    def _is_wanted(self, name: str) -> bool:
        return not self._wanted or any(part.lower() in name.lower() for part in self._wanted)

    def _close_port(self, name: str) -> None:
        ports = dict(self._ports)
        port = ports.pop(name)
        self._ports = ports
        with contextlib.suppress(Exception):  # a device that was pulled out
            port.close()
        with self._lock:
            for key, value in self._values.items():
                if value and key.startswith("note/"):
                    self._values[key] = 0.0  # its keys are not held any more
                    self._is_new = True

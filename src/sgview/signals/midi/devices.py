"""Access to MIDI devices, through the optional libraries mido and python-rtmidi."""

from __future__ import annotations

import contextlib
import glob
import os
import sys
from pathlib import Path
from typing import Any, Protocol

INTERFACES = {  # what a system may have, by the names that settings use
    "alsa": "LINUX_ALSA",
    "jack": "UNIX_JACK",
    "coremidi": "MACOSX_CORE",
    "windows": "WINDOWS_MM",
}
MOST_AT_ONCE = 1024  # messages taken of a device in one go


class Port(Protocol):
    """An open device."""

    def messages(self) -> list[Any]:
        """Return the mido messages since the last call, without waiting."""
        ...

    def close(self) -> None:
        """Stop receiving."""
        ...


class Backend(Protocol):
    """What gives access to devices."""

    def names(self) -> list[str]:
        """Return the devices that are plugged in."""
        ...

    def open(self, name: str) -> Port:
        """Open a device."""
        ...


class MidoBackend:
    """mido, with the library that it finds (python-rtmidi).

    Args:
        interface: a name of `INTERFACES`; "": that which mido or its variable MIDO_BACKEND says,
            and where the system lacks it, such as ALSA in a container, JACK if that runs.

    Raises:
        ImportError: if mido is not installed.
        OSError: if the system has no MIDI at all.
    """

    def __init__(self, interface: str = "") -> None:
        import mido

        self._read: Any = mido.Message.from_bytes  # type: ignore[attr-defined]
        if interface:
            self._choices = [mido.Backend(f"mido.backends.rtmidi/{INTERFACES[interface]}")]
            return
        has_own = os.environ.get("MIDO_BACKEND") or has_sequencer()
        self._choices = [mido.Backend()] if has_own else []
        if is_jack_running():
            self._choices.append(mido.Backend(f"mido.backends.rtmidi/{INTERFACES['jack']}"))
        if not self._choices:
            raise OSError("ALSA has no sequencer here, and no JACK server runs")

    def names(self) -> list[str]:
        """Return the devices that are plugged in.

        Raises:
            Exception: whatever the system's MIDI raises.
        """
        for backend in self._choices[:-1]:
            with contextlib.suppress(Exception):
                return self._names_of(backend)
        return self._names_of(self._choices[-1])

    def open(self, name: str) -> Port:
        """Open a device."""
        return MidoPort(self._choices[0].open_input(name), self._read)

    def _names_of(self, backend: Any) -> list[str]:
        names = list(dict.fromkeys(backend.get_input_names()))
        self._choices = [backend]  # the one that works, from now on
        return names


def has_sequencer(device: Path = Path("/dev/snd/seq")) -> bool:
    """Return whether the system's own MIDI is there; ALSA complains aloud each time it is not."""
    return sys.platform != "linux" or device.exists()


def is_jack_running(folder: Path = Path("/dev/shm")) -> bool:
    """Return whether the JACK server runs that its library would ask.

    Where that one does not run, the library complains aloud, each time.
    """
    server = os.environ.get("JACK_DEFAULT_SERVER") or "default"
    return any(folder.glob(f"jack_{glob.escape(server)}_[0-9]*_[0-9]*"))


class MidoPort:
    """An input port of mido, read from the queue of its library.

    mido has python-rtmidi call it for each message on a thread of the system. JACK's may not wait
    for the interpreter, and loses messages where it has to; the library's own queue is filled
    without Python.

    Args:
        port: as mido opens it.
        read: makes a message of its bytes.
    """

    def __init__(self, port: Any, read: Any) -> None:
        self._port, self._read = port, read
        library = getattr(port, "_rt", None)
        has_queue = hasattr(library, "get_message") and hasattr(library, "cancel_callback")
        self._queue: Any = library if has_queue else None
        if self._queue is not None:
            self._queue.cancel_callback()

    def messages(self) -> list[Any]:
        """Return the messages since the last call, without waiting."""
        found: list[Any] = []
        for _ in range(MOST_AT_ONCE):
            if self._queue is None:
                message = self._port.poll()
                if message is None:
                    break
                found.append(message)
            else:
                taken = self._queue.get_message()
                if taken is None:
                    break
                with contextlib.suppress(ValueError):  # no message of MIDI
                    found.append(self._read(taken[0]))
        return found

    def close(self) -> None:
        """Stop receiving."""
        self._port.close()

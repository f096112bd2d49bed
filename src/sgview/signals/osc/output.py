"""OSC out: chosen values as messages, whenever they change."""

from __future__ import annotations

import contextlib
import socket

from pythonosc.osc_message_builder import OscMessageBuilder

from sgview.state.addresses import address_of
from sgview.state.params import Params
from sgview.state.paths import get_leaf, leaf_at

_UDP = socket.SOCK_DGRAM


class OscOutput:
    """Sends to one place; never waits.

    Args:
        target: "127.0.0.1:9001"; "" sends nothing.
    """

    def __init__(self, target: str = "") -> None:
        self.target = target
        self.unavailable_reason = ""
        self._socket: socket.socket | None = None
        self._address: tuple[str, int] = ("", 0)
        self._sent: dict[str, object] = {}

    @property
    def sender(self) -> tuple[str, int] | None:
        """Where messages come from, as the receiver sees it; None while nothing is sent."""
        if self._socket is None:
            return None
        with contextlib.suppress(OSError), socket.socket(self._socket.family, _UDP) as probe:
            probe.connect(self._address)  # sends nothing: the system says which way it would
            return str(probe.getsockname()[0]), int(self._socket.getsockname()[1])
        return None

    def reaches(self, interface: str, port: int) -> bool:
        """Whether what is sent comes to a port of this machine at `interface`."""
        sender = self.sender
        if sender is None or self._address[1] != port:
            return False
        return self._address[0] in (sender[0], interface)

    def start(self) -> None:
        """Look the target up; where that fails, `unavailable_reason` says why."""
        if not self.target:
            return
        host, _, port = self.target.rpartition(":")
        try:
            if not host or not 0 < int(port) < 65536:
                raise ValueError
            found = socket.getaddrinfo(host, int(port), type=_UDP)[0]
            self._socket = socket.socket(found[0], _UDP)
            self._socket.setblocking(False)
            self._socket.bind(("", 0))  # so that it has a port before the first message
            self._address = (str(found[4][0]), int(found[4][1]))
        except (OSError, ValueError):
            self.unavailable_reason = (
                f"OSC cannot be sent to '{self.target}': write HOST:PORT, as in 127.0.0.1:9001."
            )

    def close(self) -> None:
        """Stop sending; idempotent."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def send(self, params: Params, paths: tuple[str, ...]) -> None:
        """Send the values at `paths` that are not what was sent last."""
        if self._socket is None:
            return
        for path in paths:
            leaf = leaf_at(path)
            if leaf is None:
                continue
            try:
                value = get_leaf(params, leaf)
            except LookupError:
                continue
            if value is None or self._sent.get(path) == value:
                continue
            with contextlib.suppress(OSError):  # a full buffer, or nobody there: sent next time
                self._socket.sendto(_message(address_of(leaf), value), self._address)
                self._sent[path] = value
        if len(self._sent) > len(paths):
            self._sent = {path: value for path, value in self._sent.items() if path in paths}

    def tell(self, address: str, value: int) -> None:
        """Send one message about something that has just happened."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.sendto(_message(address, value), self._address)


def _message(address: str, value: float | int | bool | str) -> bytes:
    """Return a message of one value: a switch as 1 or 0, so that a fader understands it."""
    builder = OscMessageBuilder(address)
    builder.add_arg(int(value) if isinstance(value, bool) else value)
    return builder.build().dgram

"""OSC in: a thread that listens on a UDP port and keeps the newest message of every address."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time

from sgview.signals.osc.packets import OscError, Value, parse, split
from sgview.state.addresses import ROOT
from sgview.state.status import OscStatus

MAX_ADDRESSES = 1024  # remembered; more are refused
BURST = 2048  # datagrams read before the newest of them are parsed
BUFFER = 4 << 20  # asked of the system, so that nothing is lost while other threads run [bytes]
WAIT = 0.1  # at most between looks at whether to stop [s]

Message = tuple[str, tuple[Value, ...]]


class OscInput:
    """Listens once started.

    Messages under "/sgview/" set parameters and are handed out once by `take_messages`; numbers of
    all other addresses stay in the table of `snapshot`, for expressions to read. Of many messages
    to one address only the newest is parsed, so that a flood costs little.

    Args:
        interface: address to listen at; "127.0.0.1" hears this machine alone, "0.0.0.0" the net.
        port: UDP port; 0 takes a free one.
    """

    def __init__(self, interface: str = "127.0.0.1", port: int = 9000) -> None:
        self.interface, self.port = interface, port
        self.unavailable_reason = ""
        self._socket: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._numbers: dict[str, tuple[float, ...]] = {}
        self._shown: dict[str, tuple[float, ...]] = {}  # what `snapshot` last gave
        self._is_new = False
        self._messages: dict[str, tuple[Value, ...]] = {}
        self._problems: list[str] = []
        self._reported: set[str] = set()
        self._count = 0  # messages since the last status
        self._counted_at = time.monotonic()
        self._rate = 0.0
        self._last = ""

    def start(self) -> None:
        """Open the port and listen; where that fails, `unavailable_reason` says why."""
        try:
            family = socket.getaddrinfo(self.interface, self.port, type=socket.SOCK_DGRAM)[0][0]
            opened = socket.socket(family, socket.SOCK_DGRAM)
        except OSError as error:
            self._fail(error)
            return
        try:
            with contextlib.suppress(OSError):
                opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
            opened.bind((self.interface, self.port))
            opened.setblocking(False)
        except OSError as error:
            opened.close()
            self._fail(error)
            return
        self._socket, self.port = opened, opened.getsockname()[1]
        self._thread = threading.Thread(target=self._listen, name="osc", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening; idempotent."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=5.0)
            self._thread = None
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def snapshot(self) -> dict[str, tuple[float, ...]]:
        """Return the newest numbers by address; the same table until one of them changes."""
        with self._lock:
            if self._is_new:
                self._shown, self._is_new = dict(self._numbers), False
            return self._shown

    def take_messages(self) -> list[Message]:
        """Return the newest message of each address under "/sgview/" since the last call."""
        if not self._messages:
            return []
        with self._lock:
            taken, self._messages = self._messages, {}
        return list(taken.items())

    def take_problems(self) -> list[str]:
        """Return what went wrong since the last call, each thing once."""
        if not self._problems:
            return []
        with self._lock:
            taken, self._problems = self._problems, []
        return taken

    def report_once(self, key: str, text: str) -> None:
        """Add a problem, unless `key` was reported before."""
        if key not in self._reported and len(self._reported) < MAX_ADDRESSES:
            self._reported.add(key)
            self._problems.append(text)

    def status(self) -> OscStatus:
        """Return where it listens and how much comes in."""
        now = time.monotonic()
        if now - self._counted_at >= 0.5:
            self._rate = self._count / (now - self._counted_at)
            self._count, self._counted_at = 0, now
        listens_at = f"{self.interface}:{self.port}" if self._thread is not None else ""
        return OscStatus(listens_at, self.unavailable_reason, rate=self._rate, last=self._last)

    def _fail(self, error: OSError) -> None:
        self.unavailable_reason = (
            f"OSC cannot listen at {self.interface}:{self.port}: {error.strerror or error}. "
            "Another program may have the port: choose one in the settings under [osc]."
        )

    def _listen(self) -> None:
        assert self._socket is not None
        while not self._stop.is_set():
            try:
                readable, _, _ = select.select([self._socket], [], [], WAIT)
            except (OSError, ValueError):
                return  # closed
            if readable:
                self._receive(self._socket)

    def _receive(self, source: socket.socket) -> None:
        """Read what has come in, keep the newest of each address, and parse those."""
        newest: dict[bytes, bytes] = {}
        for _ in range(BURST):
            try:
                datagram = source.recv(65536)
            except OSError:  # nothing left, or a sender that is gone
                break
            try:
                for address, message in split(datagram):
                    newest.pop(address, None)  # to its place in the order of arrival
                    newest[address] = message
                    self._count += 1
            except OscError as error:
                self._report_locked("packet", f"A packet was not OSC: {error}.")
        for raw_address, message in newest.items():
            self._accept(raw_address.decode("utf-8", "replace"), message)

    def _accept(self, address: str, message: bytes) -> None:
        if self._is_full(address):
            self._report_locked("full", f"More than {MAX_ADDRESSES} OSC addresses: ignored.")
            return
        try:
            address, values = parse(message)
        except OscError as error:
            self._report_locked("message", f"An OSC message could not be read: {error}.")
            return
        self._last = " ".join([address, *(_text(value) for value in values)])[:200]
        numbers = tuple(value for value in values if isinstance(value, float))
        with self._lock:
            if address.startswith(ROOT):
                self._messages.pop(address, None)  # to its place in the order of arrival
                self._messages[address] = values
            elif self._numbers.get(address) != numbers:
                self._numbers[address] = numbers
                self._is_new = True

    def _is_full(self, address: str) -> bool:
        table = self._messages if address.startswith(ROOT) else self._numbers
        return len(table) >= MAX_ADDRESSES and address not in table

    def _report_locked(self, key: str, text: str) -> None:
        with self._lock:
            self.report_once(key, text)


def _text(value: Value) -> str:
    return value if isinstance(value, str) else f"{value:g}"

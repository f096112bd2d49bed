"""OSC in: a thread that listens on a UDP port and keeps the newest message of every address."""

from __future__ import annotations

import contextlib
import errno
import select
import socket
import threading
import time
from collections import deque

from sgview.signals.arrivals import Arrivals
from sgview.signals.osc.packets import OscError, Value, number_of, parse, split
from sgview.state.addresses import ROOT
from sgview.state.status import OscStatus

MAX_ADDRESSES = 256  # of the user's own, remembered; more are refused
MAX_MESSAGES = 1024  # under "/sgview/", of different addresses, waiting for a frame
BURST = 2048  # datagrams read before they are parsed
NEWEST = 8  # messages of one address that are parsed of a burst
PORTS = 16  # tried, from the wanted one on
BUFFER = 4 << 20  # asked of the system, so that nothing is lost while other threads run [bytes]
WAIT = 0.1  # at most between looks at whether to stop [s]

_SLIDERS = f"{ROOT}slider/"

Message = tuple[str, tuple[Value, ...]]


class OscInput:
    """Listens once started.

    Messages under "/sgview/" set parameters and are handed out once by `take_messages`; numbers of
    all other addresses stay in the table of `snapshot`, for expressions to read. Each press and
    each release is seen by one look (`Arrivals`); apart from that only the newest message of an
    address counts, so that a flood costs little.

    Args:
        interface: address to listen at; "127.0.0.1" hears this machine alone, "0.0.0.0" the net.
        port: UDP port; 0 takes a free one. Where another program has it, the next free one is
            taken, which `take_problems` says.

    Attributes:
        own_sender: where this program sends from; what comes from there is not heard.
    """

    def __init__(self, interface: str = "127.0.0.1", port: int = 9000) -> None:
        self.interface, self.port = interface, port
        self.unavailable_reason = ""
        self.own_sender: tuple[str, int] | None = None
        self._socket: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._numbers: dict[str, tuple[float, ...]] = {}
        self._known: set[str] = set()  # addresses of numbers
        self._new_numbers: Arrivals[tuple[float, ...]] = Arrivals()
        self._messages: Arrivals[tuple[Value, ...]] = Arrivals()
        self._problems: list[str] = []
        self._reported: set[str] = set()
        self._count = 0  # messages since the last status
        self._counted_at = time.monotonic()
        self._rate = 0.0
        self._last = ""

    def start(self) -> None:
        """Open the port and listen; where that fails, `unavailable_reason` says why."""
        try:
            self._socket = self._open()
        except OSError as error:
            self.unavailable_reason = (
                f"OSC cannot listen at {self.interface}:{self.port}: {error.strerror or error}. "
                "Another program may have the port: choose one in the settings under [osc]."
            )
            self.report_once("port", self.unavailable_reason)
            return
        wanted, self.port = self.port, self._socket.getsockname()[1]
        if wanted not in (0, self.port):
            self.report_once(
                "port",
                f"Another program has the OSC port {wanted}: sgview listens at {self.port}. Send "
                "there, or choose a port in the settings under [osc].",
            )
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
        if self._new_numbers:
            with self._lock:
                taken = self._new_numbers.take().items()
            new = {name: value for name, value in taken if self._numbers.get(name) != value}
            if new:
                self._numbers = {**self._numbers, **new}
        return self._numbers

    def take_messages(self) -> list[Message]:
        """Return the newest message of each address under "/sgview/" since the last call."""
        if not self._messages:
            return []
        with self._lock:
            return list(self._messages.take().items())

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

    def _open(self) -> socket.socket:
        """Return a socket at the wanted port, or the next one that is free.

        Raises:
            OSError: if there is none.
        """
        family = socket.getaddrinfo(self.interface, self.port, type=socket.SOCK_DGRAM)[0][0]
        opened = socket.socket(family, socket.SOCK_DGRAM)
        try:
            with contextlib.suppress(OSError):
                opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
            for port in range(self.port, min(self.port + PORTS, 65_536)):
                try:
                    opened.bind((self.interface, port))
                    break
                except OSError as error:
                    if error.errno != errno.EADDRINUSE or port + 1 == self.port + PORTS:
                        raise
            opened.setblocking(False)
        except OSError:
            opened.close()
            raise
        return opened

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
        """Read what has come in, and parse the newest messages of each address."""
        newest: dict[bytes, deque[bytes]] = {}
        for _ in range(BURST):
            try:
                datagram, sender = source.recvfrom(65536)
            except OSError:  # nothing left, or a sender that is gone
                break
            if sender[:2] == self.own_sender:
                continue
            try:
                for address, message in split(datagram):
                    # To its place in the order of arrival.
                    messages = newest.pop(address, None) or deque(maxlen=NEWEST)
                    messages.append(message)
                    newest[address] = messages
                    self._count += 1
            except OscError as error:
                self._report_locked("packet", f"A packet was not OSC: {error}.")
        for messages in newest.values():
            for message in messages:
                self._accept(message)

    def _accept(self, message: bytes) -> None:
        try:
            address, values = parse(message)
        except OscError as error:
            self._report_locked("message", f"An OSC message could not be read: {error}.")
            return
        if self._is_full(address):
            self._report_locked("full", _full(address))
            return
        self._last = " ".join([address, *(_text(value) for value in values)])[:200]
        is_own = not address.startswith(ROOT)
        if not values and (is_own or address.startswith(_SLIDERS)):  # a bang: on, and off again
            self._put(address, (1.0,), is_own)
            values = (0.0,)
        if is_own:
            values = tuple(n for n in map(number_of, values) if n is not None)
        self._put(address, values, is_own)

    def _put(self, address: str, values: tuple[Value, ...], is_own: bool) -> None:
        with self._lock:
            if not is_own:
                self._messages.put(address, values)
            else:
                self._new_numbers.put(address, tuple(v for v in values if isinstance(v, float)))

    def _is_full(self, address: str) -> bool:
        if address.startswith(ROOT):
            return len(self._messages) >= MAX_MESSAGES and address not in self._messages
        if address in self._known:
            return False
        if len(self._known) >= MAX_ADDRESSES:
            return True
        self._known.add(address)
        return False

    def _report_locked(self, key: str, text: str) -> None:
        with self._lock:
            self.report_once(key, text)


def _full(address: str) -> str:
    if address.startswith(ROOT):
        return f"More than {MAX_MESSAGES} OSC addresses within one frame: the rest is not heard."
    return (
        f"More than {MAX_ADDRESSES} OSC addresses of your own came in: of new ones, such as "
        f"{address[:60]}, nothing is heard until the next start."
    )


def _text(value: Value) -> str:
    return value if isinstance(value, str) else f"{value:g}"

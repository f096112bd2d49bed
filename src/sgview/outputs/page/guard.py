"""Who may see the page: those who have its address, with its token, and come from nowhere else."""

from __future__ import annotations

import ipaddress
import secrets
import socket
from dataclasses import dataclass, field

HOST, PORT = "127.0.0.1", 8710
"""Where the page is, unless the user says otherwise."""


def new_token() -> str:
    """Return a token that nobody guesses: 128 bits."""
    return secrets.token_urlsafe(16)


@dataclass(frozen=True)
class Guard:
    """Looks at each request.

    Another page that the user has open must not reach this one. It cannot read the token, and a
    name of its own that it lets point to this machine (DNS rebinding) is not taken here.
    """

    host: str  # that is listened at
    port: int
    token: str = field(default_factory=new_token, repr=False)

    @property
    def is_open(self) -> bool:
        """Whether other machines can reach it."""
        if self.host == "localhost":
            return False
        try:
            return not ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return True

    def refusal(self, token: str, host: str, origin: str | None, *, is_control: bool) -> str:
        """Return why a request is refused, "" if it is not.

        Args:
            token: from the address.
            host: the header Host.
            origin: the header Origin, None without one.
            is_control: whether it changes anything: browsers then say their origin.
        """
        if not self._is_known(host):
            return "This is not an address of this machine."
        if origin is not None and origin != f"http://{host}":
            return "Another page may not use this one."
        if origin is None and is_control:
            return "It is not said where this comes from."
        if not secrets.compare_digest(token.encode(), self.token.encode()):
            return "The token in the address is not the present one."
        return ""

    def _is_known(self, host: str) -> bool:
        """Whether a header names this machine: by number, as localhost, or as the user named it."""
        name, _, port = host.rpartition(":")
        if port != str(self.port) or not name:
            return False
        name = name.strip("[]").lower()
        own = socket.gethostname().lower()
        if name in ("localhost", self.host.lower(), own, f"{own}.local"):
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True


def parse_address(text: str) -> tuple[str, int]:
    """Return host and port of "HOST:PORT", "HOST" or ":PORT", the others as usual.

    Raises:
        ValueError: in one sentence, if it is no such address.
    """
    host, colon, port = text.rpartition(":")
    if not colon:
        host, port = text, ""
    if port and not (port.isascii() and port.isdigit() and int(port) < 65_536):
        raise ValueError(f"{text} is no HOST:PORT")
    return host.strip("[]") or HOST, int(port) if port else PORT


def address_in_net(host: str) -> str:
    """Return what others call this machine where it listens everywhere, else `host`."""
    if host not in ("0.0.0.0", "::", ""):
        return host
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # nothing is sent: this only chooses a way out
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1"

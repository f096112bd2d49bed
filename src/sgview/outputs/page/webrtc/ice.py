"""Sockets at one address alone: ICE (RFC 8445) by itself opens one at every address of a machine.

aioice asks `aioice.ice.get_host_addresses` which addresses there are, and has no setting for it.
`restrict` answers that question in its place, and forbids the interpreter to bind any socket to
another address, whoever asks for it: should a later aioice find addresses in another way, WebRTC
fails and the page goes on with JPEG. Both hold for the whole process and cannot be taken back, so
this is for the process of the peers alone.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import aioice.ice

_address: ContextVar[str] = ContextVar("address")


def restrict() -> None:
    """Let no socket of this process be bound but within `bound_to`, to its address."""
    if not callable(getattr(aioice.ice, "get_host_addresses", None)):
        raise ImportError("this version of aioice cannot be held to one address")
    aioice.ice.get_host_addresses = _the_address
    sys.addaudithook(_refuse_others)


@contextmanager
def bound_to(address: str) -> Iterator[None]:
    """Let sockets be opened at `address`, by what is called and awaited within."""
    token = _address.set(address)
    try:
        yield
    finally:
        _address.reset(token)


def _the_address(use_ipv4: bool, use_ipv6: bool) -> list[str]:
    return [_address.get()]


def _refuse_others(event: str, arguments: tuple[object, ...]) -> None:
    """Raise where a socket is bound to another address."""
    if event != "socket.bind":
        return
    address = arguments[1]
    host = address[0] if isinstance(address, tuple) else address
    if host != _address.get(None):
        raise PermissionError(f"WebRTC may not listen at {host}")

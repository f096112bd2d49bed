"""OSC datagrams to messages (Open Sound Control 1.0, Wright 2002).

Bundles are taken apart here, and only single messages go to python-osc: whoever listens can then
drop messages that a newer one has overtaken before the costly part, and a bundle whose sizes are
forged cannot send the parser backwards. Time tags are ignored: what comes in counts at once.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from pythonosc.osc_message import OscMessage

Value = float | str
MAX_ADDRESS = 256  # bytes
MAX_NUMBERS = 64  # values kept of one message
MAX_TAGS = 512  # values that a message may have
MAX_DEPTH = 8  # bundles within bundles

_BUNDLE = b"#bundle\0"
_TAGS = frozenset(b",ifhdsbrmtTFN[]")


class OscError(ValueError):
    """A datagram that is not OSC."""


def split(datagram: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the address and the whole of each message in a datagram, in order.

    Raises:
        OscError: where the datagram is not OSC; the messages before that are yielded.
    """
    waiting = [(datagram, 0)]
    while waiting:
        packet, depth = waiting.pop()
        if packet.startswith(b"/"):
            end = packet.find(b"\0", 0, MAX_ADDRESS + 1)
            if end < 0:
                raise OscError("an address does not end")
            yield packet[:end], packet
        elif packet.startswith(_BUNDLE):
            if depth == MAX_DEPTH:
                raise OscError("bundles are nested too deeply")
            # The last comes off the stack first.
            waiting += [(element, depth + 1) for element in reversed(_elements(packet))]
        else:
            raise OscError("neither an address nor a bundle")


def _elements(bundle: bytes) -> list[bytes]:
    elements: list[bytes] = []
    at = len(_BUNDLE) + 8  # past the time tag
    while at < len(bundle):
        size = int.from_bytes(bundle[at : at + 4], "big")
        at += 4
        if size == 0 or size % 4 or at + size > len(bundle):
            raise OscError("a bundle does not hold what it says")
        elements.append(bundle[at : at + size])
        at += size
    return elements


def parse(message: bytes) -> tuple[str, tuple[Value, ...]]:
    """Return the address and the values of one message.

    Integers and booleans come as floats; what is neither number nor text is left out.

    Raises:
        OscError: if it is not a message, or holds a number that is not finite.
    """
    tags = _tags(message)
    if len(tags) > MAX_TAGS or not _TAGS.issuperset(tags):
        raise OscError("it has values of an unknown kind")
    try:
        parsed = OscMessage(message)
        address = parsed.address
        values = tuple(_values(parsed.params))[:MAX_NUMBERS]
    except Exception as error:  # whatever a forged packet sets off in the parser
        raise OscError("it is cut short or forged") from error
    if any(isinstance(value, float) and not math.isfinite(value) for value in values):
        raise OscError("it holds a number that is not finite")
    return address, values


def _tags(message: bytes) -> bytes:
    start = (message.find(b"\0") // 4 + 1) * 4
    if start >= len(message):
        return b""
    end = message.find(b"\0", start)
    return message[start : end if end >= 0 else len(message)]


def _values(params: list[object]) -> Iterator[Value]:
    for value in params:
        if isinstance(value, list):
            yield from _values(value)
        elif isinstance(value, bool | int | float):
            yield float(value)
        elif isinstance(value, str):
            yield value

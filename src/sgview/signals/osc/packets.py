"""OSC datagrams to messages (Open Sound Control 1.0 and 1.1, Wright 2002, Freed 2009).

Read here and not by a library, so that a flood costs little, a bundle whose sizes are forged cannot
send the parser backwards, and each kind of value is a number or text that a control understands.
Time tags are ignored: what comes in counts at once.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator

import numpy as np

Value = float | str
MAX_ADDRESS = 256  # bytes
MAX_NUMBERS = 64  # values kept of one message
MAX_TAGS = 512  # values that a message may have
MAX_DEPTH = 8  # bundles within bundles

_BUNDLE = b"#bundle\0"
_SIZES = {"i": 4, "f": 4, "c": 4, "r": 4, "m": 4, "h": 8, "d": 8, "t": 8}  # [bytes]
_WORDS = {"true": 1.0, "on": 1.0, "yes": 1.0, "false": 0.0, "off": 0.0, "no": 0.0}


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

    Numbers of every type, switches (T, F, N is off), colours (four numbers) and MIDI messages (the
    velocity or value, 0 to 1) come as floats. Blobs and time tags are left out. A message without
    arguments, or with an impulse (I) alone, has no values: a bang.

    Raises:
        OscError: if it is not a message, or holds a number that is not finite.
    """
    address, at = _string(message, 0)
    if message[at : at + 4] == b",f\0\0" and len(message) == at + 8:  # most of what faders send
        values: list[Value] = [_shortest(message[at + 4 :])]
        return address, _finite(values)
    if not address.startswith("/"):
        raise OscError("it has no address")
    if at >= len(message):
        return address, ()
    tags, at = _string(message, at)
    if not tags.startswith(",") or len(tags) > MAX_TAGS:
        raise OscError("it has values of an unknown kind")
    if tags == ",I":
        return address, ()
    values = []
    for tag in tags[1:]:
        at = _read(message, at, tag, values)
    return address, _finite(values[:MAX_NUMBERS])


def number_of(value: Value) -> float | None:
    """Return what a value is as a number: "0.5" and "true" are, other texts are none."""
    if not isinstance(value, str):
        return value
    word = value.strip().lower()[:32]
    if word in _WORDS:
        return _WORDS[word]
    try:
        number = float(word)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _finite(values: list[Value]) -> tuple[Value, ...]:
    if any(isinstance(value, float) and not math.isfinite(value) for value in values):
        raise OscError("it holds a number that is not finite")
    return tuple(values)


def _read(message: bytes, at: int, tag: str, values: list[Value]) -> int:
    """Add the value of one type tag to `values`, and return where the next one begins."""
    size = _SIZES.get(tag, 0)
    data = message[at : at + size]
    if len(data) < size:
        raise OscError("it is cut short or forged")
    match tag:
        case "f":
            values.append(_shortest(data))
        case "i" | "h":
            values.append(float(int.from_bytes(data, "big", signed=True)))
        case "d":
            values.append(struct.unpack(">d", data)[0])
        case "T" | "I":
            values.append(1.0)
        case "F" | "N":
            values.append(0.0)
        case "s" | "S":
            text, at = _string(message, at)
            values.append(text)
        case "c":
            values.append(data[-1:].decode("latin-1"))
        case "r":
            values += [round(part / 255, 6) for part in data]
        case "m":
            values.append(_midi(*data[1:]))
        case "b":
            at += 4 + _padded(int.from_bytes(message[at : at + 4], "big"))
            if at > len(message):
                raise OscError("it is cut short or forged")
        case "t" | "[" | "]":
            pass
        case _:
            raise OscError("it has values of an unknown kind")
    return at + size


def _string(message: bytes, at: int) -> tuple[str, int]:
    end = message.find(b"\0", at)
    if end < 0:
        raise OscError("it is cut short or forged")
    return message[at:end].decode("utf-8", "replace"), at + _padded(end - at + 1)


def _padded(size: int) -> int:
    return (size + 3) // 4 * 4


def _shortest(data: bytes) -> float:
    """Return the shortest decimal that means a float32: 0.9, not 0.8999999761581421."""
    return float(str(np.frombuffer(data, ">f4")[0]))


def _midi(status: int, first: int, second: int) -> float:
    """Return the strength of a MIDI message, 0 to 1; the pitch wheel goes from -1 to 1."""
    match status >> 4:
        case 0x8:
            return 0.0
        case 0xC | 0xD:
            return min(first / 127, 1.0)
        case 0xE:
            return max(-1.0, min(1.0, (first + 128 * second - 8192) / 8191))
    return min(second / 127, 1.0)

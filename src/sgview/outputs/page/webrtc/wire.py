"""What the program and the process that sends WebRTC say to each other, over two pipes."""

from __future__ import annotations

import struct
from typing import IO, Literal

import msgspec
from msgspec import Struct

Codec = Literal["vp8", "h264"]

_HEAD = struct.Struct("!II")  # bytes of the message, and of the pixels behind it
LONGEST = 1 << 16  # of a message without its pixels [bytes]


class Open(Struct, frozen=True, tag=True):
    """Answer an offer, and send pictures from then on."""

    peer: int
    sdp: str  # from a browser, bounded in length
    address: str  # the only one that may be listened at
    remote: str  # the address that the browser came from
    codec: Codec


class Close(Struct, frozen=True, tag=True):
    """Send this one nothing more."""

    peer: int


class Key(Struct, frozen=True, tag=True):
    """Send this one a key picture: it has lost the thread."""

    peer: int


class Picture(Struct, frozen=True, tag=True):
    """The newest picture: uint8 [height, width, 4] follows."""

    width: int
    height: int
    time: float  # of a clock that never goes back [s]


class Answer(Struct, frozen=True, tag=True):
    """What a browser is answered."""

    peer: int
    sdp: str


class Lost(Struct, frozen=True, tag=True):
    """A browser gets no pictures here (any more)."""

    peer: int
    why: str


Order = Open | Close | Key | Picture
Reply = Answer | Lost
_ENCODE = msgspec.json.Encoder().encode
ORDERS = msgspec.json.Decoder(Order)
REPLIES = msgspec.json.Decoder(Reply)


def write(file: IO[bytes], message: Order | Reply, pixels: bytes = b"") -> None:
    """Write one message; waits while the pipe is full.

    Raises:
        OSError: if nobody reads any more.
    """
    text = _ENCODE(message)
    file.write(_HEAD.pack(len(text), len(pixels)) + text)
    if pixels:
        file.write(pixels)
    file.flush()


def read(file: IO[bytes]) -> tuple[bytes, bytes] | None:
    """Return the text and the pixels of the next message; None at the end.

    Raises:
        ValueError: if that is no message.
    """
    head = file.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    text_size, pixels_size = _HEAD.unpack(head)
    if text_size > LONGEST:
        raise ValueError(f"a message of {text_size} bytes")
    text, pixels = file.read(text_size), file.read(pixels_size)
    return (text, pixels) if len(text) == text_size and len(pixels) == pixels_size else None

"""What one browser is sent: packets of the common stream, from a key picture on."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from av.packet import Packet

MOST_WAITING = 6  # pictures that may wait to be sent


class PacketTrack(MediaStreamTrack):
    """Hands packets to the sender of aiortc, which does not encode them again.

    Who is too slow loses what waits, and goes on with the next key picture: each picture is told as
    a difference from the one before, so none can be left out by itself.

    Args:
        ask_for_key: called when nothing can be sent before there is a key picture.
    """

    kind = "video"

    def __init__(self, ask_for_key: Callable[[], None]) -> None:
        super().__init__()
        self._ask_for_key = ask_for_key
        self._waiting: deque[Packet] = deque()
        self._news = asyncio.Event()
        self._needs_key = True
        ask_for_key()

    def put(self, packet: Packet) -> None:
        """Let a packet be sent; on the thread of the event loop."""
        if self._needs_key and not packet.is_keyframe:
            return
        if len(self._waiting) >= MOST_WAITING:
            self._waiting.clear()
            if not packet.is_keyframe:
                self._needs_key = True
                self._ask_for_key()
                return
        self._needs_key = False
        self._waiting.append(packet)
        self._news.set()

    async def recv(self) -> Packet:
        """Return the next packet."""
        while not self._waiting:
            if self.readyState != "live":
                raise MediaStreamError
            self._news.clear()
            await self._news.wait()
        return self._waiting.popleft()

    def stop(self) -> None:
        """End; who waits for a packet is told."""
        super().stop()
        self._news.set()

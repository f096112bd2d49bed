"""The browsers that are sent WebRTC, on the event loop of their process."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from av.packet import Packet

from sgview.outputs.page.webrtc.encoder import StreamEncoder
from sgview.outputs.page.webrtc.ice import bound_to
from sgview.outputs.page.webrtc.offer import acceptable
from sgview.outputs.page.webrtc.track import PacketTrack
from sgview.outputs.page.webrtc.wire import Answer, Close, Codec, Key, Lost, Open, Picture, Reply

CONNECT_WITHIN = 10.0  # [s]


@dataclass
class _Peer:
    connection: RTCPeerConnection
    track: PacketTrack
    codec: Codec
    task: asyncio.Task[None] | None = None  # gives up on those who do not come


class Peers:
    """Answers offers, and sends every picture to all, encoded once for each codec in use.

    All methods are for the thread of the event loop, but `encode`, which is for another one.

    Args:
        tell: is given what the program is to know.
    """

    def __init__(self, tell: Callable[[Reply], None]) -> None:
        self._tell = tell
        self._loop = asyncio.get_running_loop()
        self._peers: dict[int, _Peer] = {}
        self._encoders: dict[Codec, StreamEncoder] = {}
        self._is_key_wanted: dict[Codec, bool] = {"vp8": False, "h264": False}

    async def execute(self, order: Open | Close | Key) -> None:
        """Do what the program asks."""
        if isinstance(order, Key):
            if order.peer in self._peers:
                self._is_key_wanted[self._peers[order.peer].codec] = True
            return
        if isinstance(order, Close):
            await self._close(order.peer)
            return
        try:
            await self._open(order)
        except Exception as error:  # whatever a browser sent: it alone goes on without
            await self._close(order.peer)
            self._tell(Lost(order.peer, f"{type(error).__name__}: {error}"))

    def encode(self, picture: Picture, pixels: bytes) -> None:
        """Encode a picture for all; for a thread of its own, which it takes a while."""
        rgba8 = np.frombuffer(pixels, np.uint8).reshape(picture.height, picture.width, 4)
        codecs: set[Codec] = {peer.codec for peer in list(self._peers.values())}
        for codec in codecs:
            encoder = self._encoders.setdefault(codec, StreamEncoder(codec))
            is_key, self._is_key_wanted[codec] = self._is_key_wanted[codec], False
            packets = encoder.encode(rgba8, picture.time, is_key=is_key)
            self._loop.call_soon_threadsafe(self._send, codec, packets)

    async def close(self) -> None:
        """Send all away."""
        for number in list(self._peers):
            await self._close(number)

    def _send(self, codec: Codec, packets: list[Packet]) -> None:
        for peer in self._peers.values():
            if peer.codec == codec:
                for packet in packets:
                    peer.track.put(packet)

    async def _open(self, order: Open) -> None:
        number, codec = order.peer, order.codec
        connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        track = PacketTrack(lambda: self._is_key_wanted.update({codec: True}))
        peer = _Peer(connection, track, codec)
        self._peers[number] = peer
        connection.on("connectionstatechange", lambda: self._follow(number))
        offer = RTCSessionDescription(acceptable(order.sdp, order.remote), "offer")
        with bound_to(order.address):
            transceiver = connection.addTransceiver(track, direction="sendonly")
            kinds = RTCRtpSender.getCapabilities("video").codecs
            wanted = (f"video/{codec}", "video/rtx")
            transceiver.setCodecPreferences([k for k in kinds if k.mimeType.lower() in wanted])
            await connection.setRemoteDescription(offer)  # chooses the codec
            await connection.setLocalDescription(await connection.createAnswer())
        answer = connection.localDescription.sdp
        if f" {codec}/90000" not in answer.lower():
            raise ValueError(f"the browser does not agree on {codec}")
        self._tell(Answer(number, answer))
        peer.task = asyncio.ensure_future(self._give_up(number))

    async def _give_up(self, number: int) -> None:
        await asyncio.sleep(CONNECT_WITHIN)
        peer = self._peers.get(number)
        if peer is not None and peer.connection.connectionState != "connected":
            peer.task = None
            await self._lose(number, "no way to it was found")

    def _follow(self, number: int) -> None:
        """Look at how a connection is now."""
        peer = self._peers.get(number)
        if peer is not None and peer.connection.connectionState in ("failed", "closed"):
            asyncio.ensure_future(self._lose(number, "the connection was lost"))  # noqa: RUF006

    async def _lose(self, number: int, why: str) -> None:
        if number in self._peers:
            self._tell(Lost(number, why))
            await self._close(number)

    async def _close(self, number: int) -> None:
        peer = self._peers.pop(number, None)
        if peer is None:
            return
        if peer.task is not None:
            peer.task.cancel()
        peer.track.stop()
        with contextlib.suppress(Exception):
            await peer.connection.close()

"""The connection of one page: the state and pictures go out, what is asked for comes in."""

from __future__ import annotations

import asyncio
import contextlib

from aiohttp import WSMsgType, web
from msgspec import Struct

from sgview.outputs.page.hub import Hub
from sgview.outputs.page.messages import (
    LONGEST,
    Ended,
    Hello,
    KeyPicture,
    Message,
    NextPicture,
    NoVideo,
    Offer,
    VideoAnswer,
    Watch,
    decode,
    encode,
)
from sgview.outputs.page.webrtc.sender import VideoError, VideoSender
from sgview.outputs.page.webrtc.wire import Answer, Reply

STATE_EVERY = 0.1  # at most so often a browser is told the state [s]


class PageChannel:
    """Lives as long as a page is connected, on the thread of the server.

    Args:
        hub: what is shown, and takes what is asked for; the page is among its viewers.
        video: sends the picture by WebRTC.
        news: is set when there is something new to tell.
        ended: is set when the server closes.
    """

    def __init__(
        self, hub: Hub, video: VideoSender, news: asyncio.Event, ended: asyncio.Event
    ) -> None:
        self._hub = hub
        self._video = video
        self._news = news
        self._ended = ended
        self._loop = asyncio.get_running_loop()
        self._channel = web.WebSocketResponse(max_msg_size=LONGEST, heartbeat=20.0, compress=False)
        self._to_tell: list[Struct] = [Hello(video=video.is_offered)]
        self._wants_jpeg = True  # the last one is drawn
        self._sees_video = False
        self._peer = 0  # its number with `video`, 0: none

    async def run(self, request: web.Request) -> web.StreamResponse:
        """Serve the page until it goes, or says what no page of ours says."""
        await self._channel.prepare(request)
        telling = asyncio.ensure_future(self._tell())
        try:
            async for message in self._channel:
                if message.type != WSMsgType.TEXT or self._ended.is_set():
                    break
                try:
                    self._hear(decode(message.data), request)
                except ValueError:
                    break  # nothing that the page sends
        finally:
            self._watch(video=False)
            self._video.drop(self._peer)
            telling.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                await telling
        await self._channel.close()
        return self._channel

    def _hear(self, message: Message, request: web.Request) -> None:
        match message:
            case NextPicture():
                self._wants_jpeg = True
                self._news.set()
            case Offer(sdp):
                self._answer(sdp, request)
            case Watch(video):
                self._watch(video=video)
                if not video:
                    self._video.drop(self._peer)
            case KeyPicture():
                self._video.refresh(self._peer)
            case _:
                self._hub.wish(message)

    def _answer(self, sdp: str, request: web.Request) -> None:
        """Let the page have WebRTC, at the address that it has reached and no other."""
        self._video.drop(self._peer)
        try:
            assert request.transport is not None
            own, remote = (request.transport.get_extra_info(end)[0] for end in ENDS)
            self._peer = self._video.open(sdp, own, remote, self._take)
        except VideoError as error:
            self._tell_soon(NoVideo(str(error)))

    def _take(self, reply: Reply) -> None:
        """Hand on what became of the offer; from another thread."""
        message = VideoAnswer(reply.sdp) if isinstance(reply, Answer) else NoVideo(reply.why)
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._tell_soon, message)

    def _tell_soon(self, message: Struct) -> None:
        self._to_tell.append(message)
        self._news.set()

    def _watch(self, *, video: bool) -> None:
        """While all see video, no JPEG is made."""
        self._hub.jpeg_viewers += self._sees_video - video
        self._sees_video = video

    async def _tell(self) -> None:
        told, sent, due = b"", -1, 0.0
        while not self._ended.is_set():
            self._news.clear()
            while self._to_tell:
                await self._channel.send_str(encode(self._to_tell.pop(0)).decode())
            now = self._loop.time()
            if self._hub.state != told and now >= due:
                told, due = self._hub.state, now + STATE_EVERY
                await self._channel.send_str(told.decode())
            picture = self._hub.picture
            if picture is not None and picture.number != sent and self._wants_jpeg:
                self._wants_jpeg = False
                sent = picture.number
                await self._channel.send_bytes(picture.data)
            with contextlib.suppress(TimeoutError):
                wait = None if self._hub.state == told else 0.05
                await asyncio.wait_for(self._news.wait(), wait)
        await self._channel.send_str(encode(Ended()).decode())
        await self._channel.close()


ENDS = ("sockname", "peername")
"""Of a connection: our own, and the browser's."""

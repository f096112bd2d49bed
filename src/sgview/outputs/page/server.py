"""The server of the page: a thread with an event loop of its own."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import html
import socket
import threading
from collections.abc import Awaitable, Callable

from aiohttp import web

from sgview import resources
from sgview.closing import Closing
from sgview.outputs.page.channel import PageChannel
from sgview.outputs.page.guard import Guard, address_in_net
from sgview.outputs.page.hub import Hub
from sgview.outputs.page.webrtc.sender import VideoSender
from sgview.outputs.video import OutputError

MOST_CLIENTS = 64  # at a time: more are told to come later
BOUNDARY = "sgview-picture"
FILES = {"": "index.html", "page.css": "page.css", "page.js": "page.js", "video.js": "video.js"}
TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript"}
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",  # the address holds the token
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'self'; img-src 'self' blob:; connect-src 'self'",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Server(Closing):
    """Listens from when it is made until `close`.

    Args:
        hub: what is shown, and takes what is asked for.
        host, port: where; port 0: any that is free.
        video: sends the picture by WebRTC to those who can; closed with the server.

    Raises:
        OutputError: if nothing can listen there.
    """

    def __init__(self, hub: Hub, host: str, port: int, video: VideoSender) -> None:
        self._hub = hub
        self.video = video
        self._socket = _listening(host, port)
        self.guard = Guard(host, self._socket.getsockname()[1])
        self.error: Exception | None = None  # why it serves no more
        self._clients = 0
        self._news: set[asyncio.Event] = set()  # one for each client that waits
        self._loop = asyncio.new_event_loop()
        self._ended = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="sgview page", daemon=True)
        self._thread.start()
        hub.tell = self._tell

    @property
    def address(self) -> str:
        """Where a browser finds the page, with the token."""
        host = address_in_net(self.guard.host)
        host = f"[{host}]" if ":" in host else host
        return f"http://{host}:{self.guard.port}/{self.guard.token}/"

    @property
    def clients(self) -> int:
        """How many are connected."""
        return self._clients

    def close(self) -> None:
        """Send all away and stop listening, without waiting for it; idempotent."""
        self._hub.tell = lambda: None
        self.video.close()
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._end)

    def _end(self) -> None:
        self._ended.set()
        self._wake()

    def _tell(self) -> None:
        """Wake those who wait; from any thread."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        for event in self._news:
            event.set()

    def _run(self) -> None:
        # What it does at its end also lets connections close that were told to.
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            try:
                runner.run(self._serve())
            except Exception as error:  # raised again where it is handled, on the other thread
                self.error = error

    async def _serve(self) -> None:
        @web.middleware
        async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await self._check(request, handler)

        app = web.Application(middlewares=[check])
        app.router.add_get("/{token}/ws", self._control)
        app.router.add_get("/{token}/stream.mjpg", self._stream)
        app.router.add_get("/{token}/look/{name}", self._look)
        app.router.add_get("/{token}/{file:[a-z.]*}", self._file)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        await web.SockSite(runner, self._socket).start()
        await self._ended.wait()
        # asyncio forgets to close those who come while it stops listening: nobody does.
        with contextlib.suppress(NotImplementedError):  # Windows
            self._loop.remove_reader(self._socket)
        for _ in range(4):  # until those who are there are let in
            await asyncio.sleep(0)
        assert runner.server is not None  # since `setup`
        transports = [connection.transport for connection in runner.server.connections]
        await runner.cleanup()
        for transport in filter(None, transports):
            transport.abort()  # one that does not read would keep what it was sent for ever

    async def _check(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse who has no business here; in front of every request."""
        refusal = self.guard.refusal(
            request.path.split("/")[1],
            request.headers.get("Host", ""),
            request.headers.get("Origin"),
            is_control=request.path.endswith("/ws"),
        )
        if refusal:
            return self._refused(refusal, request)
        if self._clients >= MOST_CLIENTS:
            text = f"{MOST_CLIENTS} are connected already."
            return web.Response(status=503, text=text, headers=HEADERS)
        return await handler(request)

    def _refused(self, why: str, request: web.Request) -> web.Response:
        """Say why, to people as a page of their own, to programs in a line."""
        if "text/html" not in request.headers.get("Accept", ""):
            return web.Response(status=403, text=why, headers=HEADERS)
        text = resources.asset("page/refused.html").read_text(encoding="utf-8")
        headers = {
            **HEADERS,
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
        }
        return web.Response(
            status=403,
            text=text.replace("WHY", html.escape(why)),
            headers=headers,
            content_type="text/html",
            charset="utf-8",
        )

    async def _file(self, request: web.Request) -> web.StreamResponse:
        name = FILES.get(request.match_info["file"])
        if name is None:
            return web.Response(status=404, headers=HEADERS)
        text = resources.asset(f"page/{name}").read_text(encoding="utf-8")
        kind = TYPES[name.rpartition(".")[2]]
        return web.Response(text=text, content_type=kind, charset="utf-8", headers=HEADERS)

    async def _look(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        data = await asyncio.to_thread(self._hub.thumbnail, name)
        if data is None:
            return web.Response(status=404, headers=HEADERS)
        return web.Response(body=data, content_type="image/jpeg", headers=HEADERS)

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        """Send pictures one after the other (motion JPEG), each the newest once the last is out."""
        content = f"multipart/x-mixed-replace; boundary={BOUNDARY}"
        response = web.StreamResponse(headers={**HEADERS, "Content-Type": content})
        await response.prepare(request)
        with self._client(wants_pictures=True) as news, contextlib.suppress(ConnectionError):
            sent = -1
            while not self._ended.is_set():
                picture = self._hub.picture
                if picture is None or picture.number == sent:
                    news.clear()
                    await news.wait()
                    continue
                sent = picture.number
                head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\n"
                head += f"Content-Length: {len(picture.data)}\r\n\r\n"
                await response.write(head.encode() + picture.data + b"\r\n")
        return response

    async def _control(self, request: web.Request) -> web.StreamResponse:
        """Tell a page the state and pictures, and hear what it asks for."""
        with self._client(wants_pictures=True) as news:
            return await PageChannel(self._hub, self.video, news, self._ended).run(request)

    @contextlib.contextmanager
    def _client(self, *, wants_pictures: bool):
        """Count a client while it is connected, and give the event that wakes it."""
        news = asyncio.Event()
        self._news.add(news)
        self._clients += 1
        self._hub.viewers += wants_pictures
        self._hub.jpeg_viewers += wants_pictures
        try:
            yield news
        finally:
            self._news.discard(news)
            self._clients -= 1
            self._hub.viewers -= wants_pictures
            self._hub.jpeg_viewers -= wants_pictures


def _listening(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=64)
    except OSError as error:
        cause, _, _ = (error.strerror or str(error)).partition(" (while")  # Python says more
        if error.errno == errno.EADDRINUSE:
            cause = "another program, or another sgview, has that port. Choose another one."
        raise OutputError(f"The page cannot be served at {host}:{port}: {cause}") from error

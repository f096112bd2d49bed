"""A web server on this machine that behaves as badly as a test asks for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = Callable[["Request"], None]


class Request(BaseHTTPRequestHandler):
    """One request, answered by the function that the server was given for its path."""

    answers: dict[str, Answer]
    asked: list[tuple[str, str]]  # paths and their Range headers

    def do_GET(self) -> None:
        """Answer it; 404 where nothing is meant."""
        self.asked.append((self.path, self.headers.get("Range", "")))
        answer = self.answers.get(self.path)
        if answer is None:
            self.send_error(404)
            return
        with suppress(BrokenPipeError, ConnectionResetError):  # gone, as from one without end
            answer(self)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def start(self, status: int, **headers: str | int) -> None:
        """Send the status and headers; "_" in their names is "-"."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()

    @property
    def first(self) -> int | None:
        """The byte that the client wants first, None if it asks for no range."""
        wanted = self.headers.get("Range", "")
        return int(wanted.removeprefix("bytes=").split("-")[0]) if wanted else None


def whole(data: bytes, **headers: str) -> Answer:
    """Serve `data` as a good server does, ranges too."""

    def answer(request: Request) -> None:
        first = request.first
        if first is None or request.headers.get("If-Range", '"v1"') != '"v1"':
            request.start(200, Content_Length=len(data), ETag='"v1"', **headers)
            request.wfile.write(data)
            return
        last = request.headers["Range"].split("-")[1]
        part = data[first : int(last) + 1 if last else None]
        place = f"bytes {first}-{first + len(part) - 1}/{len(data)}"
        request.start(206, Content_Range=place, Content_Length=len(part), ETag='"v1"', **headers)
        request.wfile.write(part)

    return answer


@contextmanager
def serving(answers: dict[str, Answer]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Serve `answers`; give the address of the server and the list of what it was asked."""
    asked: list[tuple[str, str]] = []
    handler = type("Handler", (Request,), {"answers": answers, "asked": asked})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

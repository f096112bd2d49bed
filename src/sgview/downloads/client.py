"""Ask a server for a file: what it has first, then the bytes, as many as it said and no more."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from urllib.parse import urljoin, urlsplit

import urllib3
from urllib3.exceptions import HTTPError, LocationParseError, SSLError

from sgview.closing import Closing
from sgview.downloads.addresses import DownloadError, file_name, host_of, normalised, safe_name

MOST_BYTES = 16 * 10**9  # of one file; the largest public network has 2 GB
MOST_REDIRECTS = 8
CONNECT_SECONDS, SILENT_SECONDS = 10.0, 20.0
SLOWEST = 1000  # bytes a second over `SLOW_SECONDS`; below, a server is held for dead
SLOW_SECONDS = 30.0
CHUNK = 1 << 18

_HEADERS = {"User-Agent": "sgview", "Accept": "*/*", "Accept-Encoding": "identity"}
_PAGE = re.compile(rb"\s*(<!doctype html|<html|<\?xml)", re.IGNORECASE)
_RANGE = re.compile(r"bytes (?P<start>\d+)-\d+/(?P<total>\d+)")


@dataclass(frozen=True)
class Offer:
    """What a server has at an address, known before a byte of it was taken."""

    address: str  # that was asked
    url: str  # where it lies, redirects followed
    name: str  # of the file
    size: int | None  # bytes; None: the server does not say
    version: str  # its ETag or date, "" if it has none
    can_go_on: bool  # a download that broke off need not begin anew

    @property
    def host(self) -> str:
        """Who would send it: "host" or "host:port"."""
        return host_of(self.url)

    @property
    def is_private(self) -> bool:
        """Whether nobody on the way can read or change what is sent."""
        return urlsplit(self.url).scheme == "https"


class Client(Closing):
    """Fetches files over HTTP.

    Args:
        now: the source of real time [s].
        silent_seconds: how long a server may send nothing.
    """

    def __init__(
        self,
        now: Callable[[], float] = time.monotonic,
        silent_seconds: float = SILENT_SECONDS,
    ) -> None:
        timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=silent_seconds)
        self._pool = urllib3.PoolManager(timeout=timeout, retries=False, maxsize=2)
        self._now = now

    def ask(self, text: str) -> Offer:
        """Return what lies at an address, by asking for its first byte.

        Raises:
            DownloadError: if there is nothing, or no file, or a larger one than any network.
        """
        address = normalised(text)
        with self._open(address, {"Range": "bytes=0-0"}) as (url, response):
            kind = response.headers.get("Content-Type", "").lower()
            if kind.startswith("text/html"):
                raise DownloadError(
                    f"{host_of(url)} gives a web page for this address, not a file: open it in a "
                    f"browser, and copy the address of its download"
                )
            size = _size_of(response)
            if size is not None and size > MOST_BYTES:
                raise DownloadError(
                    f"{host_of(url)} says that the file has {size / 1e9:.0f} GB: no network is "
                    f"larger than {MOST_BYTES / 1e9:.0f}"
                )
            name = _name_in(response.headers) or file_name(address)
            version = _version_of(response.headers)
            can_go_on = bool(version) and response.status == 206
            return Offer(address, url, name, size, version, can_go_on)

    def read(self, offer: Offer, start: int = 0) -> Iterator[bytes]:
        """Yield the bytes of the file, from byte `start` on.

        Raises:
            DownloadError: if the server has changed its mind about the file, sends other bytes
                than it said, too slowly, or nothing.
            ConnectionError: if the connection broke, so that asking again may help.
        """
        headers = {"Range": f"bytes={start}-", "If-Range": offer.version} if start else {}
        with self._open(offer.address, headers) as (url, response):
            if host_of(url) != offer.host:
                raise DownloadError(f"{offer.host} sends us on to {host_of(url)} now: ask again")
            if start and _start_of(response) != start:
                raise DownloadError(f"{offer.host} has another file there now: ask again")
            size = _size_of(response)
            if size != offer.size:
                raise DownloadError(
                    f"{offer.host} said {offer.size} bytes, and now {size}: ask again"
                )
            yield from self._bytes(offer, start, response)

    def close(self) -> None:
        """Close the connections; idempotent."""
        self._pool.clear()

    def _bytes(
        self, offer: Offer, start: int, response: urllib3.BaseHTTPResponse
    ) -> Iterator[bytes]:
        received, marks = start, [(self._now(), start)]
        most = MOST_BYTES if offer.size is None else offer.size
        while chunk := _read(offer, response):
            if received == 0 and _PAGE.match(chunk[:200]):
                raise DownloadError(f"{offer.host} sends a web page, not a network")
            received += len(chunk)
            if received > most:
                raise DownloadError(
                    f"{offer.host} sends more than the {most} bytes it may: stopped"
                )
            yield chunk
            moment, before = marks[0]
            if self._now() - moment > SLOW_SECONDS:
                if received - before < SLOWEST * SLOW_SECONDS:
                    raise ConnectionError(f"{offer.host} sends next to nothing")
                marks[0] = (self._now(), received)
        if offer.size is not None and received < offer.size:
            raise ConnectionError(f"{offer.host} broke off")

    @contextmanager
    def _open(
        self, address: str, headers: Mapping[str, str]
    ) -> Iterator[tuple[str, urllib3.BaseHTTPResponse]]:
        """Follow redirects to the answer that is none; close it without reading on."""
        url = address
        for _ in range(MOST_REDIRECTS + 1):
            response = self._request(url, headers)
            try:
                target = response.headers.get("Location")
                if response.status not in (301, 302, 303, 307, 308) or not target:
                    _check_status(url, response.status)
                    yield url, response
                    return
            finally:
                response.close()
            following = normalised(urljoin(url, target))
            if urlsplit(url).scheme == "https" and urlsplit(following).scheme != "https":
                raise DownloadError(
                    f"{host_of(url)} sends us on to {following}, unencrypted: refused"
                )
            url = following
        raise DownloadError(f"{host_of(address)} sends us round in a circle")

    def _request(self, url: str, headers: Mapping[str, str]) -> urllib3.BaseHTTPResponse:
        try:
            return self._pool.request(
                "GET",
                url,
                headers={**_HEADERS, **headers},
                redirect=False,
                preload_content=False,
                decode_content=False,
            )
        except SSLError as error:
            raise DownloadError(
                f"{host_of(url)} cannot prove who it is ({error.args[0]}): not opened"
            ) from error
        except (HTTPError, LocationParseError, ValueError) as error:
            raise ConnectionError(f"{host_of(url)} does not answer: are you off-line?") from error


def _read(offer: Offer, response: urllib3.BaseHTTPResponse) -> bytes:
    """Return what has come by now, b"" at the end."""
    try:
        return response.read1(CHUNK, decode_content=False)
    except (HTTPError, OSError) as error:
        raise ConnectionError(f"{offer.host} broke off") from error


def _check_status(url: str, status: int) -> None:
    if status in (200, 206):
        return
    host = host_of(url)
    sentences = {
        401: f"{host} asks for a login: download the file with your browser",
        403: f"{host} does not give this file to everyone: download it with your browser",
        404: f"{host} has no such file: check the address",
        410: f"{host} has this file no more",
        416: f"{host} has an empty file there",
        429: f"{host} has been asked too often: try again later",
    }
    raise DownloadError(
        sentences.get(status, f"{host} answers with error {status}: try again later")
    )


def _size_of(response: urllib3.BaseHTTPResponse) -> int | None:
    """Return the size of the whole file [bytes], as far as the server says."""
    if response.status == 206:
        match = _RANGE.match(response.headers.get("Content-Range", ""))
        return int(match["total"]) if match and len(match["total"]) < 20 else None
    text = response.headers.get("Content-Length", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None


def _start_of(response: urllib3.BaseHTTPResponse) -> int:
    match = _RANGE.match(response.headers.get("Content-Range", ""))
    return int(match["start"]) if response.status == 206 and match else 0


def _version_of(headers: Mapping[str, str]) -> str:
    tag = headers.get("ETag", "")
    return headers.get("Last-Modified", "") if tag.startswith("W/") or not tag else tag


def _name_in(headers: Mapping[str, str]) -> str:
    """Return the name that the server gives the file, "" if none."""
    message = Message()
    message["Content-Disposition"] = headers.get("Content-Disposition", "")[:1000]
    return safe_name(message.get_filename("") or "")

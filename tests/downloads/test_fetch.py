"""Files from servers, good and bad: whole in the cache, or one sentence."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sgview.downloads import client as client_module
from sgview.downloads.addresses import DownloadError
from sgview.downloads.cache import Cache
from sgview.downloads.client import Client
from sgview.downloads.fetch import CancelledError, Downloads
from tests.support.web_server import Answer, Request, serving, whole

DATA = bytes(range(256)) * 8000  # 2 MB


@pytest.fixture
def downloads(tmp_path: Path) -> Iterator[Downloads]:
    with Downloads(Cache(tmp_path / "cache")) as downloads:
        yield downloads


def fetch(downloads: Downloads, address: str) -> Path:
    return downloads.fetch(downloads.ask(address))


def test_a_file_is_offered_fetched_and_kept(downloads: Downloads) -> None:
    with serving({"/x/net.pkl": whole(DATA)}) as (server, asked):
        address = f"{server}/x/net.pkl"
        offer = downloads.ask(address)
        assert (offer.name, offer.size, offer.host) == ("net.pkl", len(DATA), server[7:])
        assert not offer.is_private
        seen: list[tuple[int, int | None]] = []
        path = downloads.fetch(offer, lambda received, size: seen.append((received, size)))
        assert path.read_bytes() == DATA
        assert path.name == "net.pkl"
        assert seen[-1] == (len(DATA), len(DATA))
        assert asked == [("/x/net.pkl", "bytes=0-0"), ("/x/net.pkl", "")]
        kept, _ = downloads.cache.entries()[0]
        assert (kept.address, kept.sha256) == (address, hashlib.sha256(DATA).hexdigest())
    assert downloads.find(address) == path  # also when the server is gone


def test_asking_takes_no_byte_of_a_server_without_ranges(downloads: Downloads) -> None:
    def answer(request: Request) -> None:
        request.start(200, Content_Length=len(DATA))
        request.wfile.write(DATA)

    with serving({"/n": answer}) as (server, _):
        assert downloads.ask(f"{server}/n").size == len(DATA)
        assert fetch(downloads, f"{server}/n").read_bytes() == DATA


def test_the_server_may_name_the_file(downloads: Downloads) -> None:
    named = whole(DATA, Content_Disposition='attachment; filename="../up/../seen it.pkl"')
    with serving({"/download?id=1": named}) as (server, _):
        assert fetch(downloads, f"{server}/download?id=1").name == "seen it.pkl"


def test_a_download_that_breaks_off_goes_on_where_it_was(downloads: Downloads) -> None:
    def breaking(request: Request) -> None:
        if request.first == 0:
            return whole(DATA)(request)
        first = request.first or 0
        part = DATA[first : first + 300_000]
        status = 206 if first else 200
        place = f"bytes {first}-{len(DATA) - 1}/{len(DATA)}"
        request.start(status, Content_Range=place, Content_Length=len(DATA) - first, ETag='"v1"')
        request.wfile.write(part)
        return None

    with serving({"/n": breaking}) as (server, asked):
        assert fetch(downloads, f"{server}/n").read_bytes() == DATA
    starts = [int(span[6:-1]) for _, span in asked[2:]]
    assert starts == sorted(starts) and len(starts) >= 5  # none began anew


def test_a_cancelled_download_is_gone_on_with_by_the_next_program(
    downloads: Downloads, tmp_path: Path
) -> None:
    with serving({"/n": whole(DATA)}) as (server, asked):
        with pytest.raises(CancelledError):
            downloads.fetch(downloads.ask(f"{server}/n"), is_cancelled=lambda: True)
        with Downloads(Cache(tmp_path / "cache")) as again:
            assert fetch(again, f"{server}/n").read_bytes() == DATA
    assert asked[-1][1] not in ("", "bytes=0-")


def test_another_version_begins_anew(downloads: Downloads) -> None:
    new = DATA[::-1] + b"!"

    def changed(request: Request) -> None:
        request.start(200, Content_Length=len(new), ETag='"v2"')
        request.wfile.write(new)

    answers: dict[str, Answer] = {"/n": whole(DATA)}
    with serving(answers) as (server, _):
        with pytest.raises(CancelledError):
            downloads.fetch(downloads.ask(f"{server}/n"), is_cancelled=lambda: True)
        answers["/n"] = changed
        assert fetch(downloads, f"{server}/n").read_bytes() == new


def without_end(request: Request) -> None:
    """Send for ever, and do not say how much."""
    request.start(200)
    while True:
        request.wfile.write(bytes(1 << 16))


def more_than_said(request: Request) -> None:
    """Say 1,000 bytes in the range, and send more of them."""
    request.start(206, Content_Range="bytes 0-999/1000")
    request.wfile.write(bytes(5000))


def less_than_said(request: Request) -> None:
    """Say a megabyte and hang up after the first kilobyte, whatever is asked."""
    request.start(200, Content_Length=1_000_000)
    request.wfile.write(bytes(1000))


def a_page(request: Request) -> None:
    """Give a page that asks for a login."""
    request.start(200, Content_Type="text/html; charset=utf-8")
    request.wfile.write(b"<!DOCTYPE html><html>")


def a_hidden_page(request: Request) -> None:
    """Give a page that is said to be a file."""
    page = b"\n<html><body>quota exceeded</body></html>"
    request.start(200, Content_Type="application/octet-stream", Content_Length=len(page))
    request.wfile.write(page)


def huge(request: Request) -> None:
    """Say ten terabytes."""
    request.start(200, Content_Length=10**13)


def in_a_circle(request: Request) -> None:
    """Send to itself."""
    request.start(302, Location="/bad")


def to_nowhere(request: Request) -> None:
    """Send to what is no web address."""
    request.start(302, Location="file:///etc/passwd")


BAD: dict[str, tuple[Answer, str]] = {
    "never ends": (without_end, "sends more than"),
    "more than said": (more_than_said, "sends more than the 1000 bytes"),
    "less than said": (less_than_said, r"broke off after [\d.]+ kB of 1.0 MB"),
    "page": (a_page, "gives a web page"),
    "hidden page": (a_hidden_page, "sends a web page, not a network"),
    "huge": (huge, "no network is larger"),
    "circle": (in_a_circle, "round in a circle"),
    "elsewhere": (to_nowhere, "no address"),
    "empty": (lambda request: request.start(416), "an empty file"),
    "login": (lambda request: request.start(401), "asks for a login"),
    "refused": (lambda request: request.start(403), "download it with your browser"),
    "too often": (lambda request: request.start(429), "try again later"),
    "ill": (lambda request: request.start(503), "error 503"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_server_gives_one_sentence_and_no_file(
    kind: str, downloads: Downloads, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "MOST_BYTES", 10 * len(DATA))
    answer, sentence = BAD[kind]
    with serving({"/bad": answer}) as (server, _):
        with pytest.raises(DownloadError, match=sentence) as caught:
            fetch(downloads, f"{server}/bad")
        assert "\n" not in str(caught.value)
        assert downloads.find(f"{server}/bad") is None
    left = sum(path.stat().st_size for path in (tmp_path / "cache").rglob("*") if path.is_file())
    assert left < 2000


def test_a_file_that_trickles_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def trickling(request: Request) -> None:
        request.start(200, Content_Length=1000)
        for _ in range(1000):
            request.wfile.write(b"x")
            request.wfile.flush()

    monkeypatch.setattr(client_module, "CHUNK", 1)
    hours = itertools.count(step=3600.0)
    with (
        Downloads(Cache(tmp_path), Client(now=lambda: next(hours))) as downloads,
        serving({"/n": trickling}) as (server, _),
        pytest.raises(DownloadError, match="next to nothing"),
    ):
        fetch(downloads, f"{server}/n")


def test_a_server_that_falls_silent_is_left(tmp_path: Path) -> None:
    gone = threading.Event()

    def silent(request: Request) -> None:
        request.start(200, Content_Length=1000)
        gone.wait(30)

    with (
        Downloads(Cache(tmp_path), Client(silent_seconds=0.5)) as downloads,
        serving({"/n": silent}) as (server, _),
        pytest.raises(DownloadError, match=r"broke off|does not answer"),
    ):
        fetch(downloads, f"{server}/n")
    gone.set()


def test_a_server_that_is_not_there_is_one_sentence(downloads: Downloads) -> None:
    with serving({}) as (server, _):
        pass
    with pytest.raises(DownloadError, match="does not answer"):
        downloads.ask(f"{server}/n")


def test_a_redirect_to_another_host_is_followed_when_asked_and_refused_later(
    downloads: Downloads,
) -> None:
    with serving({"/n": whole(DATA)}) as (other, _):
        answers: dict[str, Answer] = {}
        answers["/n"] = lambda request: request.start(302, Location=f"{other}/n")
        with serving(answers) as (server, _):
            offer = downloads.ask(f"{server}/n")
            assert offer.host == other[7:]  # whom the question names
            answers["/n"] = whole(DATA)
            with pytest.raises(DownloadError, match="ask again"):
                downloads.fetch(offer)


def test_a_full_disk_is_said_before_the_first_byte(
    downloads: Downloads, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage("/")._replace(free=10**8)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with serving({"/n": whole(DATA)}) as (server, asked):
        with pytest.raises(DownloadError, match="make room"):
            fetch(downloads, f"{server}/n")
        assert len(asked) == 1


def test_the_least_used_leave_when_room_is_short(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache", limit=int(2.5 * len(DATA)))
    names = ["/a", "/b", "/c"]
    with Downloads(cache) as downloads, serving({n: whole(DATA) for n in names}) as (server, _):
        fetch(downloads, f"{server}/a")
        fetch(downloads, f"{server}/b")
        _age(cache, f"{server}/a", 100)
        _age(cache, f"{server}/b", 200)
        assert downloads.find(f"{server}/a")  # used now
        fetch(downloads, f"{server}/c")
        assert [bool(downloads.find(server + name)) for name in names] == [True, False, True]
        assert cache.size() < 2.5 * len(DATA)


def _age(cache: Cache, address: str, seconds: float) -> None:
    note = cache.place_of(address) / "kept.json"
    moment = note.stat().st_mtime - seconds
    os.utime(note, (moment, moment))


@pytest.mark.parametrize(
    "note", [b"", b"[]", b"{", b'{"name": "../x"}', b"\xff" * 20_000, b'{"a":' * 1500]
)
def test_a_damaged_note_is_as_if_nothing_were_there(downloads: Downloads, note: bytes) -> None:
    with serving({"/n": whole(DATA)}) as (server, _):
        path = fetch(downloads, f"{server}/n")
        (path.parent / "kept.json").write_bytes(note)
        assert downloads.find(f"{server}/n") is None
        assert fetch(downloads, f"{server}/n").read_bytes() == DATA


def test_a_note_cannot_name_a_file_elsewhere(downloads: Downloads) -> None:
    with serving({"/n": whole(DATA)}) as (server, _):
        note = fetch(downloads, f"{server}/n").parent / "kept.json"
        note.write_text(json.dumps(json.loads(note.read_text()) | {"name": "../../secret"}))
        assert downloads.find(f"{server}/n") is None


def test_two_programs_do_not_write_the_same_file(downloads: Downloads, tmp_path: Path) -> None:
    with serving({"/n": whole(DATA)}) as (server, _):
        offer = downloads.ask(f"{server}/n")

        def meanwhile(received: int, size: int | None) -> None:
            with (
                Downloads(Cache(tmp_path / "cache")) as other,
                pytest.raises(DownloadError, match="another program"),
            ):
                other.fetch(offer)

        downloads.fetch(offer, meanwhile)

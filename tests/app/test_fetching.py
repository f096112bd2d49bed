"""Addresses in the window: asked about, fetched beside the show, and played."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sgview.app.fetching import Fetching
from sgview.downloads.cache import Cache
from sgview.downloads.fetch import Downloads
from sgview.state.commands import (
    AgreeDownload,
    AskDownload,
    CancelDownload,
    LoadNetwork,
)
from sgview.state.notices import Notices
from sgview.state.status import DownloadStatus
from tests.support.until import until
from tests.support.web_server import Answer, Request, serving, whole

DATA = bytes(range(256)) * 4000


@pytest.fixture
def notices() -> Notices:
    return Notices()


@pytest.fixture
def fetching(tmp_path: Path, notices: Notices) -> Iterator[Fetching]:
    with Fetching(notices, lambda: 0.0, Downloads(Cache(tmp_path / "cache"))) as fetching:
        yield fetching


def question(fetching: Fetching) -> DownloadStatus:
    def asked() -> DownloadStatus | None:
        assert fetching.poll() is None
        status = fetching.status()
        return status if status is not None and status.is_question and status.name else None

    offer = until(asked)
    assert offer is not None
    return offer


def loaded(fetching: Fetching) -> LoadNetwork:
    command = until(fetching.poll)
    assert isinstance(command, LoadNetwork)
    return command


def received(fetching: Fetching) -> int:
    fetching.poll()
    status = fetching.status()
    return 0 if status is None else status.received


def test_a_question_names_host_and_size_before_the_first_byte(fetching: Fetching) -> None:
    with serving({"/net.pkl": whole(DATA)}) as (server, asked):
        fetching.execute(AskDownload("b", f"{server}/net.pkl"))
        offer = question(fetching)
        assert (offer.slot, offer.name, offer.host) == ("b", "net.pkl", server[7:])
        assert (offer.size, offer.received) == (len(DATA), 0)
        assert len(asked) == 1
        fetching.execute(AgreeDownload())
        command = loaded(fetching)
    assert command.slot == "b"
    assert command.path.read_bytes() == DATA
    assert fetching.status() is None


def test_what_was_fetched_before_plays_without_a_question_or_a_network(fetching: Fetching) -> None:
    with serving({"/net.pkl": whole(DATA)}) as (server, _):
        fetching.execute(AskDownload("a", f"{server}/net.pkl", is_agreed=True))
        first = loaded(fetching)
    fetching.execute(AskDownload("a", f"{server}/net.pkl"))
    assert fetching.poll() == first


def test_no_fetches_nothing(fetching: Fetching, notices: Notices) -> None:
    with serving({"/net.pkl": whole(DATA)}) as (server, asked):
        fetching.execute(AskDownload("a", f"{server}/net.pkl"))
        question(fetching)
        fetching.execute(CancelDownload())
        assert fetching.poll() is None
        assert fetching.status() is None
        assert len(asked) == 1
    assert not notices.shown(0.0)


def test_fetching_can_be_stopped_and_gone_on_with(fetching: Fetching) -> None:
    go_on = threading.Event()

    def slow(request: Request) -> None:
        if request.first == 0:
            return whole(DATA)(request)
        request.start(200, Content_Length=len(DATA), ETag='"v1"')
        request.wfile.write(DATA[:500_000])
        request.wfile.flush()
        go_on.wait(30)
        request.wfile.write(DATA[500_000:])
        return None

    answers: dict[str, Answer] = {"/n": slow}
    with serving(answers) as (server, asked):
        fetching.execute(AskDownload("a", f"{server}/n", is_agreed=True))
        until(lambda: received(fetching))
        fetching.execute(CancelDownload())
        go_on.set()
        until(lambda: (fetching.poll(), fetching.status() is None)[1])
        answers["/n"] = whole(DATA)
        fetching.execute(AskDownload("a", f"{server}/n", is_agreed=True))
        loaded(fetching)
        assert asked[-1][1].startswith("bytes=") and asked[-1][1] != "bytes=0-"


def test_several_wait_for_their_turn(fetching: Fetching) -> None:
    with serving({"/a": whole(DATA), "/b": whole(DATA)}) as (server, _):
        fetching.execute(AskDownload("a", f"{server}/a", is_agreed=True))
        fetching.execute(AskDownload("b", f"{server}/b", is_agreed=True))
        first, second = loaded(fetching), loaded(fetching)
    assert (first.slot, second.slot) == ("a", "b")


@pytest.mark.parametrize("address", ["https://", "http://127.0.0.1:9/x", "https://a b"])
def test_what_cannot_be_fetched_is_a_notice(
    address: str, fetching: Fetching, notices: Notices
) -> None:
    fetching.execute(AskDownload("a", address))
    until(lambda: (fetching.poll(), notices.shown(0.0))[1])
    assert [notice.level for notice in notices.shown(0.0)] == ["error"]
    assert fetching.status() is None


def test_closing_does_not_wait_for_a_server(tmp_path: Path, notices: Notices) -> None:
    gone = threading.Event()

    def silent(request: Request) -> None:
        gone.wait(30)

    with serving({"/n": silent}) as (server, _):
        with Fetching(notices, lambda: 0.0, Downloads(Cache(tmp_path))) as fetching:
            fetching.execute(AskDownload("a", f"{server}/n"))
            fetching.poll()
        gone.set()

"""The page's server: who is let in, what may be asked for, and many who look at once."""

import asyncio
import contextlib
import gc
import json
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

pytest.importorskip("aiohttp")
import aiohttp

from sgview.outputs.page import messages
from sgview.outputs.page.guard import Guard, parse_address
from sgview.outputs.page.hub import MOST_WISHES, Hub
from sgview.outputs.page.jpeg import JpegEncoder
from sgview.outputs.page.page import Page, open_page
from sgview.outputs.picture import OutputPicture
from sgview.outputs.video import OutputError
from sgview.settings import PageSettings, Settings
from sgview.state import commands as c
from sgview.state.params import Params
from sgview.state.status import LookStatus, ShowStatus, Status
from tests.support.until import LIMIT, until


@pytest.fixture
def page() -> Iterator[Page]:
    page = Page("127.0.0.1", 0)
    yield page
    page.close()


def asked(ask: Callable[[Any], Awaitable[Any]]) -> Any:
    """Return what a client of HTTP finds."""

    async def run() -> Any:
        async with aiohttp.ClientSession() as session:
            return await asyncio.wait_for(ask(session), LIMIT)

    return asyncio.run(run())


def answer(address: str, **headers: str) -> tuple[int, str]:
    async def ask(session: Any) -> tuple[int, str]:
        async with session.get(address, headers=headers) as found:
            return found.status, await found.text()

    return asked(ask)


def test_the_page_and_its_files_are_there(page: Page) -> None:
    for name, word in (("", "<canvas"), ("page.js", "WebSocket"), ("page.css", "--accent")):
        status, text = answer(page.address + name)
        assert (status, word in text) == (200, True)
    for name in ("nothing", "page.html", "look/none", "..%2findex.html"):
        assert answer(page.address + name)[0] == 404
    assert answer(page.address + "../index.html")[0] == 403  # it has no token


def test_each_page_has_a_token_of_its_own(page: Page) -> None:
    other = Page("127.0.0.1", 0)
    tokens = {one.address.split("/")[3] for one in (page, other)}
    other.close()
    assert len(tokens) == 2 and all(len(token) >= 22 for token in tokens)
    base = page.address.rsplit("/", 2)[0]
    for path in ("/", "/guessed/", "/guessed/ws", "/guessed/stream.mjpg", "//ws"):
        status, text = answer(base + path, Origin=base)
        assert status == 403 and "canvas" not in text


@pytest.mark.parametrize(
    ("host", "origin", "is_control", "is_let_in"),
    [
        ("127.0.0.1:8710", None, False, True),
        ("192.168.1.7:8710", "http://192.168.1.7:8710", True, True),
        ("[::1]:8710", "http://[::1]:8710", True, True),
        ("localhost:8710", "http://localhost:8710", True, True),
        ("stage:8710", "http://stage:8710", True, True),  # as the user named it
        ("evil.example:8710", "http://evil.example:8710", True, False),  # DNS rebinding
        ("evil.example:8710", None, False, False),
        ("127.0.0.1:8710", "http://evil.example", True, False),
        ("127.0.0.1:8710", "http://evil.example", False, False),
        ("127.0.0.1:8710", "null", True, False),
        ("127.0.0.1:8710", "http://127.0.0.1:3000", True, False),  # another program's page
        ("127.0.0.1:8710", None, True, False),
        ("127.0.0.1:80", None, False, False),
        ("127.0.0.1", None, False, False),
        ("", None, False, False),
    ],
)
def test_host_and_origin_are_looked_at(
    host: str, origin: str | None, is_control: bool, is_let_in: bool
) -> None:
    guard = Guard("stage", 8710, "token")
    assert (guard.refusal("token", host, origin, is_control=is_control) == "") is is_let_in
    assert guard.refusal("tokem", host, origin, is_control=is_control)
    assert guard.refusal("", host, origin, is_control=is_control)
    assert "token" not in repr(guard)


def test_headers_are_looked_at_on_the_way_in(page: Page) -> None:
    assert answer(page.address, Host="evil.example")[0] == 403
    assert answer(page.address, Origin="http://evil.example")[0] == 403
    assert answer(page.address + "ws")[0] == 403  # no origin


def test_addresses() -> None:
    assert parse_address("") == ("127.0.0.1", 8710)
    assert parse_address("0.0.0.0") == ("0.0.0.0", 8710)
    assert parse_address(":9000") == ("127.0.0.1", 9000)
    assert parse_address("[::1]:9000") == ("::1", 9000)
    for text in ("host:99999", "host:x", "host:-1"):
        with pytest.raises(ValueError, match="is no HOST:PORT"):
            parse_address(text)
    with pytest.raises(OutputError, match="is no HOST:PORT"):
        open_page(Settings(page=PageSettings(address="a:b")))


def test_a_port_that_is_taken_is_one_sentence(page: Page) -> None:
    port = page.address.split(":")[2].split("/")[0]
    with pytest.raises(OutputError) as caught:
        Page("127.0.0.1", int(port))
    assert str(caught.value) == (
        f"The page cannot be served at 127.0.0.1:{port}: another program, or another sgview, has"
        " that port. Choose another one."
    )
    with pytest.raises(OutputError) as caught:
        Page("192.0.2.1", 0)  # no address of this machine
    assert "(" not in str(caught.value)


LOOKS = Status(show=ShowStatus(looks=(LookStatus("deep"),)))


def wishes(page: Page, *sent: messages.Wish) -> tuple[Params, list[c.Command]]:
    for wish in sent:
        page._hub.wish(wish)
    return page.exchange(Params(), LOOKS, ("noise.seed",), {})


def test_only_what_is_shown_can_be_set(page: Page) -> None:
    paths = ("noise.amplitude", "latents.source", "bindings", "nothing", "edits.0.amount")
    params, commands = wishes(page, *(messages.SetValue(path, 0.1) for path in paths))
    assert (params, commands) == (Params(), [])
    params, _ = wishes(
        page,
        messages.SetValue("noise.seed", 1e9),
        messages.SetValue("stage.blackout", 1),
        messages.SetValue("playback.speed", float("nan")),
    )
    assert 1 < params.noise.seed < 1e9  # held to its usual range
    assert params.stage.blackout and params.playback.speed == 1.0


def test_nothing_is_loaded_or_saved_unless_it_may(page: Page) -> None:
    everything = [messages.Do(what) for what in (*messages.HARMLESS, *messages.WRITING)]
    _, commands = wishes(page, *everything, messages.GoToLook("deep"), messages.GoToLook("x/../y"))
    assert commands == [*messages.HARMLESS.values(), c.RecallLook("deep")]
    writes = Page("127.0.0.1", 0, may_write=True)
    _, commands = wishes(writes, *everything)
    writes.close()
    assert commands == [*messages.HARMLESS.values(), *messages.WRITING.values()]


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "7", '{"kind":"do","what":"quit"}', '{"kind":"load","path":"/etc/passwd"}',
        '{"kind":"set","path":"noise.seed"}', '{"kind":"set","path":"a","value":"b"}',
        '{"kind":"set","path":"' + "a" * 5000 + '","value":1}', "[" * 4000,
        '{"kind":"do","x":' + "[" * 4000, '{"a":' * 3900,
    ],
)  # fmt: skip
def test_what_is_no_wish_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        messages.decode(text)


def test_wishes_that_nobody_takes_are_bounded() -> None:
    hub = Hub()
    for n in range(MOST_WISHES + 9):
        hub.wish(messages.SetValue("noise.seed", float(n)))
    taken = hub.take_wishes()
    assert len(taken) == MOST_WISHES and taken[-1] == messages.SetValue("noise.seed", n)
    assert hub.take_wishes() == []


def picture(value: int, downloads: list[int]) -> OutputPicture:
    pixels = np.full((48, 64, 4), value, np.uint8)

    def download() -> np.ndarray:
        downloads.append(value)
        return pixels.copy()

    return OutputPicture(pixels, Params(), 0.0, download)


def test_while_nobody_looks_nothing_is_done(page: Page) -> None:
    downloads: list[int] = []
    page.offer(picture(1, downloads))
    assert page.status().note.endswith("nobody looks")
    assert not downloads and page._hub.picture is None


def test_a_stream_of_jpeg_for_other_programs(page: Page) -> None:
    downloads: list[int] = []

    async def ask(session: Any) -> tuple[str, bytes]:
        async with session.get(page.address + "stream.mjpg") as found:
            data = b""
            for n in range(10_000):
                page.offer(picture(n % 200, downloads))
                try:
                    data += await asyncio.wait_for(found.content.readany(), 0.05)
                except TimeoutError:
                    continue
                if data.count(b"--sgview-picture") >= 4:
                    break
            return found.headers["Content-Type"], data

    kind, data = asked(ask)
    assert kind == "multipart/x-mixed-replace; boundary=sgview-picture"
    parts = data.split(b"--sgview-picture\r\n")[1:-1]
    assert len(parts) >= 3
    for part in parts:
        assert b"\r\n\r\n\xff\xd8" in part and part.endswith(b"\xff\xd9\r\n")


def test_twenty_who_look_cost_one_encoding_and_one_who_is_slow_holds_up_nobody(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    encodings: list[int] = []

    encode = JpegEncoder.encode

    def counted(encoder: JpegEncoder, pixels: np.ndarray) -> bytes:
        encodings.append(int(pixels[0, 0, 0]))
        return encode(encoder, pixels)

    monkeypatch.setattr(JpegEncoder, "encode", counted)
    downloads: list[int] = []

    async def look(session: Any, *, is_slow: bool) -> list[int]:
        """Return how many pictures came, until the tenth, or none is asked for any more."""
        origin = page.address.rsplit("/", 2)[0]
        count = 0
        async with session.ws_connect(page.address + "ws", headers={"Origin": origin}) as channel:
            async for message in channel:
                if message.type == aiohttp.WSMsgType.BINARY:
                    count += 1
                    if is_slow or count == 10:
                        break
                    await channel.send_str('{"kind":"next"}')
            if is_slow:
                await done.wait()  # connected, and asks for nothing more
        return [count]

    async def play() -> None:
        n = 0
        while not done.is_set():
            page.offer(picture(n % 200, downloads))
            page.exchange(Params(), replace(LOOKS), (), {})
            n += 1
            await asyncio.sleep(0.005)

    async def ask(session: Any) -> list[list[int]]:
        playing = asyncio.ensure_future(play())
        slow = asyncio.ensure_future(look(session, is_slow=True))
        counts = await asyncio.gather(*(look(session, is_slow=False) for _ in range(20)))
        done.set()
        await playing
        assert await slow == [1]
        return counts

    async def run() -> list[list[int]]:
        nonlocal done
        done = asyncio.Event()
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as session:
            return await asyncio.wait_for(ask(session), LIMIT)

    done = asyncio.Event()
    assert asyncio.run(run()) == [[10]] * 20
    # However many look, each picture is downloaded and encoded once.
    assert len(encodings) <= len(downloads) == page._hub.picture.number + 1
    until(lambda: page.status().note.endswith("nobody looks"))


def test_the_state_is_told_when_it_changes(page: Page) -> None:
    async def ask(session: Any) -> list[dict[str, Any]]:
        origin = page.address.rsplit("/", 2)[0]
        states: list[dict[str, Any]] = []
        async with session.ws_connect(page.address + "ws", headers={"Origin": origin}) as channel:
            for blackout in (False, True):
                params = Params()
                params = replace(params, stage=replace(params.stage, blackout=blackout))
                while not states or states[-1].get("blackout") is not blackout:
                    page.exchange(params, LOOKS, ("noise.seed",), {})
                    try:
                        message = await channel.receive(timeout=0.05)
                    except TimeoutError:
                        continue
                    states.append(json.loads(message.data))
        return states

    last = asked(ask)[-1]
    assert [look["name"] for look in last["looks"]] == ["deep"]
    assert [control["path"] for control in last["controls"]] == ["noise.seed", "playback.speed"]
    assert last["may_write"] is False


def test_a_phone_gets_the_address_by_its_camera_where_it_could_reach_it() -> None:
    segno = pytest.importorskip("segno")
    with_code = Page("0.0.0.0", 0)
    status = with_code.status()
    with_code.close()
    rows = segno.make_qr(status.target, error="l", boost_error=False).matrix
    assert status.code == tuple("".join("01"[cell] for cell in row) for row in rows)
    assert not Guard("127.0.0.1", 1).is_open and not Guard("::1", 1).is_open
    assert Guard("0.0.0.0", 1).is_open and Guard("stage", 1).is_open


def test_the_panel_says_that_no_other_machine_can_look(page: Page) -> None:
    assert page.status().note == "this machine alone, nobody looks" and page.status().code == ()


def test_those_who_wait_for_an_answer_or_read_none_are_sent_away(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Connections that were left open would be told as warnings, and fail this test."""
    asked_for, answered = threading.Event(), threading.Event()

    def thumbnail(name: str) -> None:
        asked_for.set()
        answered.wait(LIMIT)

    monkeypatch.setattr(page._hub, "thumbnail", thumbnail)
    host, port = page.address.split("/")[2].split(":")
    with contextlib.ExitStack() as clients:
        for path in ("look/slow", "stream.mjpg", ""):
            client = clients.enter_context(socket.create_connection((host, int(port))))
            line = f"GET /{page._server.guard.token}/{path} HTTP/1.1"
            client.sendall(f"{line}\r\nHost: {host}:{port}\r\n\r\n".encode())
        until(lambda: asked_for.is_set() and page._server.clients == 1)
        for n in range(40):  # far more than a connection holds
            noise = np.random.default_rng(n).integers(0, 255, (640, 640, 4), np.uint8)
            page._hub.put_picture(noise)
        page.close()
        until(lambda: page._server._ended.is_set())
        answered.set()
        page._server._thread.join(LIMIT)
        assert not page._server._thread.is_alive()
    gc.collect()


def test_those_who_come_while_it_ends_are_closed_too() -> None:
    """Connections that were left open would be told as warnings, and fail this test."""
    for number in range(12):
        page = Page("127.0.0.1", 0)
        host, port = page.address.split("/")[2].split(":")
        clients: list[socket.socket] = []

        def come(address: tuple[str, int], clients: list[socket.socket]) -> None:
            with contextlib.suppress(OSError):  # nobody listens any more
                while len(clients) < 60:
                    clients.append(socket.create_connection(address, LIMIT))

        threads = [
            threading.Thread(target=come, args=((host, int(port)), clients)) for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        until(lambda clients=clients, number=number: len(clients) > number)
        page.close()
        for thread in (*threads, page._server._thread):
            thread.join(LIMIT)
        for client in clients:
            client.close()
    del page
    gc.collect()

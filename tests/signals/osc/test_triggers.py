"""Taps, bangs and every kind of value, from senders as they are."""

import socket
import struct
import time
from collections.abc import Callable, Iterator

import pytest
from msgspec.structs import replace
from pythonosc.osc_message_builder import OscMessageBuilder

from sgview.signals.arrivals import MAX_WAITING, Arrivals
from sgview.signals.expressions.context import EvaluationContext
from sgview.signals.expressions.expressions import Expression
from sgview.signals.incoming import Instant
from sgview.signals.osc.input import OscInput
from sgview.signals.osc.output import OscOutput
from sgview.signals.osc.packets import OscError, parse
from sgview.signals.sources import Sources
from sgview.state.bindings import bind
from sgview.state.params import Params


def until(is_so: Callable[[], bool], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.002)


def padded(text: bytes) -> bytes:
    return text + bytes(4 - len(text) % 4)


def message(address: str, tags: str, data: bytes = b"") -> bytes:
    return padded(address.encode()) + padded(("," + tags).encode()) + data


@pytest.fixture
def osc() -> Iterator[OscInput]:
    source = OscInput(port=0)
    source.start()
    yield source
    source.close()


@pytest.fixture
def send(osc: OscInput) -> Iterator[Callable[..., None]]:
    """Sends messages, and waits until they have been read."""
    count = 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:

        def send(*packets: bytes) -> None:
            nonlocal count
            count += 1
            for packet in (*packets, message(f"/end/{count}", "i", struct.pack(">i", count))):
                sender.sendto(packet, ("127.0.0.1", osc.port))
            until(lambda: osc.status().last == f"/end/{count} {count}")

        yield send


def number(address: str, value: float) -> bytes:
    builder = OscMessageBuilder(address)
    builder.add_arg(float(value))
    return builder.build().dgram


def test_a_tap_between_two_frames_is_on_for_one(osc: OscInput, send: Callable[..., None]) -> None:
    send(number("/pad", 1), number("/pad", 0))
    assert osc.snapshot()["/pad"] == (1.0,)
    assert osc.snapshot()["/pad"] == (0.0,)
    still = osc.snapshot()
    assert osc.snapshot() is still


def test_a_soft_tap_and_a_release_that_is_pressed_again(
    osc: OscInput, send: Callable[..., None]
) -> None:
    send(number("/soft", 0.2), number("/soft", 0))
    assert [osc.snapshot()["/soft"] for _ in range(2)] == [(0.2,), (0.0,)]
    send(number("/held", 1))
    osc.snapshot()
    send(number("/held", 0), number("/held", 1))
    assert [osc.snapshot()["/held"] for _ in range(2)] == [(0.0,), (1.0,)]


def test_twenty_taps_trigger_twenty_times(osc: OscInput, send: Callable[..., None]) -> None:
    trigger = Expression('env(osc("/pad", 0), 0, 0)')
    heard = 0
    for _ in range(20):
        send(number("/pad", 1), number("/pad", 0))
        for _ in range(3):
            inputs = Sources(osc).poll(Params()).inputs
            heard += (
                trigger.evaluate(EvaluationContext(Instant(0.0, elapsed=1 / 60, inputs=inputs)))
                == 1.0
            )
    assert heard == 20


def test_a_fader_between_two_frames_is_its_newest_value(
    osc: OscInput, send: Callable[..., None]
) -> None:
    send(*(number("/fader", 0.6 + n / 100) for n in range(30)))
    assert osc.snapshot()["/fader"] == (0.89,)


def test_what_waits_is_bounded() -> None:
    arrivals: Arrivals[float] = Arrivals()
    for n in range(1001):
        arrivals.put("pad", float(n % 2))
    seen = []
    while arrivals:
        seen.append(arrivals.take()["pad"])
    assert len(seen) <= MAX_WAITING
    assert seen[-1] == 0.0


@pytest.mark.parametrize("packet", [message("/x", ""), message("/x", "I"), padded(b"/x")])
def test_a_message_without_a_value_is_a_tap(
    osc: OscInput, send: Callable[..., None], packet: bytes
) -> None:
    for _ in range(3):
        send(packet)
        assert [osc.snapshot()["/x"] for _ in range(2)] == [(1.0,), (0.0,)]


def test_a_slider_can_be_tapped(osc: OscInput, send: Callable[..., None]) -> None:
    send(message("/sgview/slider/hit", ""))
    sources = Sources(osc)
    params = bind(Params(), "noise.amplitude", 'slider("hit")')
    seen = []
    for _ in range(2):
        params = sources.poll(params).params
        seen.append(params.sliders["hit"])
    assert seen == [1.0, 0.0]


@pytest.mark.parametrize(
    ("tags", "data", "values"),
    [
        ("f", struct.pack(">f", 0.9), (0.9,)),
        ("f", struct.pack(">f", 1e-20), (1e-20,)),
        ("d", struct.pack(">d", 0.1), (0.1,)),
        ("h", struct.pack(">q", -(2**40)), (-(2.0**40),)),
        ("TFNI", b"", (1.0, 0.0, 0.0, 1.0)),
        ("[ii]f", struct.pack(">iif", 1, 2, 3), (1.0, 2.0, 3.0)),
        ("r", bytes((255, 0, 51, 255)), (1.0, 0.0, 0.2, 1.0)),
        ("m", bytes((0, 0x90, 60, 127)), (1.0,)),
        ("m", bytes((0, 0x80, 60, 64)), (0.0,)),
        ("m", bytes((0, 0xB3, 7, 127)), (1.0,)),
        ("m", bytes((0, 0xE0, 0, 0)), (-1.0,)),
        ("c", b"\0\0\0A", ("A",)),
        ("S", padded(b"L6"), ("L6",)),
        ("bti", b"\0\0\0\3abc\0" + bytes(8) + b"\0\0\0\5", (5.0,)),
    ],
)
def test_every_kind_of_value(tags: str, data: bytes, values: tuple) -> None:
    assert parse(message("/x", tags, data)) == ("/x", values)


@pytest.mark.parametrize(
    "packet",
    [
        message("/x", "f"),
        message("/x", "s"),
        message("/x", "b", b"\x7f\xff\xff\xff"),
        message("/x", "b", b"\0\0\0\x09abc\0"),
        message("/x", "?"),
        padded(b"/x") + b"\0\0\0\0",
        b"/x\0\0,f",
    ],
)
def test_values_that_are_cut_short_are_refused(packet: bytes) -> None:
    with pytest.raises(OscError):
        parse(packet)


def test_words_are_numbers_where_a_number_is_wanted(
    osc: OscInput, send: Callable[..., None]
) -> None:
    send(
        *(message(f"/{word}", "s", padded(word.encode())) for word in ("true", "OFF", "0.25")),
        message("/text", "sf", padded(b"red") + struct.pack(">f", 0.5)),
        message("/sgview/noise/monochrome", "s", padded(b"false")),
        message("/sgview/noise/amplitude", "s", padded(b"0.5")),
    )
    table = osc.snapshot()
    assert (table["/true"], table["/OFF"], table["/0.25"]) == ((1.0,), (0.0,), (0.25,))
    assert table["/text"] == (0.5,)
    params = Sources(osc).poll(Params()).params
    assert params.noise.monochrome is False
    assert params.noise.amplitude == 0.5


def test_a_value_is_stored_as_it_was_meant(osc: OscInput, send: Callable[..., None]) -> None:
    send(number("/sgview/noise/amplitude", 0.9))
    assert Sources(osc).poll(Params()).params.noise.amplitude == 0.9


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_what_is_sent_to_the_own_port_does_not_feed_back(host: str) -> None:
    osc = OscInput(port=0)
    osc.start()
    osc.close()
    out = OscOutput(f"{host}:{osc.port}")
    params = Params(osc_out=("noise.amplitude",))
    with (
        Sources(osc := OscInput(port=osc.port), out) as sources,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger,
    ):
        (said,) = sources.poll(params).problems
        assert str(osc.port) in said
        for n in range(5):
            amplitude = params.noise.amplitude + 0.1  # as "value + 0.1" gives it
            sources.send(replace(params, noise=replace(params.noise, amplitude=amplitude)))
            stranger.sendto(number("/n", n), ("127.0.0.1", osc.port))
            until(lambda n=n: osc.snapshot().get("/n") == (float(n),))
            params = sources.poll(params).params
        assert params.noise.amplitude == Params().noise.amplitude

"""OSC against a real sender over loopback, and against forged packets."""

import socket
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.udp_client import SimpleUDPClient

from sgview.signals.osc.input import MAX_ADDRESSES, PORTS, OscInput
from sgview.signals.osc.output import OscOutput
from sgview.signals.osc.packets import MAX_DEPTH, OscError, parse, split
from sgview.state.params import Params
from tests.support.until import LIMIT, until


@pytest.fixture
def osc() -> Iterator[OscInput]:
    source = OscInput(port=0)
    source.start()
    assert not source.unavailable_reason
    yield source
    source.close()
    source.close()


@pytest.fixture
def client(osc: OscInput) -> Iterator[SimpleUDPClient]:
    with SimpleUDPClient("127.0.0.1", osc.port) as sender:
        yield sender


def message(address: str, *values: object) -> bytes:
    builder = OscMessageBuilder(address)
    for value in values:
        builder.add_arg(value)  # type: ignore[arg-type]
    return builder.build().dgram


def bundle(*contents: bytes) -> bytes:
    sized = b"".join(len(content).to_bytes(4, "big") + content for content in contents)
    return b"#bundle\0" + bytes(7) + b"\1" + sized


def test_numbers_come_in_whatever_their_type(osc: OscInput, client: SimpleUDPClient) -> None:
    client.send_message("/float", 0.5)
    client.send_message("/int", 3)
    client.send_message("/flag", True)
    client.send_message("/xyz", [1, 2.0, "text", 4])
    until(lambda: len(osc.snapshot()) == 4)
    assert osc.snapshot() == {
        "/float": (0.5,),
        "/int": (3.0,),
        "/flag": (1.0,),
        "/xyz": (1.0, 2.0, 4.0),
    }
    assert osc.status().listens_at == f"127.0.0.1:{osc.port}"
    assert osc.status().last.startswith("/xyz 1 2 text 4")


def test_the_table_stays_the_same_one_while_nothing_changes(
    osc: OscInput, client: SimpleUDPClient
) -> None:
    client.send_message("/x", 1)
    until(lambda: osc.snapshot() == {"/x": (1.0,)})
    before = osc.snapshot()
    client.send_message("/x", 1)
    client.send_message("/sgview/psi", 0.5)
    until(lambda: osc.take_messages() == [("/sgview/psi", (0.5,))])
    assert osc.snapshot() is before
    client.send_message("/x", 2)
    until(lambda: osc.snapshot() is not before)
    assert before == {"/x": (1.0,)}


def test_messages_to_parameters_are_handed_out_once(osc: OscInput, client: SimpleUDPClient) -> None:
    client.send_message("/sgview/psi", 0.5)
    client.send_message("/sgview/layer", "L6")
    client.send_message("/end", 1)
    until(lambda: bool(osc.snapshot()))
    assert osc.take_messages() == [("/sgview/psi", (0.5,)), ("/sgview/layer", ("L6",))]
    assert osc.take_messages() == []


def test_bundles_within_bundles(osc: OscInput, client: SimpleUDPClient) -> None:
    inner, outer = OscBundleBuilder(IMMEDIATELY), OscBundleBuilder(IMMEDIATELY)
    for builder, values in ((inner, (1, 2)), (outer, (3,))):
        for value in values:
            one = OscMessageBuilder(f"/{value}")
            one.add_arg(value)
            builder.add_content(one.build())
    outer.add_content(inner.build())
    client.send(outer.build())
    until(lambda: len(osc.snapshot()) == 3)
    assert osc.snapshot() == {"/1": (1.0,), "/2": (2.0,), "/3": (3.0,)}


def test_a_flood_stalls_no_frame_and_loses_no_newest_value(osc: OscInput) -> None:
    """10,000 messages a second or as many as there is time for, from a program of its own."""
    import subprocess
    import sys

    code = (
        "import sys, time, socket\n"
        "from pythonosc.osc_message_builder import OscMessageBuilder\n"
        "def build(address, value):\n"
        "    b = OscMessageBuilder(address); b.add_arg(float(value)); return b.build().dgram\n"
        "packets = [build(f'/fader/{n % 8}', n) for n in range(20000)]\n"
        "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        "start = time.perf_counter()\n"
        "for n, packet in enumerate(packets):\n"
        "    if n % 100 == 0:\n"
        "        time.sleep(max(0, start + n / 10000 - time.perf_counter()))\n"
        "    s.sendto(packet, ('127.0.0.1', int(sys.argv[1])))\n"
        "sys.stdin.readline()\n"  # the system's buffer is empty: it drops nothing
        "for packet in packets[:8]:\n"
        "    s.sendto(packet, ('127.0.0.1', int(sys.argv[1])))\n"
    )
    command = [sys.executable, "-c", code, str(osc.port)]
    sender = subprocess.Popen(command, stdin=subprocess.PIPE)
    assert sender.stdin is not None
    lengths, waits, last = [], [], -1.0
    try:
        until(osc.snapshot)
        while last < 19000 and len(lengths) < 3000:  # the last ones may be dropped by the system
            start = time.perf_counter()
            heard = osc.snapshot()
            osc.take_messages()
            osc.status()
            lengths.append(time.perf_counter() - start)
            assert max(heard.values())[0] >= last  # the newest, frame by frame
            (last,) = max(heard.values())
            time.sleep(1 / 60)
            waits.append(time.perf_counter() - start - lengths[-1] - 1 / 60)
        client = SimpleUDPClient("127.0.0.1", osc.port)
        with client:
            until(
                lambda: osc.snapshot().get("/drained") == (1.0,),
                lambda: (client.send_message("/drained", 1), time.sleep(0.02)),
            )
        sender.stdin.write(b"\n")
        sender.stdin.close()
        newest = {f"/fader/{n}": (float(n),) for n in range(8)} | {"/drained": (1.0,)}
        until(lambda: osc.snapshot() == newest)
    finally:
        sender.kill()
        sender.wait(LIMIT)
    assert len(lengths) > 30
    # A frame is held up as any sleep is beside other programs, and no more.
    typical = len(lengths) * 9 // 10
    assert sorted(lengths)[typical] < 0.05 + sorted(waits)[typical]


def test_a_flood_of_addresses_is_bounded_and_reported_once(osc: OscInput) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for n in range(0, 2 * MAX_ADDRESSES, 16):
            packet = bundle(*(message(f"/flood/{n + k}", 1.0) for k in range(16)))
            sender.sendto(packet, ("127.0.0.1", osc.port))
            time.sleep(0.0005)
        sender.sendto(message("/flood/0", 2.0), ("127.0.0.1", osc.port))
        until(lambda: osc.snapshot().get("/flood/0") == (2.0,))
    assert len(osc.snapshot()) == MAX_ADDRESSES == 256
    (said,) = osc.take_problems()
    assert "256" in said and "/flood/" in said


def test_rubbish_is_reported_once_and_the_rest_plays_on(
    osc: OscInput, client: SimpleUDPClient
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for packet in (b"", b"\0", b"rubbish", b"/x\0\0,i\0\0\0", b"/y\0\0,zz\0", b"#bundle\0"):
            for _ in range(3):
                sender.sendto(packet, ("127.0.0.1", osc.port))
    client.send_message("/after", 1)
    until(lambda: osc.snapshot().get("/after") == (1.0,))
    assert 1 <= len(osc.take_problems()) <= 2
    assert osc.take_problems() == []


def test_of_a_port_that_is_taken_the_next_free_one_is_taken_and_said(osc: OscInput) -> None:
    second = OscInput(port=osc.port)
    second.start()
    assert osc.port < second.port < osc.port + PORTS
    assert not second.unavailable_reason
    assert second.status().listens_at == f"127.0.0.1:{second.port}"
    (said,) = second.take_problems()
    assert str(osc.port) in said and str(second.port) in said
    with SimpleUDPClient("127.0.0.1", second.port) as sender:
        sender.send_message("/x", 1)
        until(lambda: second.snapshot() == {"/x": (1.0,)})
    second.close()


def test_no_port_at_all_is_a_reason_not_an_exception(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        refused = OscInput(port=port)
        monkeypatch.setattr("sgview.signals.osc.input.PORTS", 1)
        refused.start()
    assert f"127.0.0.1:{port}" in refused.unavailable_reason
    assert refused.snapshot() == {} and refused.take_messages() == []
    assert refused.status().listens_at == ""
    assert refused.take_problems() == [refused.unavailable_reason]
    refused.close()
    nowhere = OscInput("no.such.host.invalid")
    nowhere.start()
    assert nowhere.unavailable_reason
    nowhere.close()


def test_closing_ends_the_thread_and_frees_the_port() -> None:
    source = OscInput(port=0)
    source.start()
    source.close()
    assert not any(thread.name == "osc" for thread in threading.enumerate())
    again = OscInput(port=source.port)
    again.start()
    assert not again.unavailable_reason
    again.close()


@pytest.mark.parametrize(
    "packet",
    [
        bundle(message("/x", 1.0))[:-1],
        b"#bundle\0" + bytes(8) + (-8).to_bytes(4, "big", signed=True) + bytes(8),
        b"#bundle\0" + bytes(8) + bytes(4),
        b"/" + b"x" * 300,
        b"bundle",
    ],
)
def test_forged_packets_are_refused(packet: bytes) -> None:
    with pytest.raises(OscError):
        list(split(packet))


def test_bundles_nested_too_deeply_are_refused() -> None:
    packet = message("/x", 1.0)
    for _ in range(MAX_DEPTH):
        packet = bundle(packet)
    assert list(split(packet)) == [(b"/x", message("/x", 1.0))]
    with pytest.raises(OscError):
        list(split(bundle(packet)))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_that_are_not_finite_are_refused(value: float) -> None:
    with pytest.raises(OscError, match="finite"):
        parse(message("/x", value))


PIECES = st.sampled_from(
    [b"/x\0\0", b"/sgview/psi\0", b"#bundle\0", b",f\0\0", b",ifs[T]\0", b",b\0\0", b"\0\0\0\0",
     b"\0\0\0\x10", b"\xff\xff\xff\xff", b"\x7f\xc0\0\0", b"text\0\0\0\0", b"\0", b"\xff", b"["]
)  # fmt: skip


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.lists(PIECES | st.binary(max_size=8), max_size=12).map(b"".join))
@example(b"/x\0\0," + b"[" * 5000)
@example(b"/\xff\xfe\0,f\0\0\0\0\0\0")
def test_any_packet_is_messages_or_an_osc_error(packet: bytes) -> None:
    try:
        for _, single in split(packet):
            address, values = parse(single)
            assert address.startswith("/")
            assert all(isinstance(value, float | str) for value in values)
    except OscError as error:
        assert str(error)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    st.lists(
        st.floats(-1e6, 1e6, width=32) | st.integers(-(2**31), 2**31 - 1) | st.booleans(),
        max_size=8,
    ),
    st.integers(0, 3),
)
def test_what_a_sender_builds_is_what_is_read(numbers: list[float], depth: int) -> None:
    packet = message("/any/address", *numbers)
    for _ in range(depth):
        packet = bundle(packet, message("/other", 1))
    found = dict(parse(single) for _, single in split(packet))
    for value, number in zip(found["/any/address"], numbers, strict=True):
        assert isinstance(value, float)
        # Those of 32 bits come as their shortest decimal, which means the same number.
        assert np.float32(value) == np.float32(number)
        assert not isinstance(number, int) or value == number


def test_chosen_values_are_sent_when_they_change(osc: OscInput) -> None:
    out = OscOutput(f"127.0.0.1:{osc.port}")
    out.start()
    paths = ("noise.period", "noise.monochrome", "noise.seed", "latents.space", "edits.3.amount")
    out.send(Params(), paths)
    heard: list = []
    until(lambda: heard.extend(osc.take_messages()) or len(heard) >= 4)
    assert dict(heard) == {
        "/sgview/noise/period": (1.0,),
        "/sgview/noise/monochrome": (1.0,),
        "/sgview/noise/seed": (1.0,),
        "/sgview/latents/space": ("z",),
    }
    out.send(Params(), paths)
    out.send(Params(sliders={"energy": 0.5}), (*paths, "sliders.energy"))
    assert until(osc.take_messages) == [("/sgview/slider/energy", (0.5,))]
    out.close()
    out.close()


@pytest.mark.parametrize("target", ["nowhere", "127.0.0.1:port", "127.0.0.1:99999", ":9001"])
def test_a_wrong_target_is_a_reason(target: str) -> None:
    out = OscOutput(target)
    out.start()
    assert target in out.unavailable_reason
    out.send(Params(), ("noise.period",))
    out.close()

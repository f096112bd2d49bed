"""WebRTC: offers that are taken, one address alone, one encoding for all, and who is too slow."""

import asyncio
import io
import json
import subprocess
import sys
import threading

import av
import numpy as np
import pytest

pytest.importorskip("aiohttp")
pytest.importorskip("aiortc")
from aiortc.mediastreams import MediaStreamError
from av.packet import Packet

from sgview.outputs.page.webrtc import sender, wire
from sgview.outputs.page.webrtc.encoder import KEY_EVERY, StreamEncoder
from sgview.outputs.page.webrtc.offer import LONGEST, acceptable, address_of, codec_of
from sgview.outputs.page.webrtc.sender import MOST_PEERS, VideoError, VideoSender
from sgview.outputs.page.webrtc.track import MOST_WAITING, PacketTrack
from sgview.outputs.page.webrtc.wire import ORDERS, Answer, Lost, Open, Picture, Reply
from sgview.outputs.picture import OutputPicture
from sgview.state.params import Params
from tests.support.until import LIMIT, until

OFFER = "\r\n".join(
    [
        "v=0", "o=- 46117 2 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0",
        "m=video 9 UDP/TLS/RTP/SAVPF 96 97 102", "c=IN IP4 0.0.0.0", "a=rtcp:9 IN IP4 0.0.0.0",
        "a=candidate:1 1 udp 2113937151 4e2a8a5e-06a2-4ee9-b0f5-3e1fa1d6e6f0.local 51000 typ host",
        "a=candidate:2 1 udp 2113937150 192.168.77.9 51001 typ host generation 0",
        "a=candidate:3 1 tcp 1518280447 127.0.0.1 9 typ host tcptype active",
        "a=candidate:4 1 udp 1677729535 203.0.113.5 51002 typ srflx raddr 10.0.0.1 rport 5",
        "a=end-of-candidates", "a=ice-ufrag:frag", "a=ice-pwd:0123456789012345678901",
        "a=fingerprint:sha-256 " + ":".join(["AB"] * 32), "a=setup:actpass", "a=mid:0",
        "a=recvonly", "a=rtcp-mux", "a=rtpmap:96 VP8/90000", "a=rtcp-fb:96 nack pli",
        "a=rtpmap:97 rtx/90000", "a=fmtp:97 apt=96", "a=rtpmap:102 H264/90000",
        "a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f", "",
    ]
)  # fmt: skip
"""As a browser makes it that hides its address."""


def test_only_the_address_that_a_browser_came_from_is_left_in_its_offer() -> None:
    lines = acceptable(OFFER, "192.168.77.2").splitlines()
    candidates = [line for line in lines if "candidate" in line]
    assert candidates == ["a=candidate:1 1 udp 2113937151 192.168.77.2 51000 typ host"]
    candidates = [n for n in acceptable(OFFER, "192.168.77.9").splitlines() if "candidate" in n]
    assert len(candidates) == 2 and all(" 192.168.77.9 " in line for line in candidates)
    flood = OFFER.replace("a=end-of-candidates", "\r\n".join([candidates[0]] * 50))
    assert acceptable(flood, "192.168.77.9").count("a=candidate") == 8


@pytest.mark.parametrize("sdp", ["a=x\r\n" * 700, "a" * (LONGEST + 1)])
def test_an_offer_that_is_too_long_is_refused(sdp: str) -> None:
    with pytest.raises(ValueError, match="too long"):
        acceptable(sdp, "127.0.0.1")


def test_codecs_and_addresses() -> None:
    assert codec_of(OFFER, "vp8") == "vp8" and codec_of(OFFER, "h264") == "h264"
    assert codec_of(OFFER.replace(" VP8/", " AV1/"), "vp8") == "h264"
    with pytest.raises(ValueError, match="neither VP8 nor"):
        codec_of("", "vp8")
    assert address_of("::ffff:192.168.1.5") == "192.168.1.5"
    assert address_of("::1") == "::1" and address_of("fd00::2") == "fd00::2"
    for text in ("fe80::1%eth0", "stage", ""):
        with pytest.raises(ValueError):
            address_of(text)


def test_messages_go_through_a_pipe_whole() -> None:
    pipe = io.BytesIO()
    wire.write(pipe, Picture(2, 1, 0.5), b"12345678")
    wire.write(pipe, Open(1, OFFER, "::1", "::1", "vp8"))
    pipe.seek(0)
    messages = [wire.read(pipe) for _ in range(3)]
    assert messages[0] is not None and messages[0][1] == b"12345678"
    assert messages[1] is not None and ORDERS.decode(messages[1][0]).sdp == OFFER
    assert messages[2] is None
    assert wire.read(io.BytesIO(pipe.getvalue()[:30])) is None  # cut off
    with pytest.raises(ValueError):
        wire.read(io.BytesIO(b"\xff" * 60))


SERVE = """
import asyncio, json, sys
binds = []
sys.addaudithook(lambda event, args: binds.append(args[1]) if event == "socket.bind" else None)
from sgview.outputs.page.webrtc import ice
from sgview.outputs.page.webrtc.peers import Peers
from sgview.outputs.page.webrtc.wire import Open, Picture
import sgview.outputs.page.webrtc.peers as module
import socket

async def main():
    ice.restrict()
    encoders = []
    class Counted(module.StreamEncoder):
        def encode(self, *args, **kwargs):
            encoders.append(self)
            return super().encode(*args, **kwargs)
    module.StreamEncoder = Counted
    replies = []
    peers = Peers(replies.append)
    offer, address, remote = json.loads(sys.stdin.read())
    for number in range(20):
        await peers.execute(Open(number, offer, address, remote, "vp8"))
    for time in (0.0, 0.1):
        peers.encode(Picture(32, 16, time), bytes(32 * 16 * 4))
    refused = []
    for host in ("", "0.0.0.0", "127.0.0.2", "127.0.0.1"):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            try:
                other.bind((host, 0))
            except PermissionError:
                refused.append(host)
    told = [getattr(reply, "sdp", str(reply)) for reply in replies]
    await peers.close()
    print(json.dumps([binds[:-4], refused, told, len(encoders)]))

asyncio.run(main())
"""


@pytest.mark.parametrize(("address", "remote"), [("127.0.0.1", "127.0.0.1"), ("::1", "::1")])
def test_no_socket_is_opened_at_another_address(address: str, remote: str) -> None:
    """Twenty who offer cost a socket each, at the page's address, and one encoding a picture."""
    done = subprocess.run(
        [sys.executable, "-c", SERVE], input=json.dumps([OFFER, address, remote]),
        capture_output=True, text=True, timeout=LIMIT,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    binds, refused, told, encodings = json.loads(done.stdout)
    assert len(binds) == 20 and {bind[0] for bind in binds} == {address}
    assert refused == ["", "0.0.0.0", "127.0.0.2", "127.0.0.1"]  # outside of an offer: nothing
    for sdp in told:
        found = [line.split()[4] for line in sdp.splitlines() if line.startswith("a=candidate")]
        assert found == [address]
        assert "VP8" in sdp and "H264" not in sdp and "a=sendonly" in sdp
    assert len(told) == 20 and encodings == 2


def test_an_offer_that_is_none_costs_nobody_else_anything() -> None:
    from sgview.outputs.page.webrtc.peers import Peers

    async def run() -> list[Reply]:
        replies: list[Reply] = []
        peers = Peers(replies.append)
        for number, sdp in enumerate(("", "v=0", OFFER.replace("a=ice-pwd", "a=x"), "\0" * 99)):
            await peers.execute(Open(number, sdp, "127.0.0.1", "127.0.0.1", "vp8"))
        await peers.close()
        return replies

    replies = asyncio.run(run())
    assert [type(reply) for reply in replies] == [Lost] * 4


@pytest.mark.parametrize("codec", ["vp8", "h264"])
def test_pictures_are_encoded_with_keys_where_one_is_wanted(codec: wire.Codec) -> None:
    encoder = StreamEncoder(codec)
    packets = []
    for n in range(KEY_EVERY + 8):
        pixels = np.full((65, 97, 4), 60, np.uint8)
        pixels[:, : n + 1, 0] = 200
        packets += encoder.encode(pixels, 0.04 * n, is_key=n == 5)
    keys = [n for n, packet in enumerate(packets) if packet.is_keyframe]
    assert keys[:2] == [0, 5] and len(keys) >= 3  # and one by itself
    assert [packet.pts for packet in packets] == sorted({packet.pts for packet in packets})
    decoder = av.CodecContext.create("vp8" if codec == "vp8" else "h264", "r")
    frames = [frame for packet in packets[5:] for frame in decoder.decode(packet)]  # pyright: ignore
    last = frames[-1].to_ndarray(format="rgb24")
    assert last.shape == (64, 96, 3)
    assert last[30, 5, 0] > 160 and last[30, 90, 0] < 100
    assert encoder.encode(np.zeros((32, 32, 4), np.uint8), 9.0)[0].is_keyframe  # another size


def packet(*, is_key: bool) -> Packet:
    made = Packet(b"x")
    made.is_keyframe = is_key
    return made


def test_who_is_too_slow_goes_on_at_the_next_key_picture() -> None:
    async def run() -> None:
        asked: list[bool] = []
        track = PacketTrack(lambda: asked.append(True))
        track.put(packet(is_key=False))  # nothing can be made of it
        first = packet(is_key=True)
        track.put(first)
        rest = [packet(is_key=False) for _ in range(MOST_WAITING)]
        for each in rest:
            track.put(each)
        assert asked == [True, True]
        again = packet(is_key=True)
        track.put(again)
        assert await track.recv() is again
        waiting = asyncio.ensure_future(track.recv())
        await asyncio.sleep(0)
        track.stop()
        with pytest.raises(MediaStreamError):
            await waiting

    asyncio.run(run())


def opened(video: VideoSender, replies: list[Reply]) -> int:
    return video.open(OFFER, "127.0.0.1", "127.0.0.1", replies.append)


def test_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "find_spec", lambda name: None)
    with VideoSender() as video:
        assert not video.is_offered and "pip install 'sgview[serve]'" in video.problem
        with pytest.raises(VideoError, match="sgview"):
            opened(video, [])
    with VideoSender(None) as off:
        assert not off.is_offered and off.problem == ""
        with pytest.raises(VideoError, match="off"):
            opened(off, [])


def test_twenty_are_taken_and_a_process_that_hangs_holds_up_nobody() -> None:
    hangs = (sys.executable, "-c", "import time; time.sleep(1000)")
    pixels = np.zeros((640, 640, 4), np.uint8)
    picture = OutputPicture(pixels, Params(), 0.0, pixels.copy)
    with VideoSender(command=hangs) as video:
        numbers = [opened(video, []) for _ in range(MOST_PEERS)]
        assert len(set(numbers)) == video.count == MOST_PEERS
        with pytest.raises(VideoError, match="20 are connected"):
            opened(video, [])
        sending = threading.Thread(target=video.send, args=(picture,))
        sending.start()  # waits: nobody reads the pipe
        video.drop(numbers[0])
        assert opened(video, []) and video.count == MOST_PEERS
    sending.join(LIMIT)
    assert not sending.is_alive()


def test_a_process_that_ends_is_told_and_not_started_for_ever() -> None:
    ends = (sys.executable, "-c", "pass")
    with VideoSender(command=ends) as video:
        for _ in range(sender.MOST_STARTS):
            replies: list[Reply] = []
            opened(video, replies)
            until(lambda told=replies: told)
            assert isinstance(replies[0], Lost) and video.count == 0
        with pytest.raises(VideoError, match="has ended"):
            opened(video, [])


def test_the_process_answers_at_one_address_and_ends_with_the_program() -> None:
    replies: list[Reply] = []
    with VideoSender() as video:
        opened(video, replies)
        until(lambda: replies)
        assert isinstance(replies[0], Answer)
        assert "127.0.0.1" in replies[0].sdp
        process = video._process
    assert process is not None
    process.wait(LIMIT)

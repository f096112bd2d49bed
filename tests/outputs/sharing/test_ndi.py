"""NDI, sent and received again by the library's own receiver on this machine."""

import os
import time
from collections.abc import Iterator

import numpy as np
import pytest

pytest.importorskip("cyndilib")
from cyndilib.finder import Finder
from cyndilib.receiver import ReceiveFrameType, Receiver
from cyndilib.video_frame import VideoRecvFrame
from cyndilib.wrapper.ndi_recv import RecvBandwidth, RecvColorFormat

from sgview.outputs.picture import OutputPicture
from sgview.outputs.sharing.ndi import open_sender
from sgview.state.output_frame import OutputFrame
from sgview.state.params import Params
from tests.support.avahi import avahi
from tests.support.until import until

NAME = f"sgview test {os.getpid()}"


@pytest.fixture(scope="module")
def network() -> Iterator[None]:
    with avahi() as reason:
        if reason:
            pytest.skip(f"NDI finds nobody: {reason}")
        yield


def smooth(width: int, height: int) -> np.ndarray:
    """Return a picture that a codec of 4:2:2 keeps, alpha from top to bottom."""
    y, x = np.mgrid[0:height, 0:width] / max(width, height)
    channels = (x * 200 + 20, y * 200 + 20, 180 - x * 100, y * 255)
    return np.stack(channels, axis=-1).clip(0, 255).astype(np.uint8)


def picture(rgba8: np.ndarray, *, has_alpha: bool) -> OutputPicture:
    frame = OutputFrame(rate=30.0)
    return OutputPicture(rgba8, Params(), 0.0, rgba8.copy, frame=frame, has_alpha=has_alpha)


def received(output, offered: OutputPicture) -> tuple[np.ndarray, float]:
    """Offer a picture until the receiver has one of its size; its pixels and rate."""
    width, height = offered.size
    width -= width % 2
    frame = VideoRecvFrame()
    receiver = Receiver(color_format=RecvColorFormat.RGBX_RGBA, bandwidth=RecvBandwidth.highest)
    receiver.set_video_frame(frame)
    with Finder() as finder:

        def find():
            finder.wait_for_sources(0.2)
            names = [name for name in finder.get_source_names() if NAME in name]
            return finder.get_source(names[0]) if names else None

        source = until(find, lambda: output.offer(offered))
        receiver.set_source(source)
        until(receiver.is_connected, lambda: (output.offer(offered), time.sleep(0.002)))
        found: list[np.ndarray] = []

        def receive() -> None:
            output.offer(offered)
            kind = receiver.receive(ReceiveFrameType.recv_video, 50)
            if kind == ReceiveFrameType.recv_video and frame.get_resolution() == (width, height):
                pixels = np.zeros(frame.get_data_size(), np.uint8)
                frame.fill_p_data(pixels)
                rows = pixels.reshape(height, -1)[:, : width * 4]
                found.append(rows.reshape(height, width, 4))

        until(lambda: len(found) >= 3, receive)
        rate = float(frame.get_frame_rate())
        receiver.disconnect()
    return found[-1], rate


def test_the_picture_arrives_with_its_alpha(network: None) -> None:
    output = open_sender(NAME)
    try:
        for size, has_alpha in (((64, 48), True), ((97, 50), False)):
            sent = smooth(*size)
            pixels, rate = received(output, picture(sent, has_alpha=has_alpha))
            expected = sent[:, : size[0] - size[0] % 2].astype(int)
            error = np.abs(pixels.astype(int) - expected)
            assert error[..., :3].mean() < 3 and error[..., :3].max() < 30
            assert rate == pytest.approx(30.0)
            if has_alpha:
                assert error[..., 3].mean() < 3
            else:
                assert (pixels[..., 3] == 255).all()
        status = output.status()
        assert status.size == (97, 50) and status.written > 3
        assert status.target == f"NDI source {NAME}"
    finally:
        output.close()

"""The virtual camera, with a stand-in for the device below the library's own interface."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("pyvirtualcam")
import pyvirtualcam

from sgview.outputs.picture import OutputPicture
from sgview.outputs.sharing.camera import open_sender
from sgview.outputs.video import OutputError
from sgview.state.output_frame import OutputFrame
from sgview.state.params import Params
from tests.support.until import until


class FakeDevice:
    """A backend as pyvirtualcam's own are; all above it is the library."""

    opened: list[FakeDevice] = []  # noqa: RUF012 - of the test that runs

    def __init__(self, width: int, height: int, fps: float, fourcc: int, device) -> None:
        self.size, self.rate = (width, height), fps
        self.sent: list[np.ndarray] = []
        self.is_closed = False
        FakeDevice.opened.append(self)

    def device(self) -> str:
        return "fake"

    def native_fourcc(self) -> int:
        return 0

    def send(self, frame: np.ndarray) -> None:
        self.sent.append(np.array(frame))

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def devices(monkeypatch: pytest.MonkeyPatch) -> list[FakeDevice]:
    monkeypatch.setattr(FakeDevice, "opened", [])
    monkeypatch.setattr(pyvirtualcam.camera, "BACKENDS", {"fake": FakeDevice})
    return FakeDevice.opened


def picture(width: int, height: int, value: int = 7) -> OutputPicture:
    pixels = np.full((height, width, 4), value, np.uint8)
    pixels[0, :, 0] = 200  # the top is marked
    return OutputPicture(pixels, Params(), 0.0, pixels.copy, frame=OutputFrame(rate=24.0))


def test_pictures_reach_the_device(devices: list[FakeDevice]) -> None:
    output = open_sender()
    for n in range(3):
        output.offer(picture(65, 49, n))
        until(lambda n=n: output.status().written == n + 1)
    output.close()
    (device,) = devices
    until(lambda: device.is_closed)
    assert (device.size, device.rate) == ((64, 48), 24.0)
    assert len(device.sent) == 3
    last = device.sent[-1].reshape(48, 64, 3)
    assert (last[0, :, 0] == 200).all() and (last[1:] == 2).all()


def test_another_size_is_refused_in_a_sentence(devices: list[FakeDevice]) -> None:
    output = open_sender()
    output.offer(picture(64, 48))
    output.offer(picture(32, 48))
    with pytest.raises(OutputError, match="A camera has one size"):
        until(lambda: output.status() and False)
    output.close()


def test_without_a_device_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    class NoDevice(FakeDevice):
        def __init__(self, *args, **options) -> None:
            raise RuntimeError("No camera registered.")

    monkeypatch.setattr(pyvirtualcam.camera, "BACKENDS", {"fake": NoDevice})
    output = open_sender()
    output.offer(picture(64, 48))
    with pytest.raises(OutputError, match="There is no virtual camera"):
        until(lambda: output.status() and False)
    output.close()

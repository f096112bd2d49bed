"""A virtual camera: what plays as a webcam, for video calls and browsers."""

from __future__ import annotations

import sys

import numpy as np
import pyvirtualcam

from sgview.closing import Closing
from sgview.outputs.picture import OutputPicture
from sgview.outputs.video import OutputError
from sgview.outputs.writer_thread import WriterThread

MOST_WAITING = 2  # pictures: what comes late is worth less than what is new
USUAL_RATE = 30.0  # that programs are told, where every new picture is sent [1/s]
ADVICE = {
    "linux": "load the kernel module v4l2loopback (modprobe v4l2loopback exclusive_caps=1)",
    "darwin": "install OBS Studio and start its virtual camera once",
    "win32": "install OBS Studio, or Unity Capture for a picture with alpha",
}


class CameraSender(Closing):
    """One virtual camera, of the size of its first picture. For one thread."""

    def __init__(self) -> None:
        self._camera: pyvirtualcam.Camera | None = None

    def write(self, picture: OutputPicture) -> None:
        """Send a picture; alpha is left out, and odd sides lose a row or column.

        Raises:
            OutputError: if there is no virtual camera, or the picture has another size.
        """
        rgba8 = picture.host()
        height, width = (side - side % 2 for side in rgba8.shape[:2])
        if self._camera is None:
            self._camera = _open(width, height, picture.frame.rate or USUAL_RATE)
        if (self._camera.height, self._camera.width) != (height, width):
            raise OutputError("A camera has one size: choose a fixed one for it.")
        self._camera.send(np.ascontiguousarray(rgba8[:height, :width, :3]))

    def close(self) -> None:
        """Let the camera go; idempotent."""
        if self._camera is not None:
            self._camera.close()
            self._camera = None


def _open(width: int, height: int, rate: float) -> pyvirtualcam.Camera:
    try:
        return pyvirtualcam.Camera(width, height, rate, fmt=pyvirtualcam.PixelFormat.RGB)
    except (RuntimeError, OSError) as error:
        advice = ADVICE.get("linux" if sys.platform.startswith("linux") else sys.platform, "")
        text = f"There is no virtual camera: {advice}." if advice else str(error)
        raise OutputError(text) from error


def open_sender() -> WriterThread:
    """Begin to send on a thread."""
    sender = CameraSender()
    return WriterThread(
        sender, "camera", target="virtual camera", send=sender.write, most_waiting=MOST_WAITING
    )

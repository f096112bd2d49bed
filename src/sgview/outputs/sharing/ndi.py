"""NDI: what plays on the network, for Resolume, OBS, TouchDesigner and others, with alpha."""

from __future__ import annotations

import sys
from fractions import Fraction

import numpy as np
from cyndilib.sender import Sender
from cyndilib.video_frame import VideoSendFrame
from cyndilib.wrapper.ndi_structs import FourCC

from sgview.closing import Closing
from sgview.outputs.picture import OutputPicture
from sgview.outputs.video import OutputError
from sgview.outputs.writer_thread import WriterThread

MOST_WAITING = 2  # pictures: what comes late is worth less than what is new
USUAL_RATE = 60.0  # that receivers are told, where every new picture is sent [1/s]


class NdiSender(Closing):
    """One NDI source; a picture of another size begins it anew. For one thread.

    Args:
        name: as receivers list it, behind the name of the machine.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._sender: Sender | None = None
        self._kind: tuple[object, ...] = ()  # size, rate and alpha of what is sent

    def write(self, picture: OutputPicture) -> None:
        """Send a picture; an odd width loses its last column, as NDI has colour for two together.

        Raises:
            OutputError: if NDI cannot be started.
        """
        rgba8 = picture.host()
        rgba8 = rgba8[:, : rgba8.shape[1] - rgba8.shape[1] % 2]
        kind = (rgba8.shape, picture.frame.rate, picture.has_alpha)
        if self._sender is None or kind != self._kind:
            self.close()
            self._sender = self._open(rgba8, picture.frame.rate or USUAL_RATE, picture.has_alpha)
            self._kind = kind
        # A copy, for the library refuses memory that it may not write to.
        self._sender.write_video_async(rgba8.copy().reshape(-1))

    @property
    def receivers(self) -> int:
        """How many receive."""
        return self._sender.get_num_connections(0) if self._sender is not None else 0

    def close(self) -> None:
        """Stop sending; idempotent."""
        if self._sender is not None:
            self._sender.close()
            self._sender = None

    def _open(self, rgba8: np.ndarray, rate: float, has_alpha: bool) -> Sender:
        height, width = rgba8.shape[:2]
        if not width or not height:
            raise OutputError("NDI takes pictures of at least 2 × 1 px.")
        frame = VideoSendFrame()
        frame.set_resolution(width, height)
        frame.set_fourcc(FourCC.RGBA if has_alpha else FourCC.RGBX)
        frame.set_frame_rate(Fraction(rate).limit_denominator(1001))
        # The output has a rate of its own: nothing is to wait for NDI's clock.
        sender = Sender(self._name, clock_video=False, clock_audio=False)
        sender.set_video_frame(frame)
        try:
            sender.open()
        except Exception as error:  # the library has errors of several kinds
            text = f"NDI cannot be started: {error}"
            if sys.platform.startswith("linux"):
                text += " (on Linux it takes avahi-daemon, running)"
            raise OutputError(text) from error
        return sender


def open_sender(name: str = "sgview") -> WriterThread:
    """Begin to send on a thread."""
    sender = NdiSender(name)
    return WriterThread(
        sender, "NDI", target=f"NDI source {name}", send=sender.write, most_waiting=MOST_WAITING
    )

"""The pictures of the page as VP8 or H.264: encoded once, however many look."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType

from sgview.outputs.page.webrtc.wire import Codec

TIME_BASE = Fraction(1, 90_000)  # of RTP video (RFC 3551)
BITS_PER_PIXEL = 0.25  # of each picture
LEAST_BITS, MOST_BITS = 800_000, 12_000_000  # [1/s]
USUAL_RATE = 24  # pictures a second that bits are planned for
KEY_EVERY = 48  # pictures: as long as what a lossy net spoilt can be seen

_NAMES: dict[Codec, str] = {"vp8": "libvpx", "h264": "libx264"}
_OPTIONS: dict[Codec, dict[str, str]] = {
    "vp8": {
        "deadline": "realtime",
        "cpu-used": "8",
        "lag-in-frames": "0",
        "error-resilient": "default",
        "max-intra-rate": "400",
        "static-thresh": "1",
    },
    "h264": {"preset": "ultrafast", "tune": "zerolatency", "forced-idr": "1"},
}


class StreamEncoder:
    """Encodes pictures as they come; for one thread.

    Args:
        codec: of WebRTC.
    """

    def __init__(self, codec: Codec) -> None:
        self._codec: Codec = codec
        self._context: VideoCodecContext | None = None
        self._last = -1  # when the last picture was [TIME_BASE]

    def encode(self, rgba8: np.ndarray, time: float, *, is_key: bool = False) -> list[Packet]:
        """Return the packets of uint8 [H, W, 4]; alpha is left out.

        Args:
            rgba8: an odd last row or column is left out.
            time: of a clock that never goes back [s].
            is_key: whether those who come now can begin here.
        """
        height, width = (length // 2 * 2 for length in rgba8.shape[:2])
        if self._context is None or (self._context.width, self._context.height) != (width, height):
            self._context = self._open(width, height)
        pixels = np.ascontiguousarray(rgba8[:height, :width])
        frame = av.VideoFrame.from_ndarray(pixels, format="rgba").reformat(format="yuv420p")
        frame.pts = max(int(time / TIME_BASE), self._last + 1)
        frame.time_base = TIME_BASE
        frame.pict_type = PictureType.I if is_key else PictureType.NONE
        self._last = frame.pts
        return self._context.encode(frame)

    def _open(self, width: int, height: int) -> VideoCodecContext:
        context = av.CodecContext.create(_NAMES[self._codec], "w")
        assert isinstance(context, VideoCodecContext)
        bits = int(width * height * USUAL_RATE * BITS_PER_PIXEL)
        context.width, context.height = width, height
        context.pix_fmt = "yuv420p"
        context.time_base = TIME_BASE
        context.framerate = Fraction(USUAL_RATE)
        context.bit_rate = min(max(bits, LEAST_BITS), MOST_BITS)
        context.options = {
            **_OPTIONS[self._codec],
            "maxrate": str(context.bit_rate),
            "bufsize": str(context.bit_rate // 2),  # a key picture goes out at once: no burst
        }
        context.gop_size = KEY_EVERY
        context.thread_count = 1 if width * height <= 1280 * 720 else 2
        if self._codec == "h264":
            context.profile = "Baseline"
        return context

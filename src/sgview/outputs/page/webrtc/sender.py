"""The program's end of WebRTC: starts the process that sends it, and tells it what is new."""

from __future__ import annotations

import contextlib
import logging
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from threading import Lock, Thread

import msgspec
import numpy as np

from sgview.closing import Closing
from sgview.outputs.page.webrtc import wire
from sgview.outputs.page.webrtc.offer import LONGEST, address_of, codec_of
from sgview.outputs.page.webrtc.wire import REPLIES, Close, Codec, Key, Lost, Open, Picture, Reply
from sgview.outputs.picture import OutputPicture
from sgview.outputs.work_thread import WorkThread

log = logging.getLogger(__name__)

MOST_PEERS = 20  # at a time; more see JPEG
MOST_STARTS = 3  # of the process, should it end by itself
MISSING = "WebRTC takes more packages: pip install 'sgview[serve]'"


class VideoError(ValueError):
    """Why a browser gets no WebRTC, in a sentence; it sees JPEG then."""


class VideoSender(Closing):
    """Owns the process, which is started for the first browser.

    Its methods are safe between threads, and none but `send` waits.

    Args:
        codec: that is taken where a browser has it; None: no WebRTC at all.
        command: that starts the process.
    """

    def __init__(self, codec: Codec | None = "vp8", command: tuple[str, ...] = ()) -> None:
        self._codec: Codec | None = codec
        self._command = command or (sys.executable, "-m", "sgview.outputs.page.webrtc.process")
        self._process: subprocess.Popen[bytes] | None = None
        self._starts = 0
        self._is_closed = False
        self._next = 0
        self._told: dict[int, Callable[[Reply], None]] = {}  # by the numbers of browsers
        self._lock = Lock()  # of what is above
        self._writing = Lock()  # of the pipe: a message is written whole
        self._orders = WorkThread("sgview WebRTC orders")  # the pipe may be full of a picture
        self.problem = "" if codec is None or find_spec("aiortc") else MISSING

    @property
    def is_offered(self) -> bool:
        """Whether a browser may ask for it."""
        return self._codec is not None and not self.problem

    @property
    def count(self) -> int:
        """How many browsers are sent pictures, or will be soon."""
        return len(self._told)

    def open(self, sdp: str, own: str, remote: str, tell: Callable[[Reply], None]) -> int:
        """Answer an offer.

        Args:
            sdp: from the browser.
            own: the address that the browser reached; nothing listens at another one.
            remote: the address that it came from.
            tell: is given the answer, and whether it was lost later; from a thread.

        Returns:
            the number of the browser.

        Raises:
            VideoError: if it has to do with JPEG.
        """
        if not self.is_offered or self._codec is None:
            raise VideoError(self.problem or "WebRTC is off")
        if len(sdp) > LONGEST:
            raise VideoError("the offer is too long")
        try:
            codec, own, remote = codec_of(sdp, self._codec), address_of(own), address_of(remote)
        except ValueError as error:
            raise VideoError(str(error)) from error
        with self._lock:
            if len(self._told) >= MOST_PEERS:
                raise VideoError(f"{MOST_PEERS} are connected by WebRTC already")
            self._start()
            self._next += 1
            number = self._next
            self._told[number] = tell
            self._orders.submit(self._write, Open(number, sdp, own, remote, codec))
        return number

    def refresh(self, number: int) -> None:
        """Let a picture be sent that needs none before it."""
        with self._lock:
            if number in self._told and not self._is_closed:
                self._orders.submit(self._write, Key(number))

    def drop(self, number: int) -> None:
        """Send this browser nothing more; idempotent."""
        with self._lock:
            if self._told.pop(number, None) is not None and not self._is_closed:
                self._orders.submit(self._write, Close(number))

    def send(self, picture: OutputPicture) -> None:
        """Hand a picture to the process; waits while it encodes the one before."""
        pixels = np.ascontiguousarray(picture.host())
        height, width = pixels.shape[:2]
        self._write(Picture(width, height, picture.time), pixels.tobytes())

    def close(self) -> None:
        """End the process, without waiting for it; idempotent."""
        with self._lock:
            self._is_closed = True
            self._told.clear()
            process = self._process
        if process is not None:
            process.kill()  # also where it hangs; who writes to it is told
        self._orders.close()

    def _start(self) -> None:
        """Start the process if it does not run; `_lock` is held."""
        if self._process is not None:
            return
        if self._is_closed or self._starts >= MOST_STARTS:
            raise VideoError("the process that sends WebRTC has ended")
        self._starts += 1
        try:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
        except OSError as error:
            raise VideoError(f"WebRTC cannot be started: {error}") from error
        thread = Thread(target=self._listen, args=(self._process,), name="sgview WebRTC")
        thread.daemon = True
        thread.start()

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        """Hand on what the process replies, until it ends."""
        assert process.stdout is not None
        with contextlib.suppress(OSError, ValueError, msgspec.MsgspecError):
            while (message := wire.read(process.stdout)) is not None:
                self._hand_on(REPLIES.decode(message[0]))
        process.kill()
        process.wait()
        with self._writing, contextlib.suppress(OSError):
            process.stdout.close()
            if process.stdin is not None:
                process.stdin.close()
        with self._lock:
            self._process = None
            numbers = list(self._told)
        if numbers:
            log.warning("the process that sends WebRTC has ended")
        for number in numbers:
            self._hand_on(Lost(number, "the process that sends WebRTC has ended"))

    def _hand_on(self, reply: Reply) -> None:
        with self._lock:
            if isinstance(reply, Lost):
                tell = self._told.pop(reply.peer, None)
            else:
                tell = self._told.get(reply.peer)
        if tell is not None:
            tell(reply)

    def _write(self, order: wire.Order, pixels: bytes = b"") -> None:
        process = self._process
        if process is None or process.stdin is None:
            return
        with self._writing, contextlib.suppress(OSError, ValueError):  # `_listen` tells the end
            wire.write(process.stdin, order, pixels)

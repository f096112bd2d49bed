"""The page as an output: pictures go out, what is asked for comes back in each frame."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import numpy as np
from msgspec.structs import replace

from sgview.outputs.page.controls import controls_of, set_value
from sgview.outputs.page.guard import parse_address
from sgview.outputs.page.hub import Hub
from sgview.outputs.page.messages import (
    HARMLESS,
    WRITING,
    Do,
    GoToLook,
    LookState,
    PageState,
    SetValue,
)
from sgview.outputs.page.server import Server
from sgview.outputs.page.webrtc.sender import VideoSender
from sgview.outputs.page.webrtc.wire import Codec
from sgview.outputs.picture import OutputPicture
from sgview.outputs.video import OutputError
from sgview.outputs.writer_thread import WriterThread
from sgview.settings import Settings
from sgview.state import commands as c
from sgview.state.params import Params
from sgview.state.recording import RECORDER
from sgview.state.status import OutputStatus, Status

MOST_WAITING = 2  # pictures: what comes late is worth less than what is new
CODECS: dict[str, Codec | None] = {"auto": "vp8", "vp8": "vp8", "h264": "h264", "jpeg": None}
STATE_EVERY = 0.1  # at most so often the state is put together [s]


class Page:
    """An `Output` that is also a controller.

    Args:
        host, port: where it listens.
        may_write: whether it has the buttons that make files.
        video: the codec of WebRTC where a browser has it; None: JPEG alone.
        now: the source of real time [s].
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        may_write: bool = False,
        video: Codec | None = "vp8",
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._may_write = may_write
        self._now = now
        self._hub = Hub()
        self._sender = VideoSender(video)
        self._server = Server(self._hub, host, port, self._sender)
        self._code = qr_code(self._server.address) if self._server.guard.is_open else ()
        self._due = 0.0
        self._pictures = WriterThread(
            self._hub,
            "page",
            target=self._server.address,
            send=lambda picture: self._hub.put_picture(picture.host()),
            most_waiting=MOST_WAITING,
        )
        self._video = WriterThread(
            self._sender, "page video", send=self._sender.send, most_waiting=MOST_WAITING
        )

    @property
    def address(self) -> str:
        """Where a browser finds it, with the token."""
        return self._server.address

    def offer(self, picture: OutputPicture) -> None:
        """Let a picture be encoded, once for all who look; while nobody does, nothing is done."""
        if self._hub.jpeg_viewers:
            self._pictures.offer(picture)
        if self._sender.count:
            self._video.offer(picture)

    def status(self) -> OutputStatus:
        """Return how it goes.

        Raises:
            Exception: why it goes no more.
        """
        if self._server.error is not None:
            raise self._server.error
        jpeg, video = self._pictures.status(), self._video.status()
        return replace(
            jpeg,
            note=self._note(),
            code=self._code,
            size=max(jpeg.size, video.size),
            rate=max(jpeg.rate, video.rate),
            written=jpeg.written + video.written,
            dropped=jpeg.dropped + video.dropped,
        )

    def _note(self) -> str:
        """Return who looks, and how."""
        clients, by_video = self._server.clients, self._sender.count
        note = "nobody looks" if not clients else f"{clients} connected"
        if not self._server.guard.is_open:
            note = f"this machine alone, {note}"
        if by_video:
            note += f", {by_video} by WebRTC"
        return f"{note}. {self._sender.problem}" if self._sender.problem else note

    def close(self) -> None:
        """Send all away; idempotent."""
        self._server.close()
        self._video.close()
        self._pictures.close()

    def exchange(
        self,
        params: Params,
        status: Status,
        marked: tuple[str, ...],
        thumbnails: Mapping[str, np.ndarray],
    ) -> tuple[Params, list[c.Command]]:
        """Show the state of now, and return what browsers asked for.

        Args:
            params: as they are set.
            status: of the last frame.
            marked: paths of the values that the user put on the page.
            thumbnails: pictures of looks by name, uint8 [H, W, 3 or 4].

        Returns:
            `params` itself or a changed copy, and commands.
        """
        commands: list[c.Command] = []
        for wish in self._hub.take_wishes():
            match wish:
                case SetValue(path, value):
                    params = set_value(params, status, marked, path, value)
                case GoToLook(name):
                    if any(look.name == name for look in status.show.looks):
                        commands.append(c.RecallLook(name))
                case Do(what):
                    allowed = {**HARMLESS, **(WRITING if self._may_write else {})}
                    if what in allowed:
                        commands.append(allowed[what])
        if self._hub.viewers and self._now() >= self._due:
            self._due = self._now() + STATE_EVERY
            self._hub.put_state(self._state(params, status, marked, thumbnails), thumbnails)
        return params, commands

    def _state(
        self,
        params: Params,
        status: Status,
        marked: tuple[str, ...],
        thumbnails: Mapping[str, np.ndarray],
    ) -> PageState:
        player, show = status.player, status.show
        looks = [look for look in show.looks if not look.problem]
        return PageState(
            t=round(player.t, 1),
            is_paused=player.is_paused,
            fps=round(status.engine.picture_fps),
            bpm=round(player.tempo.bpm, 1),
            blackout=params.stage.blackout,
            freeze=params.stage.freeze,
            look=show.fade.look,
            looks=tuple(LookState(look.name, look.key, look.name in thumbnails) for look in looks),
            controls=controls_of(params, status, marked),
            may_write=self._may_write,
            is_recording=any(o.is_on for o in status.outputs if o.name == RECORDER),
            is_taking=bool(show.take.path),
        )


def qr_code(address: str) -> tuple[str, ...]:
    """Return the rows of a QR code that a phone's camera reads, "1" is dark; () without segno."""
    try:
        import segno
    except ImportError:
        return ()
    code = segno.make_qr(address, error="l", boost_error=False)
    return tuple("".join(str(int(cell)) for cell in row) for row in code.matrix)


def open_page(settings: Settings) -> Page:
    """Begin to serve where the settings say.

    Raises:
        OutputError: if nothing can listen there.
    """
    try:
        host, port = parse_address(settings.page.address)
    except ValueError as error:
        raise OutputError(str(error)) from error
    video = CODECS[settings.page.video]
    return Page(host, port, may_write=settings.page.files, video=video)

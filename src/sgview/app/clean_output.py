"""The clean window as an output: what it shows, and when that is drawn."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from sgview.closing import Closing
from sgview.gfx.clean_window import CleanWindow
from sgview.gfx.texture import Texture
from sgview.gfx.window import Window
from sgview.gfx.window_placement import DEFAULT_REFRESH_RATE
from sgview.outputs.output import Output, OutputKind
from sgview.outputs.picture import OutputPicture
from sgview.outputs.rate import Rate
from sgview.outputs.test_picture import make_test_picture
from sgview.settings import CleanWindowSettings, Settings
from sgview.show.clock import Pace
from sgview.state import commands as c
from sgview.state.output_frame import CLEAN_WINDOW, OutputFrame
from sgview.state.status import CleanWindowStatus, OutputStatus

if TYPE_CHECKING:
    from sgview.engine.picture.picture import Picture

HELP = (
    "The picture and nothing else, on a screen of its own: without border, cursor and panels, "
    "whatever this window does (W)."
)
FRAME_FIELDS = ("fit", "rotation", "edges", "resampling")

TextureOf = Callable[["Picture"], "Texture | None"]
"""Brings a picture into a texture of the main window, unless it is there."""


class CleanOutput(Closing):
    """Owns the clean window while the output is on. Pictures are drawn from the main one's texture.

    Args:
        main: the main window.
        settings: where it starts.
        vsync: whether it waits for its screen.
        texture_of: where the pixels of a picture are.
        now: the source of real time [s].

    Attributes:
        on_key, on_character: told of keys while the window has them, see `CleanWindow`.
    """

    on_key: Callable[[int, int, int, int], None]
    on_character: Callable[[int], None]

    def __init__(
        self,
        main: Window,
        settings: CleanWindowSettings,
        vsync: bool,
        texture_of: TextureOf,
        now: Callable[[], float],
    ) -> None:
        self._main, self._vsync, self._texture_of, self._now = main, vsync, texture_of, now
        self._window: CleanWindow | None = None
        self._picture: OutputPicture | None = None
        self._test: tuple[tuple[object, ...], Texture] | None = None  # what it was made for
        self._drawn: tuple[object, ...] = ()  # what is on the screen
        self._pace = Pace(DEFAULT_REFRESH_RATE, now)
        self._rate, self._count = Rate(), 0
        self.on_key, self.on_character = (lambda *_: None), (lambda _: None)
        self.screen = settings.screen
        self.shows_test = False
        self.kind = OutputKind(
            CLEAN_WINDOW,
            HELP,
            self._open,
            frame=OutputFrame(edges="black"),
            frame_fields=FRAME_FIELDS,
            is_seen=True,
        )

    @property
    def is_left(self) -> bool:
        """Whether the user closed the window, so that the output should go off."""
        return self._window is not None and self._window.should_close

    def execute(self, command: c.CleanWindowCommand) -> None:
        """Do what `command` asks."""
        match command:
            case c.ChooseScreen(name):
                self.screen = name
                if self._window is not None:
                    self._window.choose(name)
            case c.ShowTestPicture(enabled):
                self.shows_test = enabled

    def offer(self, picture: OutputPicture) -> None:
        """Show this one with the next `draw`."""
        self._picture = picture

    def status(self) -> OutputStatus:
        """Return how it goes."""
        window = self._window
        assert window is not None
        where = window.covered or "in a window"
        problem = ""
        if self.screen and not window.covered:
            problem = f"{self.screen} is not there: shown in a window until it is."
        return OutputStatus(
            target=where,
            size=window.size,
            rate=self._rate.at(self._now()),
            written=self._count,
            problem=problem,
        )

    def describe(self) -> CleanWindowStatus:
        """Return what may be chosen, and what is."""
        names = self._main.placement.monitors.names
        return CleanWindowStatus(names, self.screen, self.shows_test)

    def draw(self) -> None:
        """Bring what was offered last to the screen, if it is not there and its screen has time."""
        window = self._window
        if window is None:
            return
        window.follow_monitors()
        shown = self._picture
        picture = None if shown is None else cast("Picture", shown.source)
        geometry = () if shown is None else (shown.frame.geometry, shown.level)
        wanted = (window.size, self.shows_test, window.covered, picture, geometry)
        if (wanted == self._drawn and not window.is_damaged) or not self._pace.is_due():
            return
        self._pace.begin(window.refresh_rate or DEFAULT_REFRESH_RATE)
        if self.shows_test:
            level = 1.0 if shown is None else shown.level
            rotation = 0 if shown is None else shown.frame.rotation
            window.draw(self._test_texture(window, rotation), "1:1", "nearest", rotation=rotation,
                        level=level)  # fmt: skip
        elif shown is None or picture is None:
            window.draw(None)
        else:
            frame = shown.frame
            window.draw(
                self._texture_of(picture) if shown.level > 0 else None,
                frame.fit,
                frame.resampling,
                rotation=frame.rotation,
                edges=frame.edges,
                level=shown.level,
            )
        if wanted[3] is not (self._drawn[3] if self._drawn else None):
            self._rate.note(self._now())
            self._count += 1
        self._drawn = wanted

    def close(self) -> None:
        """Close the window; idempotent, and it may be opened again."""
        self._picture, self._drawn = None, ()
        if self._test is not None:
            self._test[1].close()
            self._test = None
        if self._window is not None:
            self._window.close()
            self._window = None

    def _open(self, settings: Settings) -> Output:
        self._rate, self._count = Rate(), 0
        self._window = CleanWindow(
            self._main,
            "sgview output",
            self.screen,
            vsync=self._vsync,
            on_key=lambda *key: self.on_key(*key),
            on_character=lambda character: self.on_character(character),
        )
        return self

    def _test_texture(self, window: CleanWindow, rotation: int) -> Texture:
        width, height = window.size
        size = (width, height) if rotation % 180 == 0 else (height, width)
        wanted = (window.covered or "sgview", size)
        if self._test is None or self._test[0] != wanted:
            texture = Texture() if self._test is None else self._test[1]
            texture.upload(make_test_picture(*wanted))
            self._test = (wanted, texture)
        return self._test[1]

"""The window, the picture and the panel in it, and when they are drawn."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from sgview.app.pace import PANEL_RATE, FramePace
from sgview.app.picture_textures import PictureTextures
from sgview.app.window_place import WindowPlace, place_for, read_place, write_place
from sgview.closing import Closing
from sgview.gfx.context import GraphicsLostError
from sgview.gfx.draw_timer import DrawTimer
from sgview.gfx.errors import LOST, collected_gl_errors, was_reset
from sgview.gfx.framebuffer import clear
from sgview.gfx.kept_drawing import KeptDrawing
from sgview.gfx.monitors import Rect
from sgview.gfx.thumbnails import Thumbnails
from sgview.gfx.window import Window
from sgview.gfx.window_placement import DEFAULT_REFRESH_RATE
from sgview.settings import Settings
from sgview.show.clock import FrameLimiter, FrameRate, Pace
from sgview.state import commands as c
from sgview.state.boundary import Boundary
from sgview.state.machine import Stage, Timing
from sgview.state.notices import Notices
from sgview.state.params import View
from sgview.state.status import ScreenStatus

if TYPE_CHECKING:
    from sgview.engine.picture.picture import Picture

BACKGROUND = (0.055, 0.055, 0.063)  # around the picture
PANELS_FOR_AN_INPUT = 4  # ImGui takes a move, a press and its release in three; a layout one more
USED_FOR = 1.0  # after the last input [s]
MINIMISED_WAIT = 0.1  # [s]
RESET_RATE = 1.0  # how often OpenGL is asked whether the card was reset [Hz]

AwaitNewer = Callable[["Picture | None", float], None]
"""Sleeps until there is another picture than this one, at most so many seconds."""


class Screen(Closing):
    """Owns the window and all that OpenGL draws into it but the panel's own objects.

    Pictures may come faster than a panel is worth drawing: frames in between show the last one.
    They may come faster even than any screen shows them: then some are taken and not drawn.

    Args:
        settings: of the window.
        notices: told what cannot be shown.
        now: the source of real time [s].
        boundary: through which what is drawn is called, each thing for itself.
        folder: where it is kept how the window was left.

    Raises:
        WindowError: if there is no display or no OpenGL 4.1.
    """

    def __init__(
        self,
        settings: Settings,
        notices: Notices,
        now: Callable[[], float],
        boundary: Boundary,
        folder: Path,
    ) -> None:
        self._folder, self._settings = folder, settings.window
        self._place = read_place(folder)
        self._boundary, self._notices = boundary, notices
        self._now = now
        self._owned = ExitStack()
        try:
            self.window = self._owned.enter_context(
                Window(
                    "sgview",
                    settings.window.width,
                    settings.window.height,
                    place=place_for(settings.window, self._place),
                    fullscreen=settings.window.fullscreen,
                    monitor=self._place.monitor,
                    vsync=settings.window.vsync,
                )
            )
            self._timer = self._owned.enter_context(DrawTimer())
            self.pictures = self._owned.enter_context(PictureTextures(self._timer, notices, now))
            self.display = self.pictures.display
            self._kept = self._owned.enter_context(KeptDrawing())
            self.thumbnails = self._owned.enter_context(Thumbnails())
        except BaseException:
            self._owned.close()
            raise
        self.ui_scale = settings.window.ui_scale or self.window.ui_scale
        self.pace = FramePace(self.window, settings.window.fps_limit)
        self.has_panel = False  # this frame builds and draws the panel anew
        self._panel_pace = Pace(PANEL_RATE, now)
        self._screen_pace = Pace(DEFAULT_REFRESH_RATE, now)
        self._reset_pace = Pace(RESET_RATE, now)
        self._panels_owed = 0  # for the last input, whatever their pace
        self._input_at = -math.inf  # when it came; known where the processor draws [s]
        self._limiter = FrameLimiter(now)
        self._rate = FrameRate(now)
        self._begin = now()  # of this frame, events left out [s]
        self._busy = 0.0  # what the window took of the last frame with a panel, on the host [s]
        self._shown_view: View | None = None  # how the picture lay in what was drawn last
        self._framebuffer = (0, 0)  # [px]
        self._picture_rect = (0, 0, 0, 0)  # [px], where the panel leaves room for it
        self._is_drawn = False  # this frame
        self._is_used = False  # the panel, when it was built: then most frames have a new one
        self._is_kept = False  # the panel is kept as a texture, for the frames in between
        self._hole: tuple[int, int, int, int] | None = None  # [px], what the panel leaves free
        self.is_held = False  # the user holds a widget
        self.lost: GraphicsLostError | None = None  # nothing can be drawn any more

    @property
    def description(self) -> str:
        """What draws: the graphics card or the processor, and its OpenGL."""
        graphics = self.window.graphics
        return f"{graphics.renderer}, {graphics.vendor}, OpenGL {graphics.version}"

    @property
    def is_hurried(self) -> bool:
        """Whether pictures set the pace: neither a screen nor a slow renderer does."""
        return self.pace.is_hurried

    def begin_frame(self, *, may_sleep: bool = True) -> bool:
        """Process the window's events; return False while nothing of the window can be seen.

        Args:
            may_sleep: nobody else needs pictures while nothing can be seen.
        """
        if self.window.is_gone:
            self.lost = GraphicsLostError("another program destroyed the window")
        self.has_panel = self._panel_pace.is_due()
        if self.has_panel and self.window.is_minimised:
            self.window.wait(MINIMISED_WAIT if may_sleep else 0.0)
            return False
        if self.has_panel or not self.is_hurried:  # input is read when the next panel is built
            self.window.poll()
        for problem in self.window.placement.take_problems():
            self._notices.add("warning", problem, now=self._now())
        self._begin = self._now()
        if self.window.take_input() and self.pace.is_software:
            self._panels_owed, self._input_at = PANELS_FOR_AN_INPUT, self._begin
        if self._panels_owed:
            self.has_panel = True
            self._panels_owed -= 1
        return True

    def begin_panel(self, *, is_used: bool) -> None:
        """Note that the panel is built now; while nobody uses it, it can wait a little longer."""
        self._is_used = is_used or self._now() - self._input_at < USED_FOR
        self._panel_pace.begin(self.pace.panel_rate(is_used=self._is_used))

    def take_panel(
        self,
        picture_rect: tuple[int, int, int, int],  # [px], origin top left
        is_picture_free: Callable[[], bool],
        *,
        is_held: bool,
    ) -> None:
        """Note what a panel that was built leaves free, and whether one of its widgets is held."""
        self._picture_rect, self.is_held = picture_rect, is_held
        self._framebuffer = self.window.framebuffer_size
        keeps_it = self.pace.keeps_panel and not (self.pace.is_software and self._is_used)
        self._is_kept = keeps_it and 0 not in self._framebuffer
        self._hole = picture_rect if self._is_kept and is_picture_free() else None

    def show(self, picture: Picture | None, view: View, present: Callable[[], None]) -> None:
        """Draw the window and show it, unless no screen would show this frame.

        Args:
            picture: the newest one; None when nothing plays.
            view: how it lies in the window.
            present: draws the panel that was built last into the current framebuffer.
        """
        self.pictures.newest = picture
        is_seen = self.has_panel or self._is_new(picture, view)
        self._is_drawn = is_seen
        if not is_seen:
            return
        self._screen_pace.begin(self.pace.drawing_rate)
        self._shown_view = view
        clear(self._framebuffer, BACKGROUND)
        call = self._boundary.call
        if picture is not self.pictures.shown:
            call("picture", self.pictures.upload, picture, otherwise=None)
        if picture is not None:
            call("drawing the picture", self._draw_picture, view, otherwise=None)
        call("panel", self._draw_panel, present, otherwise=None)
        if self.has_panel:
            self._busy = self._now() - self._begin
            self._collect_errors()
        self.window.swap()
        self.thumbnails.free_unused()

    def wait(self) -> None:
        """Keep the pace, once all that is drawn in a frame is drawn."""
        if self._is_drawn:
            self._limiter.wait(self.pace.frame_limit)

    def await_picture(self, picture: Picture | None, await_newer: AwaitNewer) -> None:
        """Sleep for a new picture, where that is better than drawing the same one again.

        A widget that is held does not wait for the network.
        """
        elapsed, left = self._now() - self._begin, self._panel_pace.seconds_left()
        patience = self.pace.patience(elapsed, left, is_held=self.is_held)
        if patience > 0 and (picture is not None or self.is_hurried):
            await_newer(picture, patience)

    def execute(self, command: c.ScreenCommand) -> None:
        """Do what `command` asks."""
        match command:
            case c.ToggleFullscreen():
                self.window.placement.set_fullscreen(not self.window.placement.is_fullscreen)
            case c.SetVsync(enabled):
                self.window.vsync = enabled
            case c.SetFpsLimit(limit):
                self.pace.fps_limit = max(limit, 0.0)
            case _:
                assert_never(command)

    def status(self, *, is_watched: bool) -> ScreenStatus:
        """Return how the window is, once for each panel that is drawn.

        Args:
            is_watched: whether to measure also what costs time to know.
        """
        self._timer.is_wanted = is_watched
        timings = tuple(Timing(name, length) for name, length in self._timer.latest().items())
        return ScreenStatus(
            fps=self._rate.tick(),
            display=self.display.description,
            is_fullscreen=self.window.placement.is_fullscreen,
            vsync=self.window.vsync,
            timings=(*timings, Timing(Stage.WINDOW, self._busy * 1000)) if timings else (),
            fps_limit=self.pace.fps_limit,
            refresh_rate=self.window.placement.refresh_rate if is_watched else DEFAULT_REFRESH_RATE,
            pace_note=self.pace.note,
        )

    def close(self) -> None:
        """Keep how the window is left and free everything; idempotent."""
        if self.window.is_open:
            place = self.window.placement.place
            if not self.window.is_gone:  # or that is no place
                self._keep_place(place)
        self._owned.close()

    def save(self) -> None:
        """Keep how the window was last, without asking for it: it, or the screen, may be gone."""
        if self.window.is_open:
            self._keep_place(self.window.placement.last_place)

    def _keep_place(self, place: Rect) -> None:
        asked = self._settings.width, self._settings.height
        monitor = self.window.placement.covered_monitor or self._place.monitor
        write_place(self._folder, WindowPlace(place, asked, monitor))

    def _is_new(self, picture: Picture | None, view: View) -> bool:
        """Whether a frame without a new panel is worth drawing."""
        if self.pace.is_software:
            return picture is not self.pictures.shown or view != self._shown_view
        return not self.is_hurried or self._screen_pace.is_due()

    def _draw_picture(self, view: View) -> None:
        with self._timer.stage(Stage.DRAW):
            height = self._framebuffer[1]
            is_slow = view.filter == "cubic" and self.window.graphics.is_software
            filter = "linear" if is_slow else view.filter  # the processor has better to do
            self.display.draw(self._picture_rect, height, view.fit, filter, view.zoom)

    def _collect_errors(self) -> None:
        """Tell what OpenGL refused since the last panel; the frame is shown all the same."""
        errors = collected_gl_errors()
        if LOST in errors or self._was_reset():
            self.lost = GraphicsLostError(f"{self.window.graphics.renderer} was reset")
        elif errors:
            self._boundary.fail("graphics", RuntimeError(f"OpenGL says {', '.join(errors)}"))

    def _was_reset(self) -> bool:
        """Ask from time to time: drivers say so in one way or the other."""
        if not self._reset_pace.is_due():
            return False
        self._reset_pace.begin()
        return was_reset()

    def _draw_panel(self, present: Callable[[], None]) -> None:
        """Bring the panel to the screen, drawn anew or as it is kept."""
        with self._timer.stage(Stage.PANELS):
            self._draw_panel_timed(present)

    def _draw_panel_timed(self, present: Callable[[], None]) -> None:
        if not self._is_kept:
            present()
            return
        if self.has_panel:
            with self._kept.drawn(self._framebuffer):
                present()
        self._kept.draw(self._hole)

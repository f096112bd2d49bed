"""How often the window draws, and how long a frame waits for a new picture."""

from __future__ import annotations

from sgview.gfx.window import Window

SOFTWARE_LIMIT = 40.0  # frames a second where the CPU draws: its other time is the network's
DRAWINGS_PER_REFRESH = 3.0  # without vsync: a screen shows parts of at most so many frames at once
SOFTWARE_FRAME = 0.030  # length of a frame there while it waits for a new picture [s]
PANEL_RATE = 70.0  # drawings of the panel a second, about; every frame of a screen of 75 Hz
RESTING_PANEL_RATE = 30.0  # while nobody uses the panel and pictures come as fast as they can
SOFTWARE_PANEL_RATE = 30.0  # where the CPU draws: a panel takes it as long as a small picture
RESTING_SOFTWARE_PANEL_RATE = 6.0  # the same while nobody uses it; an input draws it at once


class FramePace:
    """What sets the window's pace: a screen, the processor that draws, a limit, or pictures.

    Attributes:
        fps_limit: most frames a second without vsync; 0: as many as there are.
    """

    def __init__(self, window: Window, fps_limit: float) -> None:
        self._window = window
        self.fps_limit = fps_limit

    @property
    def is_hurried(self) -> bool:
        """Whether pictures set the pace: neither a screen nor a slow renderer does."""
        return not self._window.vsync and not self._window.graphics.is_software

    @property
    def is_software(self) -> bool:
        """Whether the processor draws, whose other time is the network's."""
        return self._window.graphics.is_software

    @property
    def keeps_panel(self) -> bool:
        """Whether most frames show the panel as it was drawn for an earlier one."""
        return self.is_hurried or self.is_software

    def panel_rate(self, *, is_used: bool) -> float:
        """Return the drawings of the panel a second, about."""
        if self.is_software:
            return SOFTWARE_PANEL_RATE if is_used else RESTING_SOFTWARE_PANEL_RATE
        return RESTING_PANEL_RATE if self.is_hurried and not is_used else PANEL_RATE

    @property
    def frame_limit(self) -> float:
        """The most frames a second to draw; 0: as many as there are."""
        limit, has_vsync = self.fps_limit, self._window.vsync
        if self._window.graphics.is_software:
            return SOFTWARE_LIMIT if has_vsync or not limit else min(limit, SOFTWARE_LIMIT)
        if has_vsync:
            # Above the refresh rate: this only bounds drivers whose `swap` does not wait.
            return 1.25 * self._window.placement.refresh_rate
        return limit

    @property
    def drawing_rate(self) -> float:
        """The most drawings a second where pictures set the pace.

        Graphics and network take turns on a card, and each turn costs: what nobody would see is
        left to the network.
        """
        return DRAWINGS_PER_REFRESH * self._window.placement.refresh_rate

    @property
    def note(self) -> str:
        """What a user should know of the pace; "" for nothing."""
        if not self._window.graphics.is_software:
            return ""
        return f"The processor draws: at most {SOFTWARE_LIMIT:.0f} frames a second."

    def patience(self, elapsed: float, panel_due: float, *, is_held: bool) -> float:  # [s]
        """How long a frame may wait for a new picture instead of drawing the same one again.

        Where the processor draws, that leaves it to the network: twice as many pictures where both
        share two cores. What drawing took counts, so that inputs are read at an even pace.

        Args:
            elapsed: since the frame began [s].
            panel_due: until the panel is to be drawn again [s].
            is_held: whether the user holds a widget, which does not wait.
        """
        if self.is_software:
            left = max(SOFTWARE_FRAME - elapsed, 0.0)
            return min(left, panel_due) if is_held else left
        return panel_due if self.is_hurried else 0.0

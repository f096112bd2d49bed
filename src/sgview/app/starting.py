"""What the window shows before there is an engine."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from sgview.app.screen import BACKGROUND
from sgview.gfx.framebuffer import clear
from sgview.gfx.window import Window
from sgview.gui.gui import Gui

if TYPE_CHECKING:
    from sgview.engine.worker import EngineWorker

REDRAW = 0.5  # [s]

MakeWorker = Callable[[Callable[[str], object]], "EngineWorker"]
"""Returns the engine's thread once there is one.

It calls what it is given again and again until then, with what it waits for; "" shows nothing.
"""


class LeftAtStartError(Exception):
    """The user closed the window before anything played."""


def await_worker(make: MakeWorker, window: Window, gui: Gui) -> EngineWorker:
    """Return what `make` does, with the window alive until then.

    Raises:
        LeftAtStartError: if the user closes the window meanwhile.
    """

    drawn: tuple[object, ...] = ()
    again = 0.0  # when the same is drawn once more, should another window have covered it [s]

    def show(text: str) -> None:
        nonlocal drawn, again
        window.poll()
        if window.should_close:
            raise LeftAtStartError
        wanted = (text, window.framebuffer_size)
        if window.is_minimised or (wanted == drawn and time.monotonic() < again):
            return  # the processor has better to do
        drawn, again = wanted, time.monotonic() + REDRAW
        clear(window.framebuffer_size, BACKGROUND)
        gui.draw_starting(text)
        gui.present()
        window.swap()

    show("")
    return make(show)

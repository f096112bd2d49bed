"""What the window shows before there is an engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sgview.app.screen import BACKGROUND
from sgview.gfx.framebuffer import clear
from sgview.gfx.window import Window
from sgview.gui.gui import Gui

if TYPE_CHECKING:
    from sgview.engine.worker import EngineWorker

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

    def show(text: str) -> None:
        window.poll()
        if window.should_close:
            raise LeftAtStartError
        if window.is_minimised:
            return
        clear(window.framebuffer_size, BACKGROUND)
        gui.draw_starting(text)
        gui.present()
        window.swap()

    show("")
    return make(show)

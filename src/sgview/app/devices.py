"""The window with its panels, and the engine's thread: what is opened first and closed last."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from sgview.app import dropped
from sgview.app.asked import Asked
from sgview.app.screen import Screen
from sgview.app.starting import MakeWorker, await_worker
from sgview.closing import Closing
from sgview.gfx.keyboard import number_row
from sgview.gui.gui import Gui
from sgview.settings import Settings
from sgview.state.boundary import Boundary
from sgview.state.notices import Notices

if TYPE_CHECKING:
    from sgview.engine.worker import EngineWorker


class Devices(Closing):
    """Owns screen, GUI and engine's thread.

    Args:
        settings: of the window and the keys.
        worker: the engine's thread, or what makes one while the window is open already.
        folder: where it is kept how window and panels were left.
        asked: takes what is to be done with files that are dropped.
        notices: told what the user should know.
        now: the source of real time [s].
        boundary: through which what is drawn is called.

    Raises:
        WindowError: if there is no display or no OpenGL 4.1.
        LeftAtStartError: if the user closes the window before `worker` is made.
    """

    def __init__(
        self,
        settings: Settings,
        worker: EngineWorker | MakeWorker,
        folder: Path,
        asked: Asked,
        notices: Notices,
        now: Callable[[], float],
        boundary: Boundary,
    ) -> None:
        self._asked, self._notices, self._now = asked, notices, now
        self._owned = ExitStack()
        engine = self._owned.enter_context(ExitStack())  # closed last, whenever it comes
        own = self._owned.enter_context
        try:
            self.screen = own(Screen(settings, notices, now, boundary, folder))
            scale, keys = self.screen.ui_scale, settings.keys
            self.gui = own(Gui(folder / "panels.ini", scale, boundary, keys))
            for problem in self.gui.key_problems:
                hint = "See [keys] in the settings; F1 shows what there is."
                notices.add("warning", problem, hint, now=now())
            self.gui.attach(self.screen.window.address, number_row)
            self.screen.window.hear_monitors()
            self.screen.window.on_drop = self._drop
            if callable(worker):
                worker = await_worker(worker, self.screen.window, self.gui)
        except BaseException:
            if not callable(worker):
                engine.callback(worker.close)
            self._owned.close()
            raise
        engine.callback(worker.close)
        worker.leave_a_core(self.screen.window.graphics.is_software)
        self.worker = worker

    def close(self) -> None:
        """Stop the engine's thread and close the window; idempotent."""
        self._owned.close()

    def _drop(self, paths: list[Path]) -> None:
        """Open files dropped on the window; with Shift or on the slot of B, a network goes to B."""
        window = self.screen.window
        slot = "b" if window.is_shift_down else self.gui.slot_at(*window.cursor)
        commands, remarks = dropped.sort(paths, slot)
        self._asked.add(*commands)
        for level, text, hint in remarks:
            self._notices.add(level, text, hint, now=self._now())

"""The settings that the clean window alone has: its screen, and the test picture."""

from __future__ import annotations

from sgview.gui.controls import rows
from sgview.gui.panels import Emit
from sgview.state.commands import ChooseScreen, ShowTestPicture
from sgview.state.status import CleanWindowStatus

ANY = "Another than this"


def draw_clean_window(status: CleanWindowStatus, emit: Emit) -> None:
    """Draw its rows."""
    names = [("", ANY), *((name, name) for name in status.screens)]
    if status.screen and status.screen not in status.screens:
        names.append((status.screen, f"{status.screen} (not there)"))
    help = "It is found again by its name; while it is away the picture is in a window."
    screen = rows.combo("Screen", status.screen, "", names, help)
    if screen != status.screen:
        emit(ChooseScreen(screen))
    help = "Name, size, grid, circles and the areas that no projector hides."
    shows = rows.toggle("Test picture", status.shows_test, help=help)
    if shows != status.shows_test:
        emit(ShowTestPicture(shows))

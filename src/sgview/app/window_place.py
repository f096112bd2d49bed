"""Where the window was last: kept from one start to the next."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from sgview.app.kept_values import read_kept, write_kept
from sgview.settings import WindowSettings

NAME = "window.json"
LARGEST = 32767  # that any screen system counts to [screen units]
MOST_BYTES = 4096  # of the file
_WHAT = "where the window is"


class WindowPlace(Struct, frozen=True):
    """The window as it was left."""

    place: tuple[int, int, int, int] = (0, 0, 0, 0)  # x, y, width, height [screen units]
    asked: tuple[int, int] = (0, 0)  # size that the settings asked for then [screen units]
    monitor: str = ""  # that fullscreen was on last


def read_place(folder: Path) -> WindowPlace:
    """Return how the window was left; an empty one if that is not known.

    Args:
        folder: of the program's state.
    """
    place = read_kept(folder / NAME, WindowPlace, MOST_BYTES, _WHAT)
    is_sane = all(abs(number) <= LARGEST for number in place.place)
    return place if is_sane else WindowPlace(monitor=place.monitor)


def place_for(settings: WindowSettings, known: WindowPlace) -> tuple[int, int, int, int] | None:
    """Return where the window goes; None: where the system likes, as large as the settings say.

    Settings that ask for another size than when the window was left win.
    """
    has_room = known.place[2] > 0 and known.place[3] > 0
    is_same = known.asked == (settings.width, settings.height)
    return known.place if has_room and is_same else None


def write_place(folder: Path, place: WindowPlace) -> None:
    """Keep how the window is left; a folder that cannot be written costs a log line."""
    write_kept(folder / NAME, place, _WHAT)

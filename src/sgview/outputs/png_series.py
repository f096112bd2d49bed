"""Every picture as a numbered PNG in a folder of its own."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sgview.outputs.video import PngWriter, make_folder
from sgview.outputs.writer_thread import WriterThread
from sgview.settings import Settings


def dated_folder(now: datetime) -> str:
    """Return a folder's name that sorts by time and is new every millisecond."""
    return f"series-{now:%Y%m%d-%H%M%S}-{now.microsecond // 1000:03d}"


def open_png_series(settings: Settings) -> WriterThread:
    """Begin a series in the folder of snapshots.

    Raises:
        OutputError: if no folder can be made there.
    """
    folder = Path(settings.folders.snapshots) / dated_folder(datetime.now())
    make_folder(folder)
    return WriterThread(PngWriter(folder), "PNG series", target=str(folder), verb="Saved")

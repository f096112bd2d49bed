"""A contact sheet: pictures of a film beside each other, to see at a glance what is in it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PIL import Image

from sgview.outputs.video import CODECS, OutputError
from sgview.state.whole_file import write_whole

if TYPE_CHECKING:
    from av.container import InputContainer

COLUMNS, MOST = 6, 24
WIDTH = 320  # of each picture [px]
GAP = 8  # [px]


def write_contact_sheet(film: Path, sheet: Path) -> None:
    """Write evenly spaced pictures of a film, or of a folder of PNG files, row by row.

    Raises:
        OutputError: if the film cannot be read, or the sheet not be written.
    """
    try:
        pictures = list(_of_film(film) if film.suffix.lower() in CODECS else _of_folder(film))
        if not pictures:
            raise OutputError(f"{film} holds no pictures")
        data = io.BytesIO()
        _arranged(pictures).save(data, format=Image.registered_extensions()[sheet.suffix.lower()])
        write_whole(sheet, data.getvalue())
    except OSError as error:
        raise OutputError(f"{sheet} cannot be written: {error.strerror or error}") from error


def _places(count: int) -> list[int]:
    """Return which of `count` pictures are shown: the first, the last and some between them."""
    shown = min(count, MOST)
    return [round(k * (count - 1) / max(shown - 1, 1)) for k in range(shown)]


def _of_folder(folder: Path) -> Iterator[Image.Image]:
    paths = sorted(folder.glob("[0-9]*.png"))
    for place in _places(len(paths)):
        with Image.open(paths[place]) as image:
            yield _small(image.convert("RGB"))


def _of_film(film: Path) -> Iterator[Image.Image]:
    import av

    with cast("InputContainer", av.open(str(film))) as source:
        stream = source.streams.video[0]
        wanted = set(_places(sum(bool(packet.size) for packet in source.demux(stream))))
        source.seek(0)
        for number, frame in enumerate(source.decode(stream)):
            if number in wanted:
                yield _small(frame.to_image())


def _small(image: Image.Image) -> Image.Image:
    height = max(1, round(image.height * WIDTH / image.width))
    return image.resize((WIDTH, height), Image.Resampling.LANCZOS)


def _arranged(pictures: list[Image.Image]) -> Image.Image:
    columns = min(COLUMNS, len(pictures))
    rows = -(-len(pictures) // columns)
    width, height = pictures[0].size
    sheet = Image.new("RGB", (columns * (width + GAP) + GAP, rows * (height + GAP) + GAP))
    for number, picture in enumerate(pictures):
        row, column = divmod(number, columns)
        sheet.paste(picture, (GAP + column * (width + GAP), GAP + row * (height + GAP)))
    return sheet

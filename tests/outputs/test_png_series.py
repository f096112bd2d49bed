"""Pictures written on a thread, a folder of PNGs for one."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sgview.outputs.picture import OutputPicture
from sgview.outputs.png_series import open_png_series
from sgview.outputs.video import OutputError
from sgview.outputs.writer_thread import MOST_WAITING, WriterThread
from sgview.settings import FolderSettings, Settings
from sgview.state.params import Params
from tests.support.until import until


def picture_of(pixels: np.ndarray) -> OutputPicture:
    return OutputPicture(pixels, Params(), 0.0, pixels.view)


def pictures(count: int) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (6, 10, 4), dtype=np.uint8) for _ in range(count)]


def settings_for(folder: Path) -> Settings:
    return Settings(folders=FolderSettings(snapshots=str(folder)))


class SlowWriter:
    """Writes a picture each time that somebody lets it."""

    def __init__(self) -> None:
        self.turns = threading.Semaphore(0)
        self.written: list[np.ndarray] = []
        self.error: Exception | None = None
        self.is_closed = False

    def write(self, rgba8: np.ndarray) -> None:
        self.turns.acquire()
        if self.error is not None:
            raise self.error
        self.written.append(rgba8)

    def close(self) -> None:
        self.is_closed = True


@contextmanager
def slow_output(
    now: Callable[[], float] = lambda: 0.0,
) -> Iterator[tuple[WriterThread, SlowWriter]]:
    writer = SlowWriter()
    output = WriterThread(writer, "slow", "nowhere", now)
    try:
        yield output, writer
    finally:
        output.close()
        writer.turns.release(1000)
        until(lambda: writer.is_closed)


def test_a_series_holds_every_picture_byte_for_byte(tmp_path: Path) -> None:
    given = pictures(5)
    output = open_png_series(settings_for(tmp_path / "new" / "out"))
    for pixels in given:
        output.offer(picture_of(pixels))
    until(lambda: output.status().written == 5)
    status = output.status()
    assert (status.size, status.dropped) == ((10, 6), 0)
    folder = Path(status.target)
    assert folder.parent == tmp_path / "new" / "out"
    assert folder.name.startswith("series-")
    output.close()
    output.close()
    files = sorted(folder.iterdir())
    assert [file.name for file in files] == [f"{number:06d}.png" for number in range(5)]
    for pixels, file in zip(given, files, strict=True):
        np.testing.assert_array_equal(np.asarray(Image.open(file)), pixels)


def test_a_series_that_cannot_be_begun_says_where(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        open_png_series(settings_for(tmp_path / "file"))


def test_a_series_that_cannot_go_on_raises_at_the_next_call(tmp_path: Path) -> None:
    output = open_png_series(settings_for(tmp_path))
    folder = Path(output.status().target)
    folder.rmdir()
    with pytest.raises(OutputError, match=r"000000\.png cannot be written"):
        output.offer(picture_of(pictures(1)[0]))
        until(lambda: bool(output.status().written))
    output.close()


def test_what_cannot_be_written_in_time_is_dropped_and_counted() -> None:
    with slow_output() as (output, writer):
        given = pictures(MOST_WAITING + 3)
        for pixels in given:
            output.offer(picture_of(pixels))  # none of which waits, or this test would not end
        assert output.status().dropped == 3
        assert output.status().written == 0
        writer.turns.release(MOST_WAITING)
        until(lambda: output.status().written == MOST_WAITING)
        output.offer(picture_of(given[0]))
        writer.turns.release()
        until(lambda: output.status().written == MOST_WAITING + 1)
        assert output.status().dropped == 3
        for pixels, written in zip(given[:MOST_WAITING], writer.written, strict=False):
            np.testing.assert_array_equal(pixels, written)


def test_the_rate_is_that_of_the_last_second() -> None:
    time_now = [10.0]
    with slow_output(lambda: time_now[0]) as (output, writer):
        writer.turns.release(3)
        for pixels in pictures(3):
            output.offer(picture_of(pixels))
        until(lambda: output.status().written == 3)
        assert output.status().rate == 3.0
        time_now[0] += 1.5
        assert output.status().rate == 0.0


def test_closing_does_not_wait_and_writes_what_waits() -> None:
    with slow_output() as (output, writer):
        for pixels in pictures(4):
            output.offer(picture_of(pixels))
        output.close()
        assert not writer.written
        assert not writer.is_closed
        writer.turns.release(4)
        until(lambda: writer.is_closed)
        assert len(writer.written) == 4


def test_at_the_end_it_says_what_is_there(tmp_path: Path) -> None:
    output = open_png_series(settings_for(tmp_path))
    target = output.status().target
    for pixels in pictures(2):
        output.offer(picture_of(pixels))
    assert output.take_messages() == []
    output.close()
    until(lambda: output.is_ended)
    assert output.take_messages() == [f"Saved {target}: 2 pictures"]
    assert output.take_messages() == []


def test_what_goes_wrong_at_the_end_is_raised() -> None:
    with slow_output() as (output, writer):
        output.offer(picture_of(pictures(1)[0]))
        output.close()
        writer.error = ValueError("no")
        writer.turns.release()
        until(lambda: output.is_ended)
        with pytest.raises(ValueError, match="no"):
            output.take_messages()


def test_after_an_error_nothing_is_written_any_more() -> None:
    with slow_output() as (output, writer):
        for pixels in pictures(3):
            output.offer(picture_of(pixels))
        writer.error = ValueError("no")
        writer.turns.release()
        with pytest.raises(ValueError, match="no"):
            until(lambda: output.status().written == 3)
        with pytest.raises(ValueError, match="no"):
            output.offer(picture_of(pictures(1)[0]))
        writer.error = None
        output.close()
        writer.turns.release(10)
        until(lambda: writer.is_closed)
        assert not writer.written

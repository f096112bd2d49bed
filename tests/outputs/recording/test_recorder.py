"""Recordings are decoded again: how many pictures, which, when, and the sound where it belongs."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import av
import numpy as np
import pytest
from msgspec.structs import replace

from sgview.outputs.codecs import CODECS, codec_named
from sgview.outputs.picture import OutputPicture
from sgview.outputs.recording.recorder import BEHIND, MOST_WAITING, Recorder, Track, open_recorder
from sgview.outputs.recording.sound_track import RATE
from sgview.outputs.video import OutputError
from sgview.settings import FolderSettings, Settings
from sgview.state.recording import CODEC_NAMES, CodecName, Recording
from tests.outputs.recording.films import (
    FPS,
    SIZE,
    Block,
    Tap,
    greys,
    picture,
    pixels,
    sound,
    times,
)
from tests.support.disk import full_disk
from tests.support.until import until


def settings_for(folder: Path, codec: CodecName = "h264", **recording) -> Settings:
    return Settings(
        folders=FolderSettings(recordings=str(folder)),
        recording=Recording(codec=codec, hardware=False, **recording),
    )


def record(recorder: Recorder, pictures: list[OutputPicture]) -> Path:
    """Offer pictures one after the other, as fast as they are written, and finish."""
    for n, one in enumerate(pictures, 1):
        recorder.offer(one)
        until(lambda n=n: recorder.status().written == n)
    path = Path(recorder.status().target)
    recorder.close()
    recorder._thread.close(wait=True)
    recorder.status()
    return path


FILMS = [codec.name for codec in CODECS if not codec.is_sequence]


@pytest.mark.parametrize("name", FILMS)
def test_each_codec_has_every_picture_at_its_time(name: CodecName, tmp_path: Path) -> None:
    numbers = range(12)
    recorder = open_recorder(settings_for(tmp_path, name))
    path = record(recorder, [picture(n) for n in numbers])
    assert path.parent == tmp_path and path.suffix == codec_named(name).suffixes[0]
    assert greys(path) == pytest.approx([40 + 4 * n for n in numbers], abs=1.5)
    assert times(path) == pytest.approx([n / FPS for n in numbers], abs=0.002)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height) == SIZE
        assert float(stream.average_rate or 0) == pytest.approx(FPS, rel=0.01)
        assert not container.streams.audio


@pytest.mark.parametrize("name", ["png", "png16"])
def test_files_of_pictures_are_the_engines_bit_for_bit(name: CodecName, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    noise = [rng.integers(0, 256, (48, 64, 4), dtype=np.uint8) for _ in range(2)]
    slots = ((0, 7), (1, 9))  # nothing came in slot 8
    path = record(
        open_recorder(settings_for(tmp_path, name)),
        [picture(0, slot, rgba8=noise[n]) for n, slot in slots],
    )
    files = sorted(path.iterdir())
    assert [file.name for file in files] == ["000000.png", "000001.png", "000002.png"]
    for file, expected in zip(files, (noise[0], noise[0], noise[1]), strict=True):
        with av.open(str(file)) as container:
            shown = next(container.decode(video=0)).to_ndarray()
        scale = 257 if name == "png16" else 1
        np.testing.assert_array_equal(shown, expected[..., :3].astype(np.uint16) * scale)


def test_a_slot_without_a_picture_has_the_one_before(tmp_path: Path) -> None:
    shown = [picture(0, 50), picture(1, 51), picture(2, 55), picture(2, 56), picture(3, 57)]
    path = record(open_recorder(settings_for(tmp_path)), shown)
    expected = [0, 1, 1, 1, 1, 2, 2, 3]
    assert greys(path) == pytest.approx([40 + 4 * n for n in expected], abs=1.5)
    assert times(path) == pytest.approx([n / FPS for n in range(8)], abs=0.002)


def test_sound_is_in_step_with_the_picture(tmp_path: Path) -> None:
    """A flash in the picture and a click in the sound, both at the same time of the show."""
    tap, start = Tap(), 100.0
    recorder = open_recorder(settings_for(tmp_path))
    recorder.listen(tap)
    clicks = (0.4, 1.1, 1.7)  # [s]
    count = round(2.0 * FPS)
    lit = [round(at * FPS) for at in clicks]
    heard = np.zeros((2, 2 * RATE), np.float32)
    for at in clicks:
        heard[:, round(at * RATE) : round(at * RATE) + 480] = 0.8
    size, first = 512, 0
    for n in range(count):
        while first + size <= (n + 1) / FPS * RATE:
            # The device says the times of its blocks with a jitter of a millisecond.
            jitter = 0.001 * (-1) ** (first // size)
            block = Block(start + first / RATE + jitter, heard[:, first : first + size])
            tap.blocks.append(block)
            first += size
        recorder.offer(picture(30 if n in lit else 0, n, start=start))
        until(lambda n=n: recorder.status().written == n + 1)
    path = Path(recorder.status().target)
    recorder.close()
    recorder._thread.close(wait=True)
    assert tap.is_closed
    seen = [n / FPS for n, grey in enumerate(greys(path)) if grey > 100]
    samples = sound(path)[0]
    loud = np.flatnonzero(np.abs(samples) > 0.3) / RATE
    begins = [loud[0], *loud[1:][np.diff(loud) > 0.1]]
    assert seen == pytest.approx(clicks, abs=1 / FPS)
    assert begins == pytest.approx(clicks, abs=0.01)
    assert len(samples) / RATE == pytest.approx(count / FPS, abs=0.05)


def test_sound_begins_with_the_instant_of_the_first_picture(tmp_path: Path) -> None:
    """A picture is on the screen some time after it was asked for; its sound is of then."""
    tap = Tap()
    recorder = open_recorder(settings_for(tmp_path))
    recorder.listen(tap)
    heard = np.zeros((2, RATE), np.float32)
    heard[:, RATE // 2 : RATE // 2 + 480] = 0.8
    tap.blocks.append(Block(99.95, heard))
    shown = [picture(n % 2, n) for n in range(30)]
    shown = [replace(one, asked=one.time - 0.05) for one in shown]
    path = record(recorder, shown)
    loud = np.flatnonzero(np.abs(sound(path)[0]) > 0.3) / RATE
    assert loud[0] == pytest.approx(0.5, abs=0.003)


class SlowTrack:
    """Writes a picture each time that a test lets it."""

    size = SIZE

    def __init__(self) -> None:
        self.turns = threading.Semaphore(0)
        self.last = -1
        self.written: list[tuple[str, int]] = []

    def write(self, rgba8: np.ndarray, place: int) -> None:
        self.turns.acquire()
        self.last = place
        self.written.append(("write", place))

    def repeat(self, place: int) -> None:
        if place > self.last:
            self.last = place
            self.written.append(("repeat", place))

    def hear(self, pieces: object) -> None:
        pass

    def close(self) -> None:
        self.written.append(("close", self.last))


def test_what_comes_too_fast_is_dropped_counted_and_keeps_its_time() -> None:
    track = SlowTrack()
    recorder = Recorder(lambda *_: track, "slow")
    for n in range(MOST_WAITING + 5):
        recorder.offer(picture(n))
    status = recorder.status()
    assert (status.written, status.dropped) == (0, 5)
    track.turns.release(MOST_WAITING)
    until(lambda: recorder.status().written == MOST_WAITING)
    recorder.offer(picture(20))
    track.turns.release()
    until(lambda: recorder.status().written == MOST_WAITING + 1)
    recorder.close()
    recorder.close()
    recorder._thread.close(wait=True)
    assert track.written == [
        *(("write", n) for n in range(MOST_WAITING)),
        ("repeat", 19),  # it is not behind any more, so no slot is left out
        ("write", 20),
        ("close", 20),
    ]


def test_while_it_is_behind_slots_are_left_out_not_made_up() -> None:
    track = SlowTrack()
    recorder = Recorder(lambda *_: track, "slow")
    for n in range(MOST_WAITING):
        recorder.offer(picture(n, 3 * n))
    track.turns.release(MOST_WAITING)
    until(lambda: recorder.status().written == MOST_WAITING)
    repeats = [place for kind, place in track.written if kind == "repeat"]
    assert [place for kind, place in track.written if kind == "write"] == [
        3 * n for n in range(MOST_WAITING)
    ]
    assert len(repeats) == BEHIND  # once no more than those wait
    recorder.close()


class Broken(SlowTrack):
    """Cannot be written."""

    def write(self, rgba8: np.ndarray, place: int) -> None:
        raise OutputError("The disk is full.")


def test_what_goes_wrong_is_raised_where_it_is_handled() -> None:
    def open_broken(picture: OutputPicture, has_sound: bool) -> Track:
        return Broken()

    recorder = Recorder(open_broken, "broken")
    recorder.offer(picture(0))
    with pytest.raises(OutputError, match="The disk is full"):
        until(lambda: recorder.status() and False)
    with pytest.raises(OutputError, match="The disk is full"):
        recorder.offer(picture(1))
    recorder.close()


class FullAtTheEnd(SlowTrack):
    """Cannot be finished."""

    def close(self) -> None:
        raise OutputError("The disk is full.")


def test_at_the_end_it_says_where_the_film_is_or_what_went_wrong(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    recorder = open_recorder(settings_for(tmp_path))
    assert recorder.take_messages() == [] and not recorder.is_ended
    path = record(recorder, [picture(n) for n in range(3)])
    assert recorder.is_ended
    assert recorder.take_messages() == [f"Recorded {path}: {3 / FPS:.1f} s"]
    assert recorder.take_messages() == []
    track = FullAtTheEnd()
    recorder = Recorder(lambda *_: track, "full", "film.mp4")
    recorder.offer(picture(0))
    recorder.close()
    track.turns.release()
    until(lambda: recorder.is_ended)
    with pytest.raises(OutputError, match="The disk is full"):
        recorder.take_messages()
    assert "film.mp4: The disk is full." in caplog.text  # at the program's end too


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="is no folder"):
        open_recorder(settings_for(tmp_path / "file"))


@pytest.mark.parametrize("codec", ["h264", "png"])
def test_a_recording_without_a_picture_leaves_nothing(codec: CodecName, tmp_path: Path) -> None:
    recorder = open_recorder(settings_for(tmp_path, codec))
    recorder.close()
    recorder._thread.close(wait=True)
    assert list(tmp_path.iterdir()) == []


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.outputs.recording.films import FPS, picture
from tests.outputs.recording.test_recorder import open_recorder, settings_for
from tests.support.until import until
recorder = open_recorder(settings_for(Path(sys.argv[1]), sys.argv[2]))
for n in range(round(3 * FPS)):
    recorder.offer(picture(n % 20, n))
    until(lambda: recorder.status().written == n + 1)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("codec", ["h264", "ffv1"])
def test_of_three_seconds_two_play_when_the_program_is_killed(
    codec: CodecName, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", KILLED, str(tmp_path), codec]
    assert subprocess.run(command, env=os.environ).returncode == -signal.SIGKILL
    (film,) = tmp_path.iterdir()
    found = greys(film)
    assert len(found) >= 2 * FPS - 5
    assert found == pytest.approx([40 + 4 * (n % 20) for n in range(len(found))], abs=1.5)


@pytest.mark.parametrize("codec", ["h264", "prores", "ffv1"])
def test_a_disk_that_fills_is_one_sentence_and_leaves_a_film(
    codec: CodecName, tmp_path: Path
) -> None:
    noise = np.random.default_rng(5).integers(0, 256, (48, 64, 4), np.uint8)
    recorder = open_recorder(settings_for(tmp_path, codec))
    with full_disk(800_000):

        def fill() -> None:
            for n in range(10_000):
                recorder.offer(picture(0, n, rgba8=np.roll(noise, n, axis=1)))
                until(lambda n=n: recorder.status().written == n + 1)

        with pytest.raises(OutputError) as raised:
            fill()
        recorder.close()
        recorder._thread.close(wait=True)
    (film,) = tmp_path.iterdir()
    assert str(raised.value) == f"{film} cannot be written: File too large"
    with av.open(str(film)) as container:
        assert sum(1 for _ in container.decode(video=0)) >= FPS - 5


def test_a_picture_of_another_size_is_scaled(tmp_path: Path) -> None:
    large = pixels(5, (128, 96))
    path = record(open_recorder(settings_for(tmp_path)), [picture(0), picture(0, 1, rgba8=large)])
    assert greys(path) == pytest.approx([40, 60], abs=1.5)


def test_the_settings_name_every_codec() -> None:
    assert tuple(codec.name for codec in CODECS) == CODEC_NAMES

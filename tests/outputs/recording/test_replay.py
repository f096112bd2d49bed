"""The last half minute, kept in bounded memory and saved as a film."""

from pathlib import Path

import numpy as np
import pytest

from sgview.outputs.recording.replay import ReplayBuffer, open_replay, save_ring
from sgview.outputs.recording.ring import PieceReader, Ring, RingFile
from sgview.outputs.recording.sound_track import RATE
from sgview.outputs.video import OutputError
from sgview.settings import FolderSettings, Settings
from sgview.state.recording import CodecName, Recording
from tests.outputs.recording.films import FPS, Block, Tap, greys, picture, sound, times
from tests.support.until import until

KEPT = 2.0  # [s]


def play(replay: ReplayBuffer, begin: int, end: int) -> None:
    for n in range(begin, end):
        replay.offer(picture(n % 40, n))
        until(lambda n=n: replay.status().written == n + 1)


def saved(replay: ReplayBuffer) -> Path:
    (message,) = until(replay.take_messages)
    return Path(message.rpartition(" as ")[2])


@pytest.mark.parametrize("codec", ["h264", "prores", "ffv1", "vp9", "png"])
def test_what_has_just_played_is_saved(codec: CodecName, tmp_path: Path) -> None:
    recording = Recording(codec=codec, hardware=False, replay_seconds=KEPT)
    replay = ReplayBuffer(recording, tmp_path / "replays")
    count = round(5 * FPS)
    play(replay, 0, count)
    replay.save()
    play(replay, count, count + round(1.5 * FPS))  # the second that was under way ends
    path = saved(replay)
    suffixes = {"h264": ".mp4", "prores": ".mov", "ffv1": ".mkv", "vp9": ".webm", "png": ".mp4"}
    assert path.suffix == suffixes[codec]
    found = greys(path)
    assert KEPT * FPS <= len(found) <= (KEPT + 1.2) * FPS
    assert times(path) == pytest.approx([n / FPS for n in range(len(found))], abs=0.002)
    shown = round((found[0] - 40) / 4)
    expected = [40 + 4 * ((shown + n) % 40) for n in range(len(found))]
    assert found == pytest.approx(expected, abs=1.5)
    last = expected[-1]
    assert last in [40 + 4 * (n % 40) for n in range(count - 1, count + round(1.2 * FPS))]
    replay.close()


def test_the_sound_is_in_step_in_what_is_saved(tmp_path: Path) -> None:
    recording = Recording(hardware=False, replay_seconds=KEPT)
    replay, tap = ReplayBuffer(recording, tmp_path), Tap()
    replay.listen(tap)
    count = round(6 * FPS)
    for n in range(count):
        is_lit = n % 15 == 0  # every half second
        heard = np.zeros((2, round(RATE / FPS)), np.float32)
        heard[:, :480] = 0.8 * is_lit
        tap.blocks.append(Block(100.0 + n / FPS, heard))
        replay.offer(picture(30 if is_lit else 0, n))
        until(lambda n=n: replay.status().written == n + 1)
        if n == count - round(1.2 * FPS):
            replay.save()
    path = saved(replay)
    replay.close()
    lit = [n / FPS for n, grey in enumerate(greys(path)) if grey > 100]
    loud = np.flatnonzero(np.abs(sound(path)[0]) > 0.3) / RATE
    begins = [loud[0], *loud[1:][np.diff(loud) > 0.1]]
    # The first click may lie in the sound that an encoder needs to begin, the last behind the end.
    assert len(lit) >= 4
    for flash in lit[1:]:
        assert min(abs(begin - flash) for begin in begins) < 1 / FPS


def test_memory_is_bounded_by_time_and_by_bytes() -> None:
    header = box(b"ftyp", 8) + box(b"moov", 100)
    ring = RingFile(3, most_bytes=10_000)
    ring.write(header)
    for n in range(10):
        ring.write(box(b"moof", 20, n) + box(b"mdat", 1000, n))
    kept = ring.ring()
    assert kept.header == header
    assert kept.fragments == tuple(box(b"moof", 20, n) + box(b"mdat", 1000, n) for n in (7, 8, 9))
    for n in range(10, 14):
        ring.write(box(b"moof", 20, n) + box(b"mdat", 4000, n))
    assert len(ring.ring().fragments) == 2
    assert ring.size == sum(map(len, ring.ring().fragments)) <= 10_000
    ring.write(box(b"moof", 20) + box(b"mdat", 50_000))  # one alone is kept, however large
    assert len(ring.ring().fragments) == 1


def box(kind: bytes, length: int, fill: int = 0) -> bytes:
    """Return a box of MP4 with so many bytes in it."""
    return (8 + length).to_bytes(4, "big") + kind + bytes([fill]) * length


def test_boxes_are_found_however_the_bytes_come() -> None:
    whole = box(b"moov", 30) + b"".join(box(b"moof", 9, n) + box(b"mdat", 70, n) for n in range(3))
    whole += box(b"mfra", 12)
    for step in (1, 7, 64, len(whole)):
        ring = RingFile(10)
        for start in range(0, len(whole), step):
            ring.write(whole[start : start + step])
        kept = ring.ring()
        assert kept.header + b"".join(kept.fragments) == whole[:-20]
        assert ring.completed == 3


def test_pieces_read_as_one_file() -> None:
    reader = PieceReader((b"abc", b"", b"defgh"))
    assert [reader.read(2) for _ in range(5)] == [b"ab", b"c", b"de", b"fg", b"h"]
    assert reader.read(2) == b""


def test_nothing_to_save_yet_and_a_disk_that_is_full(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="There is nothing to save yet"):
        save_ring(Ring(b"", ()), ".mp4", tmp_path / "replay.mp4")
    replay = ReplayBuffer(Recording(hardware=False), Path("/dev/full/replays"))
    play(replay, 0, round(2.2 * FPS))
    replay.save()
    replay.close()  # what there is is saved
    assert not replay.is_ended
    with pytest.raises(OutputError, match="cannot be written"):
        until(replay.take_messages)


def test_it_is_opened_as_the_settings_say(tmp_path: Path) -> None:
    recordings = str(tmp_path / "films")
    settings = Settings(
        folders=FolderSettings(recordings=recordings), recording=Recording(replay_seconds=12)
    )
    replay = open_replay(settings)
    assert replay.status().target.startswith("the last 12 s, 0 of at most 512 MB")
    assert not (tmp_path / "films").exists()  # before something is saved
    replay.close()

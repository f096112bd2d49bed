"""Sound that comes at uneven times, and from a clock of its own, without a gap."""

import numpy as np
import pytest

from sgview.outputs.recording.sound_track import JUMP, RATE, SoundTrack
from tests.outputs.recording.films import Block


def block(start: float, count: int = 512, value: float = 0.5) -> Block:
    return Block(start, np.full((2, count), value, np.float32))


def joined(pieces: list[np.ndarray]) -> np.ndarray:
    return np.concatenate(pieces, axis=1) if pieces else np.zeros((2, 0), np.float32)


def test_what_was_heard_before_is_left_out_and_what_was_not_is_silent() -> None:
    track = SoundTrack(10.0)
    assert joined(track.add([block(9.0)])).shape[1] == 0
    begun = joined(track.add([block(10.0 - 112 / RATE)]))
    assert begun.shape[1] == 400
    later = joined(track.add([block(10.5)]))
    assert np.flatnonzero(later[0])[0] == round(0.5 * RATE) - 400
    assert track.count == round(0.5 * RATE) + 512


def test_jitter_changes_nothing() -> None:
    track = SoundTrack(0.0)
    for n in range(100):
        heard = joined(track.add([block(n * 512 / RATE + 0.003 * (-1) ** n)]))
        assert heard.shape[1] in (512, 512 + round(0.003 * RATE))  # the first may begin late
    assert abs(track.count - 100 * 512) <= round(0.003 * RATE)


@pytest.mark.parametrize("drift", [1.0005, 0.9995])
def test_a_clock_that_runs_otherwise_is_followed(drift: float) -> None:
    """Five minutes of a device that is 0.05 % fast or slow: 0.15 s."""
    track = SoundTrack(0.0)
    lengths = set()
    for n in range(round(300 * RATE / 512)):
        start = n * 512 / RATE * drift
        lengths.add(joined(track.add([block(start)])).shape[1])
        assert abs(track.count / RATE - (start + 512 / RATE)) < 0.0095
    assert max(lengths) <= 514 and min(lengths) >= 510  # never audible


def test_a_jump_is_made_at_once() -> None:
    track = SoundTrack(0.0)
    track.add([block(0.0)])
    after = joined(track.add([block(0.0 + 512 / RATE + JUMP + 0.01)]))
    assert after.shape[1] == 512 + round((JUMP + 0.01) * RATE)
    assert joined(track.add([block(0.0)])).shape[1] == 0  # what comes twice


def test_silence_fills_what_does_not_come() -> None:
    track = SoundTrack(5.0)
    assert track.fill(4.0) == []
    assert joined(track.fill(5.5)).shape == (2, RATE // 2)
    assert track.fill(5.5) == []

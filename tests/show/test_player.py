"""A frame of what plays: the same live and offline."""

from pathlib import Path

import numpy as np
import pytest

from sgview.settings import Settings, TempoSettings
from sgview.show.clock import Clock, EvenClock
from sgview.show.player import Player
from sgview.signals.sources import Incoming
from sgview.state import commands as c
from sgview.state.bindings import bind
from sgview.state.params import Params, Playback

FPS = 25.0
SCRIPT = """
def frame(play):
    edit_layer_by_name("synthesis.input.weight", play.t)
"""


def play(player: Player, params: Params, frames: int) -> list[tuple[float, Params]]:
    played = []
    for _ in range(frames):
        incoming = player.advance(params)
        assert isinstance(incoming, Incoming)
        played.append((player.instant.t, player.resolve(incoming.params).params))
    return played


def test_live_and_offline_give_the_same_values(tmp_path: Path) -> None:
    params = bind(Params(playback=Playback(speed=0.5)), "noise.amplitude", "sin(t) + lfo(1) + beat")
    path = tmp_path / "script.py"
    path.write_text(SCRIPT)
    now = [0.0]
    settings = Settings(tempo=TempoSettings(bpm=90.0))
    with (
        Player(settings, Clock(lambda: now[0])) as live,
        Player(settings, EvenClock(0.0, FPS)) as off,
    ):
        for player in (live, off):
            player.open_script(path, is_watched=False)
        off.wait_for_sound()
        offline = play(off, params, 50)
        played = []
        for n in range(50):
            now[0] = n / FPS
            played += play(live, params, 1)
    times, values = zip(*played, strict=True)
    assert times == pytest.approx([t for t, _ in offline])
    amplitudes = [params.noise.amplitude for params in values]
    assert np.ptp(amplitudes) > 1.0
    assert amplitudes == pytest.approx([params.noise.amplitude for _, params in offline])
    assert [edit.tensor for edit in values[-1].edits] == ["synthesis.input.weight"]
    assert values[-1].edits[0].amount == pytest.approx(offline[-1][1].edits[0].amount)


def test_a_bound_speed_bends_time_offline_as_it_does_live() -> None:
    params = bind(Params(), "playback.speed", "2 if t >= 1 else 1")
    with Player(Settings(), EvenClock(0.0, 10.0)) as player:
        times = [t for t, _ in play(player, params, 21)]
    assert times[10] == pytest.approx(1.0)
    assert times[20] == pytest.approx(3.0)


def test_commands_are_done() -> None:
    now = [0.0]
    with Player(Settings(), Clock(lambda: now[0])) as player:
        player.execute(c.TogglePause())
        now[0] = 1.0
        assert play(player, Params(), 1)[0][0] == 0.0
        player.execute(c.Step(30))
        assert player.clock.t == 0.5
        player.execute(c.Rewind())
        player.execute(c.SetTempo(140.0))
        assert (player.clock.t, player.tempo.bpm) == (0.0, 140.0)
        player.execute(c.OpenSound(Path("/no/such.wav")))
        assert player.sound.sound.file == "/no/such.wav"
        player.execute(c.OpenScript(Path("/no/such.py")))
        assert player.script is not None
        player.execute(c.RemoveScript())
        assert player.script is None
        player.close()

"""Positions add up from speeds, and never jump."""

import itertools
import math

import msgspec
import pytest
from msgspec.structs import replace

from sgview.settings import Settings
from sgview.show.clock import Clock, EvenClock
from sgview.show.player import Player
from sgview.show.travel import Travel
from sgview.signals.incoming import Instant
from sgview.signals.sources import Sources
from sgview.state import commands as c
from sgview.state.motion import SPEEDS, motion_at
from sgview.state.other_sources import other_motion
from sgview.state.params import (
    Key,
    Latents,
    Mixing,
    Noise,
    Params,
    Path,
    Plane,
    Playback,
    Region,
    Regions,
)
from sgview.state.travel import TravelState


def walking(speed: float, **latents) -> Params:
    return Params(latents=Latents(source="seeds", seed_speed=speed, **latents))


def seed_of(player: Player, params: Params) -> float:
    motion = player.resolve(params).motion
    assert motion is not None
    return motion.positions["seed"]


def seeds(travel: Travel, frames) -> list[float]:
    """The seed position after each (params, t)."""
    found, last = [], 0.0
    for params, t in frames:
        instant = Instant(t, dt=t - last, elapsed=abs(t - last), beat=2.0 * t)
        found.append(travel.advance(params, instant).positions["seed"])
        last = t
    return found


def test_constant_speeds_are_speed_times_time_to_the_last_bit():
    noise = Noise(translate_speed=(0.1, -0.037, 0.2), translate_4d_speed=0.3, loop=7.0)
    params = Params(noise=noise, latents=Latents(seed_speed=0.7, motion=1.3))
    travel = Travel()
    for n in range(1000):
        t = 3.0 + n / 30  # it may begin later: `render --start`
        motion = travel.advance(params, Instant(t, dt=1 / 30, elapsed=1 / 30))
        assert motion.positions == motion_at(params, t).positions
    assert set(motion.positions) == {speed.name for speed in SPEEDS}


@pytest.mark.parametrize("fps", [4, 20, 60, 144])
def test_speeds_in_stretches_are_exact_at_any_frame_rate(fps):
    def speed_at(t: float) -> float:
        return 0.25 if t < 1.0 else -2.0 if t < 2.5 else 0.0

    frames = [(walking(speed_at(n / fps)), n / fps) for n in range(4 * fps)]
    assert seeds(Travel(), frames)[-1] == 0.25 * 1.0 - 2.0 * 1.5


def test_a_change_bends_the_way_and_never_makes_it_jump():
    hour = 3600.0
    frames = [(walking(1.0), hour), (walking(1.01), hour + 0.01), (walking(-5.0), hour + 0.02)]
    frames += [(walking(0.0), hour + 0.03), (walking(0.0), hour + 1.0)]
    frames += [(walking(1.0, motion=0.5), hour + 1.0), (walking(1.0), hour + 2.0)]
    places = seeds(Travel(), frames)
    wanted = [0.0, 0.01, 0.0201, -0.0299, -0.0299, -0.0299, 0.4701]
    assert [place - hour for place in places] == pytest.approx(wanted, abs=1e-9)


def test_pace_pause_step_and_rewind_act():
    now = [0.0]
    player = Player(Settings(), Clock(lambda: now[0]))
    params = walking(2.0)

    def frame(seconds: float = 0.5) -> float:
        now[0] += seconds
        player.advance(params)
        return seed_of(player, params)

    assert [frame(), frame()] == [1.0, 2.0]
    params = replace(params, playback=Playback(speed=-1.0))
    assert frame() == 3.0  # the clock takes a speed with its next tick
    assert frame() == 2.0
    player.execute(c.TogglePause())
    assert frame() == frame() == 2.0
    player.execute(c.Step(-1))
    assert frame() == pytest.approx(2.0 - 2.0 / 60)
    player.execute(c.Rewind())
    params = walking(3.0)
    assert frame() == 0.0
    player.execute(c.TogglePause())
    assert frame() == pytest.approx(1.5)
    player.advance(params)
    player.execute(c.Restart("seed"))
    assert seed_of(player, params) == 0.0
    player.close()


def test_a_fade_between_looks_goes_on_from_where_it_is():
    now = [100.0]
    player = Player(Settings(), Clock(lambda: now[0]))
    places = []
    params = walking(1.0)
    for n in range(200):
        if n == 100:
            player.resolver.fade(1.0, "smooth")
            params = walking(-3.0)
        now[0] += 0.02
        player.advance(params)
        places.append(seed_of(player, params))
    steps = [b - a for a, b in itertools.pairwise(places)]
    assert max(map(abs, steps)) <= 0.06 + 1e-9
    assert steps[50] == pytest.approx(0.02) and steps[-1] == pytest.approx(-0.06)
    player.close()


def test_beats_stand_still_with_time_and_keep_the_bar():
    params = Params(noise=Noise(loop=4.0, loop_unit="beats"))
    travel = Travel()

    def turns(t, dt, beat):
        instant = Instant(t, dt=dt, elapsed=0.5, beat=beat)
        return travel.advance(params, instant).positions["noise.loop"]

    assert turns(0.5, 0.5, 3.0) == 0.75  # of the bar, as it is counted
    assert turns(1.0, 0.5, 4.0) == 1.0
    assert turns(1.0, 0.0, 5.0) == 1.0  # paused
    assert turns(2.0, 1.0, 6.0) == 1.5  # twice as fast


def test_a_session_goes_on_where_it_ended():
    frames = [(walking(1.0), 10.0), (walking(2.0), 20.0), (walking(2.0), 25.0)]
    travel = Travel()
    seeds(travel, frames)
    assert travel.state is not None
    text = msgspec.json.encode(travel.state)
    other = Travel(msgspec.json.decode(text, type=TravelState))
    after = [(walking(2.0), 26.0), (walking(-1.0), 27.0), (walking(-1.0), 29.3)]
    assert seeds(other, after) == seeds(travel, after)
    assert seeds(Travel(other.state), [(walking(-1.0), 29.3)])[0] == pytest.approx(34 - 2.3)


def test_seam_and_keys_are_told(monkeypatch):
    told = []
    monkeypatch.setattr(Sources, "tell", lambda self, *message: told.append(message))
    keys = (Key(at=0.0, place="seed 1"), Key(at=1.0, place="seed 2"))
    params = Params(latents=Latents(source="path", path=Path(keys=keys, closing=1.0)))
    player = Player(Settings(), EvenClock(0.0, 4.0))
    for _ in range(10):
        player.advance(params)
        player.resolve(params)
    key, seam = "/sgview/path/key", "/sgview/path/seam"
    assert told == [(key, 2), (seam, 1), (key, 1)]
    player.close()


def test_a_glide_begins_where_it_was_and_goes_on_in_a_take():
    travel = Travel()
    walk = Latents(source="seeds", seed=3, seed_speed=1.0, glide=2.0)

    def at(latents, now, travel=travel):
        return travel.advance(Params(latents=latents), Instant(now, dt=0.5, elapsed=0.5)).trail

    assert at(walk, 0.0) == () == at(walk, 0.5)
    there = replace(walk, seed=90)
    assert at(there, 1.0) == (("seed 3.5", 0.0),)
    assert at(there, 1.5) == (("seed 3.5", pytest.approx(0.15625)),)
    assert travel.state is not None
    copy = Travel(msgspec.json.decode(msgspec.json.encode(travel.state), type=TravelState))
    back = replace(there, seed=5)
    trail = at(back, 2.0)
    assert trail == at(back, 2.0, copy)
    assert trail[0] == ("seed 3.5", 0.5) and trail[1][0].startswith("seed 91.5")
    assert at(back, 2.5) != () and len(at(back, 3.0)) == 1
    assert at(back, 3.5) != () and at(back, 4.0) == ()
    assert at(replace(back, glide=0.0, seed=8), 4.5) == ()  # it cuts


def test_the_second_source_of_mixing_glides_as_the_first_does():
    travel = Travel()
    latents = Latents(source="noise", glide=2.0)
    mixing = Mixing(rows=(1.0,), seed=3, seed_speed=1.0)

    def at(mixing, now):
        params = Params(latents=latents, mixing=mixing)
        return travel.advance(params, Instant(now, dt=0.5, elapsed=0.5))

    assert (
        at(mixing, 0.0).trails.get("mixing", ()) == () == at(mixing, 0.5).trails.get("mixing", ())
    )
    motion = at(replace(mixing, seed=90), 1.0)
    assert motion.trails == {"mixing": (("seed 3.5", 0.0),)} and motion.trail == ()
    at(replace(mixing, seed=90), 1.5)
    motion = at(replace(mixing, seed=90), 2.0)
    assert motion.trails == {"mixing": (("seed 3.5", 0.5),)}
    assert other_motion(motion, "mixing").trail == motion.trails["mixing"]
    there = replace(mixing, source="library", entry="petals")
    trail = at(there, 2.5).trails["mixing"]
    assert [place for place, _ in trail] == ["seed 3.5", "seed 92"]
    assert travel.state is not None
    copy = msgspec.json.decode(msgspec.json.encode(travel.state), type=TravelState)
    assert copy == travel.state
    assert all(at(there, now).trails["mixing"] for now in (3.0, 3.5, 4.0))
    assert at(there, 4.5).trails == {}
    old = msgspec.json.decode(b'{"target": "seeds 3", "place": "seed 3"}', type=TravelState)
    assert old.others == {}  # of a take that knew of no second glide


def test_a_region_glides_by_itself():
    travel = Travel()

    def at(seed, now):
        regions = Regions(third=Region(strength=1.0, seed=seed))
        params = Params(latents=Latents(source="noise", glide=2.0), regions=regions)
        return travel.advance(params, Instant(now, dt=0.5, elapsed=0.5))

    assert at(3, 0.0).trails == {}
    assert at(90, 0.5).trails == {"regions.third": (("seed 3", 0.0),)}
    at(90, 1.0)
    motion = at(90, 1.5)
    assert motion.trails == {"regions.third": (("seed 3", 0.5),)} and motion.trail == ()
    assert other_motion(motion, "regions.third").trail == (("seed 3", 0.5),)
    at(90, 2.0)
    assert at(90, 2.5).trails == {}


def test_offline_the_frames_lie_where_they_did():
    params = Params(playback=Playback(speed=0.3))
    player = Player(Settings(), EvenClock(2.0, 24.0))
    for _ in range(100):
        player.advance(params)
        motion = player.resolve(params).motion
        assert motion is not None
        assert motion.positions["noise.x"] == pytest.approx(0.1 * player.instant.t, abs=1e-12)
    player.close()


def test_a_position_begins_where_a_command_says():
    player = Player(Settings(), EvenClock(5.0, 10.0))
    params = walking(1.0)
    player.advance(params)
    player.execute(c.Restart("seed", -0.1))
    assert seed_of(player, params) == -0.1
    player.advance(params)
    assert seed_of(player, params) == pytest.approx(0.0)
    travel = Travel()
    odd = Instant(1.0, restarts=("seed x", "seed inf", "unheard 3", "plane.x 2.5"))
    assert travel.advance(params, odd).positions["plane.x"] == 2.5
    assert travel.advance(params, odd).positions["seed"] == 0.0


def pushed(speed: float, friction: float, motion: float = 1.0) -> Params:
    plane = Plane(speed_x=speed, friction=friction)
    return Params(latents=Latents(source="plane", plane=plane, motion=motion))


def at(travel: Travel, params: Params, t: float, dt: float) -> float:
    instant = Instant(t, dt=dt, elapsed=abs(dt), beat=2.0 * t)
    return travel.advance(params, instant).positions["plane.x"]


@pytest.mark.parametrize("fps", [3, 50])
def test_friction_brings_the_plane_to_rest_at_any_frame_rate(fps):
    travel, params = Travel(), pushed(2.0, 0.5)
    places = [at(travel, params, n / fps, 1 / fps) for n in range(60 * fps)]
    assert places[fps] == pytest.approx(2.0 / 0.5 * (1.0 - math.exp(-0.5)))
    assert places[-1] == pytest.approx(4.0) and places == sorted(places)
    assert places[fps] == motion_at(params, 1.0).positions["plane.x"]


def test_the_fader_of_motion_moves_what_friction_left_and_a_push_begins_anew():
    travel = Travel()
    at(travel, pushed(1.0, 1.0), 0.0, 0.0)
    rest = at(travel, pushed(1.0, 1.0), 30.0, 30.0)
    assert rest == pytest.approx(1.0)
    for n in range(1, 40):  # a fader that is moved gives it no push
        assert at(travel, pushed(1.0, 1.0, motion=n / 20), 30.0 + n, 1.0) == pytest.approx(rest)
    assert at(travel, pushed(1.5, 1.0), 70.0, 1.0) == pytest.approx(rest)
    assert at(travel, pushed(1.5, 1.0), 100.0, 30.0) == pytest.approx(rest + 1.5)
    assert at(travel, pushed(1.5, 0.0), 100.0, 0.0) == pytest.approx(rest + 1.5)
    assert at(travel, pushed(1.5, 0.0), 102.0, 2.0) == pytest.approx(rest + 4.5)
    assert math.isfinite(at(travel, pushed(1.5, 100.0), 102.0, 0.0))
    assert math.isfinite(at(travel, pushed(1.5, 100.0), -86400.0, -86502.0))

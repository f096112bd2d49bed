"""Places by name, and where a path is."""

import pytest

from sgview.state.latent_paths import (
    loop_length,
    period_of,
    place_on,
    progress_of,
    stops_of,
    whereabouts,
)
from sgview.state.latent_places import (
    Between,
    FilePlace,
    PlanePlace,
    SeedPlace,
    Sum,
    read_place,
)
from sgview.state.motion import Motion
from sgview.state.params import Key, Latents, Noise, Params, Path, Plane

KEYS = (
    Key(at=3.0, place="seed 7", easing="smooth"),
    Key(at=1.0, place="seed 5"),
    Key(at=6.0, place="plane 2 0.5 -1"),
)


@pytest.mark.parametrize(
    "place",
    [SeedPlace(5.0), SeedPlace(-0.1), PlanePlace(3, 0.1, -2.0), FilePlace("a b#2"), SeedPlace(1e9)],
)
def test_places_are_read_as_they_are_written(place):
    assert read_place(str(place)) == place


@pytest.mark.parametrize(
    "text", ["", "seed", "seed x", "seed nan", "plane 1 2", "file", "walk 3", "seed 1e99"]
)
def test_what_is_no_place_is_refused_by_name(text):
    with pytest.raises(ValueError, match="is no place"):
        read_place(text)


def test_a_path_passes_its_keys_in_the_order_of_time():
    path = Path(keys=KEYS, closing=2.0)
    assert [stop.at for stop in stops_of(KEYS)] == [0.0, 2.0, 5.0]
    assert place_on(path, 0.0) == SeedPlace(5.0)
    assert place_on(path, 1.0) == Between(SeedPlace(5.0), SeedPlace(7.0), 0.5)
    assert place_on(path, 2.0) == SeedPlace(7.0)
    way = place_on(path, 3.5)
    assert isinstance(way, Between) and way.amount == pytest.approx(0.5)
    way = place_on(path, 6.0)  # on the way back
    assert way == Between(PlanePlace(2, 0.5, -1.0), SeedPlace(5.0), pytest.approx(0.5))
    assert place_on(path, 7.0) == place_on(path, -7.0) == SeedPlace(5.0)
    assert progress_of(path, 15.0).lap == 2 and progress_of(path, 16.5).key == 1


def test_ends():
    still = Path(keys=KEYS, ends="open")
    assert place_on(still, 99.0) == PlanePlace(2, 0.5, -1.0)
    assert place_on(still, -9.0) == SeedPlace(5.0)
    there = Path(keys=KEYS, ends="ping-pong")
    for ahead in (0.1, 1.7, 4.9):
        assert str(place_on(there, 5.0 + ahead))[:60] == str(place_on(there, 5.0 - ahead))[:60]
        assert place_on(there, 10.0 + ahead) == place_on(there, ahead)
    assert period_of(there) == 10.0 and period_of(still) == 0.0


@pytest.mark.parametrize("ends", ["closed", "ping-pong"])
def test_a_round_later_is_the_same_to_the_last_bit(ends):
    path = Path(keys=KEYS, closing=1.7, ends=ends)
    period = period_of(path)
    for n in range(200):
        position = period * n / 200
        assert place_on(path, position) == place_on(path, position + period)
        assert place_on(path, position) == place_on(path, position - 3 * period)


def test_a_cubic_way_passes_its_keys_without_a_corner():
    keys = tuple(Key(at=at, place=f"seed {n}") for n, at in enumerate((0.0, 1.0, 4.0, 5.0)))
    for ends in ("closed", "open"):
        path = Path(keys=keys, curve="cubic", ends=ends, closing=2.0)
        values = {0.0: 1.0, 1.0: -1.0, 2.0: 3.0, 3.0: 0.5}

        def at(position, path=path, values=values):
            way = place_on(path, position)
            parts = way.parts if isinstance(way, Sum) else ((way, 1.0),)
            assert sum(weight for _, weight in parts) == pytest.approx(1.0)
            return sum(weight * values[place.number] for place, weight in parts)

        for key in keys:
            assert at(key.at) == pytest.approx(values[float(key.place[5:])])
            if 0.0 < key.at < 5.0 or ends == "closed":
                before = at(key.at) - at(key.at - 1e-4)
                assert at(key.at + 1e-4) - at(key.at) == pytest.approx(before, abs=2e-7)


def test_few_and_bad_keys():
    assert place_on(Path(), 3.0) == SeedPlace(0.0)
    assert place_on(Path(keys=(Key(place="seed 4"),)), 3.0) == SeedPlace(4.0)
    bad = (Key(place="nonsense"), Key(at=0.0, place="seed 1"), Key(at=0.0, place="seed 2"))
    for ends in ("closed", "open", "ping-pong"):
        for curve in ("sphere", "linear", "cubic"):
            for position in (0.0, 1.0, 4.0, 100.0):
                place_on(Path(keys=bad, ends=ends, curve=curve), position)


def test_how_long_a_loop_takes():
    noise = Params(noise=Noise(loop=8.0, loop_unit="beats"), latents=Latents(motion=-2.0))
    assert loop_length(noise) == (4.0, True)
    path = Path(keys=KEYS, closing=3.0, speed=0.5)
    assert loop_length(Params(latents=Latents(source="path", path=path))) == (16.0, False)
    assert loop_length(Params())[0] == 0.0
    assert loop_length(Params(latents=Latents(source="seeds", seed_speed=1.0)))[0] == 0.0


def test_a_glide_leads_from_place_to_place():
    motion = Motion(positions={"plane.x": 0.5}, trail=(("seed 1", 0.5), ("seed 2.5", 0.25)))
    latents = Latents(source="plane", seed=3, plane=Plane(x=1.0))
    assert whereabouts(Params(latents=latents), motion) == Between(
        Between(SeedPlace(1.0), SeedPlace(2.5), 0.5), PlanePlace(3, 1.5, 0.0), 0.25
    )
    assert whereabouts(Params(), motion) is None

"""The dice stays within the source that plays."""

import pytest
from msgspec.structs import replace

from sgview.state.commands import Restart
from sgview.state.dice import has_dice, throw_dice
from sgview.state.latent_places import PlanePlace, SeedPlace, read_place
from sgview.state.params import Key, Latents, Params, Path, Plane

KEYS = (
    Key(at=0.0, place="seed 5"),
    Key(at=2.0, place="plane 3 1.5 -2", easing="in"),
    Key(at=4.0, place="file petals"),
    Key(at=6.0, place="plane 3 0 1"),
    Key(at=8.0, place="seed 7.5"),
    Key(at=10.0, place="seed 5"),
)


def on_path(*keys: Key) -> Params:
    return Params(latents=Latents(source="path", path=Path(keys=keys, speed=0.5)))


@pytest.mark.parametrize("source", ["noise", "seeds", "plane", "path", "library"])
def test_the_source_stays(source) -> None:
    params = Params(latents=Latents(source=source, path=Path(keys=KEYS), entry="a.npz"))
    thrown = throw_dice(params, 42, ["a.npz", "b.npz", "c.pt#2"]).params
    assert thrown.latents.source == source and thrown != params
    assert has_dice(params, ["a.npz", "b.npz"])


def test_keys_of_a_path_have_other_seeds_at_the_same_times() -> None:
    before = on_path(*KEYS)
    path = throw_dice(before, 42).params.latents.path
    assert path == replace(before.latents.path, keys=path.keys)
    assert [(key.at, key.easing) for key in path.keys] == [(key.at, key.easing) for key in KEYS]
    first, plane, file, same_plane, other, back = (read_place(key.place) for key in path.keys)
    assert first == back == SeedPlace(42.0)  # a journey back leads back
    assert isinstance(other, SeedPlace) and other not in (first, SeedPlace(7.5))
    assert isinstance(plane, PlanePlace) and isinstance(same_plane, PlanePlace)
    assert plane.seed == same_plane.seed != 3
    assert (plane.x, plane.y, same_plane.x, same_plane.y) == (1.5, -2.0, 0.0, 1.0)
    assert str(file) == "file petals"


def test_the_same_number_throws_the_same() -> None:
    before = on_path(*KEYS)
    assert throw_dice(before, 9) == throw_dice(before, 9) != throw_dice(before, 10)


def test_a_path_without_keys_gets_one() -> None:
    assert has_dice(on_path())
    keys = throw_dice(on_path(), 8).params.latents.path.keys
    assert [key.place for key in keys] == ["seed 8"]


def test_where_there_is_nothing_to_throw_all_stays() -> None:
    files = on_path(Key(place="file a"), Key(at=1.0, place="file b"), Key(at=2.0, place="nowhere"))
    assert not has_dice(files) and throw_dice(files, 3).params == files
    alone = Params(latents=Latents(source="library", entry="a.npz"))
    for library in ([], ["a.npz"]):
        assert not has_dice(alone, library) and throw_dice(alone, 3, library).params == alone


def test_another_latent_of_the_library_plays() -> None:
    library = [f"walk.pt#{number}" for number in range(1, 6)]
    params = Params(latents=Latents(source="library", entry="walk.pt#2"))
    played = {throw_dice(params, n, library).params.latents.entry for n in range(20)}
    assert played == set(library) - {"walk.pt#2"}


def test_the_seed_of_a_plane_changes_where_it_is() -> None:
    params = Params(latents=Latents(source="plane", plane=Plane(x=2.0)))
    thrown = throw_dice(params, 6)
    assert (thrown.params.latents.seed, thrown.params.latents.plane.x) == (6, 2.0)
    seeds = throw_dice(Params(latents=Latents(source="seeds")), 6)
    assert [Restart(name) for name in seeds.restarts] == [Restart("seed")]

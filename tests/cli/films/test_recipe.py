"""Chunks are known again by all that their pictures depend on; parts and pace of a film."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from sgview.cli.films.pace import Pace
from sgview.cli.films.parts import MANIFEST, Parts
from sgview.cli.films.recipe import Chunk, Recipe, chunks_of, digest_file
from sgview.show.takes.replay import Shot
from sgview.show.takes.take import RecordedNetwork
from sgview.state.motion import Motion
from sgview.state.params import Directions, Key, Latents, Layer, Mapping, Params
from sgview.state.params import Path as Path_
from sgview.state.user_files import UserFile
from sgview.state.validation import ConfigError

NETWORK = RecordedNetwork(path="a.pkl", name="a")
SHOTS = [Shot(Params(), n / 30, {"a": NETWORK}) for n in range(70)]
RECIPE = Recipe("png", 30.0)


class Digests:
    """All networks and all files that parameters name are the same."""

    def __init__(self, network: str, latent: str) -> None:
        self._network, self._latent = network, latent

    def digest(self, network: RecordedNetwork) -> str:
        return self._network

    def digest_named(self, file: UserFile) -> str:
        return self._latent


def chunks(
    shots: list[Shot] = SHOTS, recipe: Recipe = RECIPE, digest: str = "1", latent: str = "1"
) -> list[Chunk]:
    return list(chunks_of(shots, [recipe], Digests(digest, latent)))


def keys(*args: object, **kwargs: object) -> list[str]:
    return [chunk.keys[0] for chunk in chunks(*args, **kwargs)]  # type: ignore[arg-type]


def test_shots_are_divided_in_order() -> None:
    made = chunks()
    assert [(chunk.first, len(chunk.shots)) for chunk in made] == [(0, 30), (30, 30), (60, 10)]
    assert [shot for chunk in made for shot in chunk.shots] == SHOTS
    assert made[2].label == "pictures 60 to 69"
    assert [Recipe("png", fps).length for fps in (1.0, 24.0, 500.0)] == [16, 24, 64]


def test_a_chunk_is_known_by_all_that_its_pictures_depend_on() -> None:
    assert keys() == keys()
    assert len(set(keys())) == 3
    other = [*SHOTS[:69], replace(SHOTS[69], params=Params(layer=Layer(name="L2")))]
    assert keys(other)[:2] == keys()[:2]
    assert keys(other)[2] != keys()[2]
    changed = [
        keys(digest="2"),
        keys([replace(shot, t=shot.t + 1e-9) for shot in SHOTS]),
        keys([replace(shot, networks={"b": NETWORK}) for shot in SHOTS]),
        keys(recipe=replace(RECIPE, quality=3.0)),
        keys(recipe=replace(RECIPE, version="0")),
        keys(recipe=replace(RECIPE, precision="fp32")),
    ]
    assert all(not set(some) & set(keys()) for some in changed)


def test_a_chunk_is_known_by_the_files_that_play_in_it() -> None:
    assert keys(latent="2") == keys()  # none plays
    path = Path_(keys=(Key(place="seed 1"), Key(at=1.0, place="file petals#2")))
    for params in (
        Params(latents=Latents(source="library", entry="petals")),
        Params(latents=Latents(source="path", path=path)),
        Params(directions=Directions(amounts={"smile#2:1-3": 0.0})),
        Params(mapping=Mapping(centre="modes", centroids="kinds")),
    ):
        shots = [replace(shot, params=params) for shot in SHOTS]
        assert not set(keys(shots, latent="2")) & set(keys(shots))
    gliding = [replace(shot, motion=Motion(trail=(("file petals", 0.5),))) for shot in SHOTS]
    assert not set(keys(gliding, latent="2")) & set(keys(gliding))


def test_parts_are_kept_and_found_again(tmp_path: Path) -> None:
    out, film = tmp_path / "pictures", {"film": 1}
    some = chunks()
    parts = Parts(out, "png", film)
    assert not parts.is_same_film
    parts.begin()
    parts.keep(some[1], [b"%d" % n for n in range(30)])
    assert (out / "000030.png").read_bytes() == b"0"
    again = Parts(out, "png", film)
    assert again.is_same_film
    assert [again.has(chunk) for chunk in some] == [False, True, False]
    assert not Parts(out, "png", {"film": 2}).is_same_film
    (out / "000031.png").write_bytes(b"x")
    assert not again.has(some[1])
    assert not Parts(out, "png", film).has(replace(some[1], keys=("other",)))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: b"",
        lambda data: b"{",
        lambda data: b"[1]\n" + data,
        lambda data: b'{"a":' * 5000,
    ],
)
def test_a_spoilt_manifest_is_of_no_film(tmp_path: Path, spoil: Callable[[bytes], bytes]) -> None:
    parts = Parts(tmp_path / "film.mp4", "h264", {"film": 1})
    parts.begin()
    manifest = parts.folder / MANIFEST
    manifest.write_bytes(spoil(manifest.read_bytes()))
    assert not Parts(tmp_path / "film.mp4", "h264", {"film": 1}).is_same_film


def test_a_network_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no\.pkl cannot be read: No such file"):
        digest_file(tmp_path / "no.pkl")


def test_pace_counts_while_all_are_at_work() -> None:
    time = iter([0.0, 5.0, 6.0, 8.0, 9.0, 10.0])
    pace = Pace(lambda: next(time))
    for worker in (1, 1, 2, 1, 2):
        pace.note(worker, 30)
    assert (pace.began, pace.first, pace.last) == (0.0, 8.0, 9.0)
    assert pace.rate == 30.0
    assert Pace().rate == 0.0


def test_pace_counts_the_whole_run_once_a_worker_was_lost() -> None:
    """The one that came for it begins when all else is nearly done."""
    time = iter([0.0, 2.0, 3.0, 5.0, 9.9, 10.0])
    pace = Pace(lambda: next(time))
    for worker in (1, 2, 1):
        pace.note(worker, 30)
    pace.note_loss()
    for worker in (3, 1):
        pace.note(worker, 30)
    assert (pace.first, pace.last) == (2.0, 10.0)
    assert pace.rate == 4 * 30 / 8.0

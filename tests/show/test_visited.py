"""The strip of places, and the folder of the library."""

import numpy as np
import pytest

from sgview.app import dropped
from sgview.show.latent_folder import LatentFolder, save_latent
from sgview.show.visited import MOST, Visited
from sgview.state import commands as c
from sgview.state.motion import Motion
from sgview.state.params import Latents, Noise, Params
from tests.support.until import until

PIXELS = np.full((40, 60, 4), 200, np.uint8)


def seed(number: int) -> Params:
    return Params(latents=Latents(source="seeds", seed=number))


def test_each_place_is_noted_once_with_its_picture_when_it_is_reached():
    visited, fetched = Visited(), []

    def picture() -> np.ndarray:
        fetched.append(1)
        return PIXELS

    visited.note(seed(1), Motion(), picture)
    visited.note(seed(1), Motion(positions={"seed": 0.7}), picture)  # it walks on
    visited.note(seed(2), Motion(trail=(("seed 1", 0.4),)), picture)  # on the way there
    assert [visit.place for visit in visited.shown] == ["seed 1"] and len(fetched) == 1
    visited.note(seed(2), Motion(), picture)
    visited.note(Params(noise=Noise(seed=4)), Motion(), picture)
    visited.note(seed(1), Motion(), picture)
    assert [visit.place for visit in visited.shown] == ["noise 4", "seed 2", "seed 1"]
    assert len(fetched) == 4  # gone to again, it has its picture of now
    first = visited.shown[0].thumbnail
    assert first is not None and first.shape == (96, 96, 4)
    assert visited.thumbnails["visit seed 1"] is visited.thumbnails["visit seed 1"]


def test_thirty_are_shown_and_kept_ones_outlive_them_and_the_program(tmp_path):
    path = tmp_path / "kept.json"
    visited = Visited(path)
    for number in range(50):
        visited.note(seed(number), Motion(), lambda: PIXELS)
        if number == 3:
            visited.keep("seed 3", True)
    shown = [visit.place for visit in visited.shown]
    assert shown == [f"seed {n}" for n in range(49, 49 - MOST, -1)] + ["seed 3"]
    assert [(v.place, v.is_kept) for v in Visited(path).shown] == [("seed 3", True)]
    visited.keep("seed 3", False)
    assert Visited(path).shown == ()
    path.write_text("[1, nonsense")
    assert Visited(path).shown == ()


def test_no_click_moves_a_place_and_one_gone_to_again_stays_longest():
    visited = Visited()
    for number in range(MOST):
        visited.note(seed(number), Motion(), lambda: PIXELS)
    before = [visit.place for visit in visited.shown]
    visited.keep("seed 5", True)
    visited.note(seed(0), Motion(positions={"seed": 0.3}), lambda: PIXELS)  # it walked on meanwhile
    assert [visit.place for visit in visited.shown] == before
    visited.note(seed(MOST), Motion(), lambda: PIXELS)
    assert [visit.place for visit in visited.shown] == [f"seed {MOST}", *before[:-2], "seed 0"]


def test_the_folder_shows_what_is_saved(tmp_path):
    folder = LatentFolder(tmp_path / "latents", lambda: 0.0)
    path = folder.new_path("seed 5")
    assert path.name == "seed 5.npz"
    thumbnail = np.zeros((8, 8, 4), np.uint8)
    save_latent(path, {"ws": np.zeros((1, 2, 4), np.float32), "thumbnail": thumbnail})
    assert folder.new_path("seed 5").name == "seed 5 1.npz"
    np.save(tmp_path / "latents" / "w.npy", np.zeros(4, np.float32))
    (tmp_path / "latents" / "damaged.npz").write_bytes(b"PK")
    (tmp_path / "latents" / "notes.txt").write_text("no latent")

    def found() -> bool:
        folder.look_again()
        folder.poll()
        return len(folder.entries) == 3

    until(found)
    assert sorted(folder.entries) == ["damaged.npz", "seed 5.npz", "w.npy"]
    assert list(folder.thumbnails) == ["latent seed 5.npz"]
    folder.close()


@pytest.mark.parametrize("name", ["w.npy", "w.npz", "small.pt", "small.safetensors"])
def test_dropped_latents_play(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"x" * 100)
    assert dropped.sort([path], "b").commands == [c.OpenLatent(path)]

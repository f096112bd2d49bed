"""What the program in its window saves and opens, driven by synthetic mouse and keys."""

from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from PIL import Image

from sgview.outputs.snapshot import load_snapshot_params
from sgview.state.commands import (
    LoadNetwork,
    Rewind,
    SaveLatent,
    SaveSnapshot,
    TogglePause,
)
from sgview.state.params import Key, Latents, Mixing, Params, Plane, Playback, View
from sgview.state.params import Path as LatentPath
from sgview.state.presets import load_preset
from tests.support.app import SG3_A as A
from tests.support.app import SG3_B as B
from tests.support.driver import Driver

pytestmark = pytest.mark.gl


def test_s_saves_what_is_shown_with_its_parameters(driver: Driver) -> None:
    driver.key("x")
    pixels = driver.settle()
    driver.key("s")
    driver.until(lambda: any("Saved" in n.text for n in driver.app.status.notices))
    (path,) = (driver.folder / "shots").glob("*.png")
    with Image.open(path) as image:
        np.testing.assert_array_equal(np.asarray(image), pixels[..., :3])
    assert load_snapshot_params(path) == driver.app.params
    driver.app.params = Params()
    driver.app.screen.window.on_drop([path])
    driver.frames()
    assert driver.app.params.view.flip_horizontal


def save_picture(driver: Driver) -> Path:
    """Save what is shown as a picture."""
    path = driver.folder / "shots" / f"{len(list((driver.folder / 'shots').glob('*')))} here.png"
    driver.app.execute(SaveSnapshot(path))
    driver.until(lambda: any(str(path) in n.text for n in driver.app.status.notices))
    return path


def test_a_dropped_picture_brings_its_place_back(driver: Driver) -> None:
    app = driver.app
    plane = Plane(x=0.25, speed_x=0.5, speed_y=-0.3)
    app.params = Params(latents=Latents(source="plane", seed=3, plane=plane))
    app.execute(TogglePause())
    driver.until(lambda: app.picture.motion.positions["plane.x"] > 0.02)
    app.execute(TogglePause())
    before = driver.settle().copy()
    path = save_picture(driver)
    driver.key("d")  # elsewhere
    app.execute(Rewind())
    assert (driver.settle() != before).any()
    app.screen.window.on_drop([path])
    driver.frames()
    np.testing.assert_array_equal(driver.settle(), before)


def test_a_picture_whose_file_is_gone_plays_the_latent_that_it_carries(driver: Driver) -> None:
    app = driver.app
    library = app.show.library.folder
    library.mkdir(parents=True, exist_ok=True)
    z = np.random.default_rng(5).normal(size=len(app.status.picture.latent)).astype(np.float32)
    np.savez(library / "petals.npz", z=z)
    app.params = Params(latents=Latents(source="library", entry="petals.npz"))
    before = driver.settle().copy()
    path = save_picture(driver)
    (library / "petals.npz").unlink()
    app.worker.forget_latents()
    app.params = Params()
    assert (driver.settle() != before).any()
    app.screen.window.on_drop([path])
    driver.frames()
    assert app.params.latents.entry == str(path)
    np.testing.assert_array_equal(driver.settle(), before)


def test_a_picture_from_a_glide_of_the_second_source_plays_what_it_carries(driver: Driver) -> None:
    app = driver.app
    mixing = Mixing(rows=(1.0,) * 40, seed=3)
    app.params = Params(latents=Latents(source="seeds", glide=3600.0), mixing=mixing)
    before = driver.settle().astype(int)
    app.params = replace(app.params, mixing=Mixing(rows=mixing.rows, seed=9))
    driver.until(lambda: any(app.picture.motion.trails.values()))
    path = save_picture(driver)
    app.params = Params()
    assert np.abs(driver.settle() - before).max() > 5
    app.screen.window.on_drop([path])
    driver.frames()
    assert app.params.latents.entry == str(path)
    assert np.abs(driver.settle() - before).max() <= 1


def test_a_key_on_the_way_is_added_once_its_latent_is_written(driver: Driver) -> None:
    app = driver.app
    keys = (Key(at=0.0, place="seed 1"), Key(at=4.0, place="seed 2"))
    path = LatentPath(keys=keys, position=1.7, ends="open")
    app.params = Params(latents=Latents(source="path", path=path))
    before = driver.settle().copy()
    app.execute(SaveLatent(is_key=True))
    driver.until(lambda: len(app.params.latents.path.keys) == 3)
    new = app.params.latents.path.keys[2]
    assert new.at == 8.0
    app.params = Params(latents=Latents(source="library", entry=new.place.removeprefix("file ")))
    np.testing.assert_array_equal(driver.settle(), before)
    assert not [n for n in app.status.notices if n.level == "warning"]


def test_preset_is_saved_and_opened_by_typing_its_name(
    driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path("one.toml")
    params = Params(view=View(flip_vertical=True), playback=Playback(speed=0.5))
    driver.app.params = params
    driver.key("ctrl+s")
    driver.until(lambda: driver.app.status.path_prompt is not None)
    driver.frames()
    driver.key("ctrl+a")
    driver.type(str(path))
    driver.key("Return")
    driver.until(path.exists)
    assert load_preset(path) == params
    driver.app.params = Params()
    driver.key("ctrl+o")
    driver.until(lambda: driver.app.status.path_prompt is not None)
    driver.frames()
    driver.type(str(path))
    driver.key("Return")
    driver.until(lambda: driver.app.params == params)
    driver.key("ctrl+z")
    assert driver.app.params == Params()


def test_a_dropped_file_that_is_no_network_leaves_a_notice_and_the_old_network(
    driver: Driver, tmp_path: Path
) -> None:
    before = driver.settle()
    path = tmp_path / "broken.pkl"
    path.write_bytes(b"<!DOCTYPE html><html>404</html>")
    recent = driver.app.status.recent
    driver.app.screen.window.on_drop([path])
    driver.until(lambda: any("broken.pkl" in n.text for n in driver.app.status.notices))
    assert driver.app.status.engine.networks["a"].name == A.stem
    assert driver.app.status.recent == recent
    np.testing.assert_array_equal(driver.settle(), before)


def test_a_dropped_preset_with_a_wrong_key_says_which(driver: Driver, tmp_path: Path) -> None:
    path = tmp_path / "look.toml"
    path.write_text("[noise]\nperod = 3\n")
    driver.app.screen.window.on_drop([path])
    driver.frames()
    assert any("noise.perod" in n.text for n in driver.app.status.notices)
    assert driver.app.params == Params()


def test_dropped_networks_play_and_are_remembered(driver: Driver) -> None:
    app, playing = driver.app, driver.playing
    app.screen.window.on_drop([B, A])
    driver.until(lambda: playing() == {"a": B.stem, "b": A.stem})
    assert {Path(path).name for path in app.status.recent} >= {A.name, B.name}
    swapped = driver.settle()
    app.screen.window.on_drop([A])
    driver.until(lambda: playing()["a"] == A.stem)
    app.execute(LoadNetwork("b", B))
    driver.until(lambda: playing()["b"] == B.stem)
    # a network is set before its first picture is made, and both networks may come before that
    driver.until(lambda: (driver.settle() != swapped).any())

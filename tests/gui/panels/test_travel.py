"""The panel of what moves the picture, by mouse and keys."""

import pytest
from imgui_bundle import imgui
from msgspec.structs import replace

from sgview.state.commands import KeepPlace, Restart, SaveLatent
from sgview.state.params import Key, Latents, Noise, Params, Path, Plane
from sgview.state.status import LatentStatus, ShowStatus, VisitedStatus


def test_the_fader_reverses_and_rests_at_0(make_stage) -> None:
    stage = make_stage()
    stage.show("Latents")
    bar = stage.find("##Motion")
    width = bar.high[0] - bar.low[0]  # of which 4 lie on it, from -2 to 2
    stage.drag("##Motion", -width / 8)
    assert 0.3 < stage.params.latents.motion < 0.8
    stage.drag("##Motion", -width / 2)
    assert stage.params.latents.motion < -0.5
    rested = make_stage(Params(latents=Latents(motion=0.3)))
    rested.show("Latents")
    width = rested.find("##Motion").high[0] - rested.find("##Motion").low[0]
    rested.drag("##Motion", round(-0.3 * width / 4.0))
    assert rested.params.latents.motion == 0.0


def test_dice_and_neighbours(make_stage) -> None:
    stage = make_stage(Params(latents=Latents(source="seeds", seed=5)))
    stage.show("Latents")
    stage.click("next seed")
    assert stage.params.latents.seed == 6
    stage.click("previous seed")
    stage.click("previous seed")
    assert stage.params.latents.seed == 4
    stage.click("dice")
    assert stage.params.latents.source == "seeds" and Restart("seed") in stage.commands
    noise = make_stage(Params(noise=Noise(seed=9)))
    noise.show("Latents")
    noise.click("next seed")
    assert noise.params.noise.seed == 10 and noise.params.latents == Latents()


def test_a_source_chosen_by_hand_moves(make_stage) -> None:
    stage = make_stage()
    stage.show("Latents")
    stage.click("##Source")
    stage.click("Plane")
    assert stage.params.latents.source == "plane"
    assert stage.params.latents.plane.speed_x > 0.0


def test_the_strip_goes_there_and_keeps(make_stage, fakes) -> None:
    visited = (VisitedStatus("seed 7.25"), VisitedStatus("noise 3", is_kept=True))
    status = replace(fakes.status(), show=ShowStatus(visited=visited))
    stage = make_stage(Params(), status)
    stage.show("Latents")
    stage.click("##visit seed 7.25")
    latents = stage.params.latents
    assert (latents.source, latents.seed, latents.between) == ("seeds", 7, 0.25)
    assert Restart("seed") in stage.commands
    stage.click("##visit noise 3")
    assert stage.params.latents.source == "noise" and stage.params.noise.seed == 3
    stage.click("##visit seed 7.25", button=1)
    stage.click("Keep it")
    assert KeepPlace("seed 7.25", True) in stage.commands
    stage.click("##visit seed 7.25", button=1)
    stage.click("Add to the path")
    assert stage.params.latents.path.keys[0].place == "seed 7.25"


def test_the_map_is_dragged_and_drifts_on(make_stage) -> None:
    still = Params(latents=Latents(source="plane", plane=Plane()))
    stage = make_stage(still)
    stage.show("Latents")
    stage.drag("##plane", -60)
    plane = stage.params.latents.plane
    assert plane.x > 0.05 and plane.speed_x > 0.0 and abs(plane.y) < 1e-6


def test_keys_of_a_path(make_stage, fakes) -> None:
    path = Path(keys=(Key(at=0.0, place="seed 1"), Key(at=4.0, place="seed 2")))
    stage = make_stage(Params(latents=Latents(source="path", path=path)))
    stage.show("Latents")
    stage.click("remove key")
    assert [key.place for key in stage.params.latents.path.keys] == ["seed 2"]
    stage.click("add key")
    assert SaveLatent(is_key=True) in stage.commands


def test_the_library(make_stage, fakes) -> None:
    library = (LatentStatus("petals.npz"),)
    status = replace(fakes.status(), show=ShowStatus(library=library))
    stage = make_stage(Params(latents=Latents(source="library")), status)
    stage.show("Latents")
    stage.click("##latent petals.npz")
    assert stage.params.latents.entry == "petals.npz"
    stage.click("##save latent")
    assert SaveLatent() in stage.commands
    assert "previous seed" in [item.label.partition("##")[2] for item in stage.items]


@pytest.mark.parametrize(("key", "by"), [(imgui.Key.right_arrow, 1), (imgui.Key.left_arrow, -1)])
def test_keys_step(make_stage, key, by) -> None:
    stage = make_stage()
    stage.key(key)
    assert stage.params.noise.seed == Noise().seed + by


def test_d_throws_the_dice(make_stage) -> None:
    stage = make_stage()
    seeds = set()
    for _ in range(4):
        stage.key(imgui.Key.d)
        seeds.add(stage.params.noise.seed)
    assert len(seeds) > 1

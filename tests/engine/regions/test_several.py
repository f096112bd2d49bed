"""Several latents in one picture, as the engine plays them from parameters."""

from typing import Any

import numpy as np
import pytest
import torch
from msgspec.structs import replace
from PIL import Image

from sgview.engine.acceleration import Acceleration
from sgview.engine.engine import Engine
from sgview.engine.live_latents import LiveLatents
from sgview.engine.network import Network
from sgview.engine.regions.several import OBSTACLE
from sgview.state.canvas import Canvas
from sgview.state.motion import Motion
from sgview.state.params import (
    Directions,
    Edit,
    Latents,
    Layer,
    Mapping,
    Mixing,
    Params,
    Region,
    Regions,
    View,
    Walk,
)
from stylegan3 import Grid
from stylegan3 import Regions as Mixed
from tests.support.networks import SMALL1, SMALL2, SMALL3, SMALL_XL, lively

LEFT_RIGHT = Region(strength=1.0, seed=8, softness=0.0)
FIRST = Latents(source="seeds", seed=3)


def normal(seed: int, length: int) -> torch.Tensor:
    return torch.randn(1, length, generator=torch.Generator().manual_seed(seed))


def halves(grid: Grid) -> torch.Tensor:
    right = (torch.arange(grid.width) >= grid.width / 2).float().expand(1, grid.height, -1)
    return torch.stack([1 - right, right])


@pytest.mark.parametrize("config", [SMALL1, SMALL2, SMALL3, SMALL_XL], ids=lambda c: c.family)
def test_a_region_is_its_latent_mixed_in_the_rows_that_are_set(config: Any) -> None:
    generator: Any = lively(config)
    params = Params(
        latents=FIRST,
        mapping=Mapping(truncation_psi=0.7),
        regions=Regions(second=LEFT_RIGHT, first_row=1, last_row=generator.num_ws - 2),
    )
    with Engine("cpu") as engine, torch.no_grad():
        engine.set_network("a", Network.of(generator, "small"))
        ws = torch.cat(
            [
                generator.mapping(normal(seed, generator.z_dim), truncation_psi=0.7)
                for seed in (3, 8)
            ]
        )
        mixed = Mixed(halves, 1, generator.num_ws - 2)
        wanted = generator.synthesis(ws, regions=mixed)
        assert torch.allclose(engine.synthesise(params), wanted, atol=1e-4)
        layer = generator.synthesis.layers[-2].name
        shown = engine.synthesise(replace(params, layer=Layer(name=layer)))
        wanted = generator.synthesis(ws, regions=mixed, layer=layer)
        assert torch.allclose(shown, wanted, atol=1e-4)


@pytest.fixture
def engine(sg2):
    with Engine("cpu") as engine:
        engine.set_network("a", sg2)
        yield engine


def pixels(engine: Engine, params: Params, motion: Motion | None = None) -> np.ndarray:
    picture = engine.render(params, 0.0, motion)
    assert picture is not None
    return picture.rgba8.numpy().copy()


def difference(a: np.ndarray, b: np.ndarray) -> int:
    return int(np.abs(a.astype(int) - b.astype(int)).max())


def with_second(region: Region, **values: Any) -> Params:
    return Params(latents=FIRST, regions=Regions(second=region), **values)


def test_off_it_is_the_same_bytes_and_the_same_call(engine, monkeypatch) -> None:
    plain = pixels(engine, Params(latents=FIRST))
    off = replace(LEFT_RIGHT, strength=0.0, mask="radial", speed_x=1.0)
    monkeypatch.setattr(LiveLatents, "several", None)  # nothing of it is asked for
    assert np.array_equal(pixels(engine, with_second(off)), plain)
    picture = engine.render(with_second(off), 0.0)
    assert picture is not None and OBSTACLE not in picture.status.made_by


def test_where_a_mask_is_white_everywhere_its_latent_plays(engine) -> None:
    everywhere = replace(LEFT_RIGHT, mask="radial", size=60.0)
    other = pixels(engine, Params(latents=replace(FIRST, seed=8)))
    assert difference(pixels(engine, with_second(everywhere)), other) <= 1
    nowhere = replace(everywhere, invert=True)
    alone = pixels(engine, Params(latents=FIRST))
    assert difference(pixels(engine, with_second(nowhere)), alone) <= 1
    over = Regions(second=LEFT_RIGHT, fourth=replace(everywhere, seed=5))
    wanted = pixels(engine, Params(latents=replace(FIRST, seed=5)))
    assert difference(pixels(engine, Params(latents=FIRST, regions=over)), wanted) <= 1


def test_speeds_move_mask_and_seed(engine) -> None:
    params = with_second(replace(LEFT_RIGHT, softness=0.3))
    moved = Motion(positions={"regions.second.x": 0.2, "regions.second.seed": 1.0})
    set_by_hand = with_second(replace(LEFT_RIGHT, softness=0.3, x=0.2, seed=9))
    assert np.array_equal(pixels(engine, params, moved), pixels(engine, set_by_hand, Motion()))
    assert difference(pixels(engine, params, moved), pixels(engine, params, Motion())) > 5


def test_frames_are_the_same_in_any_order(engine) -> None:
    params = with_second(Region(strength=1.0, mask="band", speed_x=0.2, seed_speed=0.3))
    first = [pixels(engine, params, None)]
    picture = engine.render(params, 2.0)
    assert picture is not None
    later = picture.rgba8.numpy().copy()
    assert np.array_equal(pixels(engine, params), first[0])
    again = engine.render(params, 2.0)
    assert again is not None and np.array_equal(again.rgba8.numpy(), later)
    assert difference(first[0], later) > 5


def test_what_shapes_w_shapes_all_but_mixing_is_of_the_first(engine) -> None:
    everywhere = replace(LEFT_RIGHT, mask="radial", size=60.0)
    shaped = {"walk": Walk(reach=0.5), "directions": Directions(amounts={"sefa1": 2.0})}
    made = pixels(engine, with_second(everywhere, **shaped))
    wanted = pixels(engine, Params(latents=replace(FIRST, seed=8), **shaped))
    assert difference(made, wanted) <= 1
    mixed = with_second(everywhere, mixing=Mixing(rows=(1.0,) * 20, seed=1))
    wanted = pixels(engine, Params(latents=replace(FIRST, seed=8)))
    assert difference(pixels(engine, mixed), wanted) <= 1
    edits = (Edit(tensor="synthesis.b8.conv0.bias", operation="add", amount=0.7),)
    made = pixels(engine, with_second(everywhere, edits=edits))
    wanted = pixels(engine, Params(latents=replace(FIRST, seed=8), edits=edits))
    assert difference(made, wanted) <= 1


def test_it_plays_on_a_canvas_and_is_flipped_with_the_picture(engine) -> None:
    params = with_second(LEFT_RIGHT, canvas=Canvas(shape="2:1"))
    made = pixels(engine, params)
    assert made.shape[1] == 2 * made.shape[0]
    alone = pixels(engine, Params(latents=FIRST, canvas=Canvas(shape="2:1")))
    near = made.shape[0] // 8
    assert difference(made[:, :near], alone[:, :near]) < difference(made, alone)
    flipped = pixels(engine, replace(params, view=View(flip_horizontal=True)))
    assert np.array_equal(flipped, made[:, ::-1])


def test_a_picture_is_a_mask_and_one_that_is_gone_is_told(engine, tmp_path) -> None:
    path = tmp_path / "right.png"
    values = np.zeros((64, 64), np.uint8)
    values[:, 32:] = 255
    Image.fromarray(values).save(path)
    region = replace(LEFT_RIGHT, mask="file", size=1.0, file=str(path))
    made, line = pixels(engine, with_second(region)), pixels(engine, with_second(LEFT_RIGHT))
    alone = pixels(engine, Params(latents=FIRST))
    close = np.abs(made.astype(int) - line).mean()
    assert close < 0.3 * np.abs(made.astype(int) - alone).mean()
    assert engine.take_notices() == []
    Image.fromarray(255 - values).save(path)
    engine.found.masks.forget()
    assert difference(pixels(engine, with_second(region)), made) > 5
    gone = with_second(replace(region, file=str(tmp_path / "gone.png")))
    assert difference(pixels(engine, gone), alone) <= 1
    assert "gone.png" in engine.take_notices()[0].text


def test_layers_are_timed_and_the_status_says_why_modules_play(sg2, monkeypatch) -> None:
    monkeypatch.setattr(Acceleration, "obstacle", lambda self, device: "")  # as with a card
    params = with_second(LEFT_RIGHT)
    with Engine("cpu") as engine:
        engine.set_network("a", sg2)
        times = engine.time_layers(params, 0.0)
        assert times is not None and any(step.stage == "b8.conv0" for step in times.steps)
        picture = engine.render(params, 0.0)
        assert picture is not None and OBSTACLE in picture.status.made_by

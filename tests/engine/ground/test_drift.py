"""Pixel noise that drifts sideways, round the edges of the picture."""

import numpy as np
import pytest
import torch

from sgview.engine.engine import Engine
from sgview.engine.ground.drift import Drift
from sgview.engine.network import Network, tensors_of
from sgview.show.travel import Travel
from sgview.signals.incoming import Instant
from sgview.state.ground_params import loop_of
from sgview.state.motion import Motion
from sgview.state.params import Edit, Ground, Noise, Params, PixelNoise
from tests.support.networks import SMALL1, SMALL2, lively

STILL = Noise(translate_speed=(0.0, 0.0, 0.0))
CONST = "synthesis.b32.conv1.noise_const"


def drifting(**noise) -> Params:
    return Params(noise=STILL, ground=Ground(noise=PixelNoise(**noise)))


@pytest.fixture(params=[SMALL1, SMALL2], ids=["sg1", "sg2"])
def engine(request):
    with Engine("cpu") as engine:
        engine.set_network("a", Network.of(lively(request.param), "small"))
        yield engine


@pytest.fixture
def sg2():
    with Engine("cpu") as engine:
        engine.set_network("a", Network.of(lively(SMALL2), "small"))
        yield engine


def picture(engine: Engine, params: Params, motion: Motion) -> torch.Tensor:
    made = engine.render(params, 0.0, motion)
    assert made is not None
    return made.rgba8.clone()


def noise_of(engine: Engine) -> dict[str, torch.Tensor]:
    (live,) = engine._live.values()
    tensors = tensors_of(live.generator).items()
    return {n: tensor.clone() for n, tensor in tensors if n.endswith("noise_const")}


def moved_to(engine: Engine, x: float, y: float = 0.0, params: Params | None = None):
    positions = {"ground.noise.x": x, "ground.noise.y": y}
    picture(engine, params or Params(), Motion(positions=positions))
    return noise_of(engine)


def test_whole_pixels_are_rolled_right_and_up_in_every_layer(engine):
    own = noise_of(engine)
    moved = moved_to(engine, 0.25, 0.5)
    for name, noise in own.items():
        height, width = noise.shape
        wanted = noise.roll((-height // 2, width // 4), (0, 1))
        assert torch.allclose(moved[name], wanted, atol=2e-5), name
    rounds = moved_to(engine, -3.0, 7.0)
    assert all(torch.equal(rounds[name], own[name]) for name in own)


@pytest.mark.parametrize("size", [(4, 4), (7, 5), (16, 8), (64, 64), (1, 6)])
def test_between_pixels_it_is_as_strong_and_moves_evenly(size):
    generator = torch.Generator().manual_seed(3)
    noises = [torch.randn(*size, generator=generator) for _ in range(200)]
    before = torch.stack(noises)
    drift = Drift(noises)
    drift.take()
    for way in ((0.5 / size[1], 0.0), (0.3 / size[1], 0.77 / size[0]), (0.123, 0.877)):
        drift.move(way)
        now = torch.stack(noises)
        assert now.square().mean().item() == pytest.approx(1.0, abs=0.06)
    drift.move((2.0 / size[1], 1.0 / size[0]))
    assert torch.allclose(torch.stack(noises), before.roll((-1, 2), (1, 2)), atol=2e-5)


def test_it_drifts_under_blends_edits_and_moving_noise(sg2):
    """What is below is taken over; a frame depends on parameters and motion alone."""
    way = Motion(positions={"ground.noise.x": 0.3, "ground.noise.y": 0.1, "ground.noise": 1.4})
    edited = Params(edits=(Edit(tensor=CONST, amount=2.0),))
    wanted = picture(sg2, edited, way)
    for params, motion in ((Params(), way), (edited, Motion()), (Params(), Motion())):
        picture(sg2, params, motion)
        assert torch.equal(picture(sg2, edited, way), wanted)
    own = noise_of(sg2)
    picture(sg2, Params(), Motion())
    assert not torch.equal(noise_of(sg2)[CONST], own[CONST])
    plain = Network.of(lively(SMALL2), "small").generator.get_buffer(CONST)
    assert torch.equal(noise_of(sg2)[CONST], plain)


def test_what_stands_still_is_written_once(sg2):
    moved_to(sg2, 0.2)
    (live,) = sg2._live.values()
    before = [tensor._version for tensor in tensors_of(live.generator).values()]
    moved_to(sg2, 0.2)
    assert before == [tensor._version for tensor in tensors_of(live.generator).values()]


@pytest.mark.parametrize("fields", [1, 3])
def test_a_loop_that_drifts_has_no_seam(engine, fields):
    params = drifting(speed_x=0.2, speed_y=-0.4, loop=4.0, loop_fields=fields)
    assert loop_of(params.ground) == (4.0, False)
    pictures = [engine.synthesise(params, t) for t in (0.3, 1.4, 4.3, 40.3)]
    assert torch.equal(pictures[0], pictures[2]) and torch.equal(pictures[0], pictures[3])
    assert not torch.equal(pictures[0], pictures[1])
    assert loop_of(drifting(speed_x=1.0).ground) == (0.0, False)


def test_in_a_loop_it_takes_whole_rounds_and_never_jumps_when_that_changes():
    travel, now, places = Travel(), 0.0, []
    settings = [{}] * 8 + [{"loop": 8.0}] * 8 + [{"loop": 8.0, "loop_unit": "beats"}] * 8
    for noise in settings:
        params = drifting(speed_x=-0.2, **noise)
        motion = travel.advance(params, Instant(now, dt=0.25, elapsed=0.25, beat=2.0 * now))
        places.append(motion.positions["ground.noise.x"])
        now += 0.25
    steps = np.diff(places)
    assert steps[:8] == pytest.approx(-0.2 * 0.25)
    assert steps[9:15] == pytest.approx(-2 / 8 * 0.25)
    assert steps[17:] == pytest.approx(-2 / 8 * 0.5)
    assert np.abs(steps).max() <= 2 / 8 * 0.5 + 1e-9

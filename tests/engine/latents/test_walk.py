"""The random walk: within the cloud, the same at each position however it is come by, looped."""

import numpy as np
import pytest
import torch
from msgspec.structs import replace

from sgview.engine.engine import Engine
from sgview.engine.latents.walk import KEEP, WalkRows, weights_of
from sgview.state.latent_paths import loop_length
from sgview.state.motion import Motion, motion_at
from sgview.state.params import Latents, Params, Walk

WALK = Walk(reach=1.0)


def offsets(walk: Walk, positions: list[float], rows: WalkRows | None = None) -> torch.Tensor:
    """Return the walk of a cloud that is the normal distribution, [n, 64]."""
    rows = rows or WalkRows()
    name = "walk.loop" if walk.loop else "walk"
    found = [
        rows.offset(walk, Motion(positions={name: at}), (), lambda z: z, 64, lambda x: x)
        for at in positions
    ]
    return torch.cat(found)


def test_the_walk_is_that_of_ornstein_and_uhlenbeck():
    steps = offsets(WALK, [float(step) for step in range(600)]).numpy()
    assert abs(steps.std() - 1.0) < 0.03 and abs(steps.mean()) < 0.03
    for lag in (1, 4, 10):
        correlation = np.mean(steps[lag:] * steps[:-lag])
        assert abs(correlation - KEEP**lag) < 0.06
    assert np.linalg.norm(steps, axis=1).max() < 1.6 * np.sqrt(64)


def test_a_place_of_the_walk_is_the_same_however_it_is_come_by():
    places = [n * 0.37 - 20.0 for n in range(200)]
    walked = offsets(WALK, places)
    backwards = offsets(WALK, places[::-1]).flip(0)
    alone = torch.cat([offsets(WALK, [place]) for place in places[::17]])
    assert torch.equal(walked, backwards) and torch.equal(walked[::17], alone)
    assert walked.diff(dim=0).norm(dim=1).max() < 5.0  # of steps of about 5.6: no jumps
    near = offsets(WALK, [7.0 - 1e-6, 7.0 + 1e-6])
    assert (near[0] - near[1]).abs().max() < 1e-4
    assert not torch.equal(walked[:1], offsets(replace(WALK, seed=1), places[:1]))
    far = offsets(WALK, [1e7 + 0.5])
    assert torch.isfinite(far).all() and 4.0 < far.norm() < 14.0


@pytest.mark.parametrize("steps", [3, 8, 40])
def test_a_loop_comes_back_and_is_as_wide(steps):
    walk = Walk(reach=1.0, loop=4.0, loop_steps=steps)
    turns = offsets(walk, [n / 64 for n in range(65)])
    assert torch.equal(turns[0], turns[64])
    ends = offsets(walk, [1.0 - 1e-7, 1.0])
    assert (ends[0] - ends[1]).abs().max() < 1e-3
    knots = torch.cat([offsets(replace(walk, seed=s), [0.0]) for s in range(60)])
    assert abs(float(knots.std()) - 1.0) < 0.05


def test_weights_at_a_step_are_those_of_the_process():
    _, weights = weights_of(WALK, 5.0)
    kept = [weight for weight in weights if weight]
    assert kept == sorted(kept) and abs(sum(w * w for w in weights) - 1.0) < 1e-9


def test_a_picture_of_the_walk_is_one_of_its_position(sg3):
    params = Params(latents=Latents(source="seeds", seed=2), walk=Walk(reach=0.8, speed=2.0))
    with Engine("cpu") as engine, Engine("cpu") as other:
        engine.set_network("a", sg3)
        other.set_network("a", sg3)
        pictures = []
        for frame in range(60):
            picture = engine.render(params, frame / 6)
            assert picture is not None
            pictures.append(picture.rgba8.clone())
        late = other.render(params, 58 / 6)
        assert late is not None and torch.equal(late.rgba8, pictures[58])
        still = engine.render(replace(params, walk=replace(params.walk, reach=0.0)), 58 / 6)
        assert still is not None and not torch.equal(still.rgba8, pictures[58])


def test_a_loop_of_the_walk_is_what_render_repeats():
    walk = Walk(reach=0.5, loop=6.0, loop_unit="beats")
    params = Params(latents=Latents(source="seeds"), walk=walk)
    assert loop_length(params) == (6.0, True)
    assert loop_length(replace(params, walk=replace(walk, reach=0.0))) == (0.0, False)
    assert motion_at(params, 3.0, beat=12.0).positions["walk.loop"] == 2.0

"""The ground in the engine: what parameters make of the tensors, and of the picture."""

import math
import zlib

import numpy as np
import pytest
import torch
from msgspec.structs import replace

from sgview.engine.engine import Engine
from sgview.engine.network import Network, tensors_of
from sgview.state.motion import Motion, motion_at
from sgview.state.params import (
    Blend,
    Digression,
    Edit,
    Ground,
    InputTransform,
    Params,
    PixelNoise,
)
from tests.support.networks import SMALL1, SMALL2, SMALL3, SMALL_XL, lively

CONFIGS = {"sg1": SMALL1, "sg2": SMALL2, "sg3": SMALL3, "xl": SMALL_XL}
EVERYTHING = Ground(
    input=InputTransform(x=0.2, y=-0.1, rotate=20.0, scale=1.3, shear=0.2, speed_x=0.1),
    noise=PixelNoise(strength=1.7, layers={"b8_conv0": 0.5, "b4_Const": 3.0}, seed=3, moving=0.7),
    constant=Digression(amount=0.8),
)
CHANGES = {
    "input": Ground(input=InputTransform(x=0.2)),
    "noise": Ground(noise=PixelNoise(strength=1.7)),
    "constant": Ground(constant=Digression(amount=0.8)),
}
HAS = {  # which parts a family has
    "sg1": ("noise", "constant"),
    "sg2": ("noise", "constant"),
    "sg3": ("input", "constant"),
    "xl": ("input", "constant"),
}


@pytest.fixture(scope="module")
def networks() -> dict[str, Network]:
    return {name: Network.of(lively(config), name) for name, config in CONFIGS.items()}


@pytest.fixture(params=CONFIGS)
def family(request) -> str:
    return request.param


@pytest.fixture
def playing(networks, family):
    with Engine("cpu") as engine:
        engine.set_network("a", networks[family])
        yield engine


def live_tensors(engine: Engine) -> dict[str, torch.Tensor]:
    """What the live generator holds."""
    (live,) = engine._live.values()  # there is no other way to look at it
    return {name: tensor.clone() for name, tensor in tensors_of(live.generator).items()}


def is_equal(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(a[name], b[name]) for name in a)


def test_each_part_acts_where_a_family_has_it(playing, family):
    plain = playing.synthesise(Params(), 1.0)
    for part, ground in CHANGES.items():
        changed = playing.synthesise(Params(ground=ground), 1.0)
        assert torch.equal(plain, changed) == (part not in HAS[family]), part
    assert torch.equal(plain, playing.synthesise(Params(), 1.0))


def test_off_again_every_tensor_is_what_it_was(playing):
    before = live_tensors(playing)
    playing.synthesise(Params(ground=EVERYTHING), 2.3)
    assert not is_equal(before, live_tensors(playing))
    playing.synthesise(Params(), 2.5)
    assert is_equal(before, live_tensors(playing))


def test_off_nothing_is_written(playing):
    (live,) = playing._live.values()
    before = [tensor._version for tensor in tensors_of(live.generator).values()]
    for t in (0.0, 1.0, 2.0):
        playing.render(Params(), t)
    assert before == [tensor._version for tensor in tensors_of(live.generator).values()]


def test_what_stands_still_is_written_once(playing):
    ground = replace(
        EVERYTHING,
        input=replace(EVERYTHING.input, speed_x=0.0),
        noise=replace(EVERYTHING.noise, moving=0.0),
        constant=replace(EVERYTHING.constant, speed=0.0),
    )
    (live,) = playing._live.values()
    playing.render(Params(ground=ground), 0.0)
    before = [tensor._version for tensor in tensors_of(live.generator).values()]
    playing.render(Params(ground=ground), 1.0)
    assert before == [tensor._version for tensor in tensors_of(live.generator).values()]


def test_a_frame_depends_on_parameters_and_motion_alone(playing, networks, family):
    params = Params(ground=EVERYTHING)
    first = playing.synthesise(params, 1.9)
    for t in (7.0, 0.1, 3.3):
        playing.synthesise(params, t)
    assert torch.equal(first, playing.synthesise(params, 1.9))
    with Engine("cpu") as another:
        another.set_network("a", networks[family])
        assert torch.equal(first, another.synthesise(params, 1.9))


EDITED = {
    "sg1": ("synthesis.b4.Const.const", "synthesis.b8.Conv1.noise_strength"),
    "sg2": ("synthesis.b4.const", "synthesis.b8.conv1.noise_const"),
    "sg3": ("synthesis.input.freqs", "synthesis.input.transform"),
    "xl": ("synthesis.input.phases", "synthesis.input.freqs"),
}


def test_edits_and_blends_go_on_below_it(playing, networks, family):
    """Each of them may come and go while the other acts; the order does not matter."""
    other = Network.of(lively(CONFIGS[family], seed=7), "other")
    playing.set_network("b", other)
    edits = tuple(Edit(tensor=name, amount=1.5) for name in EDITED[family])
    groups = {"b4": 0.5, "b8": -0.3, "input": 0.4}
    base = Params(edits=edits, blend=Blend(amounts=groups))
    both = replace(base, ground=EVERYTHING)
    way = {"together": [both], "ground first": [Params(ground=EVERYTHING), both]}
    way["base first"] = [base, both]
    way["changed below"] = [replace(both, edits=edits[:1]), replace(both, blend=Blend()), both]
    pictures = {}
    for name, steps in way.items():
        playing.synthesise(Params(), 0.0)
        for step in steps:
            pictures[name] = playing.synthesise(step, 1.3)
    for picture in pictures.values():
        assert torch.equal(picture, pictures["together"])
    fresh = playing.synthesise(base, 1.3)
    with Engine("cpu") as another:
        another.set_network("a", networks[family])
        another.set_network("b", other)
        assert torch.equal(fresh, another.synthesise(base, 1.3))


FIVE = Ground(noise=PixelNoise(loop=4.0, loop_fields=5))
TWO = Ground(noise=PixelNoise(loop=4.0, loop_fields=2, seed=5))
STRAYING = Ground(constant=Digression(amount=1.0, loop=4.0))


@pytest.mark.parametrize(
    ("family", "ground"),
    [
        ("sg1", FIVE), ("sg2", FIVE), ("sg2", TWO),
        ("sg1", STRAYING), ("sg2", STRAYING), ("sg3", STRAYING), ("xl", STRAYING),
    ],
    indirect=["family"],
)  # fmt: skip
def test_loops_have_no_seam(playing, ground):
    params = Params(ground=ground, noise=replace(Params().noise, translate_speed=(0.0, 0.0, 0.0)))
    pictures = [playing.synthesise(params, t) for t in (0.3, 1.4, 2.9, 4.3, 40.3)]
    assert torch.equal(pictures[0], pictures[3]) and torch.equal(pictures[0], pictures[4])
    assert not torch.equal(pictures[0], pictures[1])
    assert not torch.equal(pictures[1], pictures[2])


@pytest.mark.parametrize("family", ["sg1", "sg2"], indirect=True)
def test_strength_is_of_all_layers_and_of_each(playing):
    before = live_tensors(playing)
    for tensor in tensors_of(next(iter(playing._live.values())).generator).values():
        assert not tensor.requires_grad
    noise = PixelNoise(strength=2.0, layers={"b8_conv1": 0.25, "b8_Conv1": 0.25})
    playing.synthesise(Params(ground=Ground(noise=noise)), 0.0)
    after = live_tensors(playing)
    for name in (name for name in before if name.endswith(".noise_strength")):
        factor = 0.5 if name.lower() == "synthesis.b8.conv1.noise_strength" else 2.0
        assert torch.equal(after[name], before[name] * factor)


@pytest.mark.parametrize("family", ["sg1", "sg2"], indirect=True)
def test_without_strength_there_is_no_noise(playing):
    params = Params(ground=Ground(noise=PixelNoise(strength=0.0)))
    assert torch.equal(playing.synthesise(params), playing.synthesise(Params(noise_mode="none")))


def test_moving_noise_is_as_strong_all_the_way(networks):
    with Engine("cpu") as engine:
        engine.set_network("a", networks["sg2"])
        params = Params(ground=Ground(noise=PixelNoise(moving=1.0)))
        found = []
        for t in np.arange(0.0, 4.0, 0.0625):
            engine.synthesise(params, float(t))
            found.append(live_tensors(engine)["synthesis.b32.conv1.noise_const"].flatten())
    fields = torch.stack(found)
    own = networks["sg2"].generator.get_buffer("synthesis.b32.conv1.noise_const").flatten()
    assert torch.equal(fields[0], own)
    assert fields.std(1).numpy() == pytest.approx(1.0, abs=0.12)  # 1024 values each
    likeness = torch.corrcoef(fields)
    steps = likeness.diagonal(1)
    assert steps.min() > 0.97 and steps.max() < 0.9999  # it moves evenly and never jumps
    assert likeness[0, 16::16].abs().max() < 0.15  # and is another one a second later


def test_seeds_are_other_noises_and_the_first_is_the_network_s_own(networks):
    with Engine("cpu") as engine:
        engine.set_network("a", networks["sg2"])
        drawn = {}
        for seed in (0, 1, 2, 0):
            params = Params(ground=Ground(noise=PixelNoise(seed=seed)))
            drawn[seed] = zlib.crc32(engine.synthesise(params).numpy().tobytes())
        assert len(set(drawn.values())) == 3
        assert drawn[0] == zlib.crc32(engine.synthesise(Params()).numpy().tobytes())


def test_what_has_moved_stays_where_it_is_when_the_speed_ends(networks):
    with Engine("cpu") as engine:
        engine.set_network("a", networks["sg3"])
        moved = Motion(positions={"ground.x": 0.25})
        set_by_hand = Params(ground=Ground(input=InputTransform(x=0.25)))
        (live,) = engine._live.values()
        live.ground.update(Ground(), moved)
        there = live_tensors(engine)
        live.ground.update(set_by_hand.ground, motion_at(Params(), 0.0))
        assert is_equal(there, live_tensors(engine))
        live.ground.update(Ground(), Motion())
        assert torch.equal(live_tensors(engine)["synthesis.input.transform"], torch.eye(3))


def test_digression_of_no_displacement_leaves_the_constant(networks):
    """The matrix that displaces and mixes is the identity at amount 0, and near it close to it."""
    with Engine("cpu") as engine:
        engine.set_network("a", networks["sg2"])
        own = live_tensors(engine)["synthesis.b4.const"]
        for amount, limit in ((1e-4, 1e-3), (1.0, 2.0)):
            engine.synthesise(Params(ground=Ground(constant=Digression(amount=amount))), 0.5)
            strayed = live_tensors(engine)["synthesis.b4.const"]
            away = float((strayed - own).norm() / own.norm())
            assert 0.0 < away < limit
        assert away > 0.3
        assert math.isfinite(float(strayed.norm())) and strayed.norm() < 1.5 * own.norm()

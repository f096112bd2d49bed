"""Every look in `configs/looks`: it opens, and with its built-in pair it does what it says."""

from contextlib import contextmanager

import pytest
import torch
from msgspec.structs import replace

from sgview import resources
from sgview.engine.engine import Engine
from sgview.engine.networks import open_networks
from sgview.signals import Instant, Signals
from sgview.state.motion import motion_at
from sgview.state.params import Params
from sgview.state.presets import load_preset

LOOKS = resources.looks()
SG3_ONLY = {n: path for n, path in resources.looks("sg3").items() if n not in LOOKS}
ELSEWHERE = {"stations"}  # on a path of its own; all others play the flower of the first look
T = 4.0  # [s]
TEMPO = 2.0  # [beats / s]


@pytest.fixture(scope="module")
def engine():
    with engine_of("sg2") as engine:
        yield engine


@pytest.fixture(scope="module")
def sg3_engine():
    with engine_of("sg3") as engine:
        yield engine


@contextmanager
def engine_of(pair: str):
    with Engine("cpu") as engine:
        for slot, network in open_networks(demo=pair).items():
            engine.set_network(slot, network)
        yield engine


def render(engine: Engine, params: Params, t: float = T):
    resolved, status = Signals().resolve(params, Instant(t, beat=TEMPO * t))
    assert not [edit.error for edit in status.edits if edit.error]
    assert not [binding.error for binding in status.bindings.values() if binding.error]
    return engine.render(resolved, t, motion_at(resolved, t, TEMPO * t))


def test_there_are_looks():
    assert "first" in LOOKS
    assert len(LOOKS) >= 7
    assert {"first", "planets", *SG3_ONLY} == set(resources.looks("sg3"))


@pytest.mark.parametrize("name", LOOKS)
def test_a_look_plays(engine, name):
    check_look(engine, LOOKS[name])


@pytest.mark.parametrize("name", SG3_ONLY)
def test_a_look_of_the_stylegan3_pair_plays(sg3_engine, name):
    check_look(sg3_engine, SG3_ONLY[name])


def check_look(engine, path):
    params = load_preset(path)
    assert path.read_text().startswith("# ")  # says what it shows
    picture = render(engine, params)
    assert not [edit.error for edit in picture.edits if edit.error]
    assert set(params.blend.amounts) <= {group.name for group in picture.blend_groups}
    assert picture.status.is_finite
    assert not engine.take_notices()
    rgb = picture.rgba8[..., :3].float()
    assert rgb.std() > 15  # neither fog nor one colour
    assert ((rgb == 0) | (rgb == 255)).float().mean() < 0.35
    later = render(engine, params, T + 1.0).rgba8[..., :3].float()
    assert (later - rgb).abs().mean() > 0.5  # moves


@pytest.mark.parametrize("name", [name for name in LOOKS if name != "first"])
def test_a_look_differs_from_the_network_alone(engine, name):
    params = load_preset(LOOKS[name])
    plain = Params(noise=params.noise, mapping=params.mapping)
    if name not in ELSEWHERE:
        plain = replace(plain, latents=params.latents)
    shown, without = (render(engine, p).rgba8.float() for p in (params, plain))
    if shown.shape == without.shape:
        assert torch.dist(shown, without) / without.norm() > 0.05


def test_the_loop_has_no_seam(engine):
    params = load_preset(LOOKS["round"])
    first, half, again = (render(engine, params, t).rgba8 for t in (T, T + 6.0, T + 12.0))
    assert torch.equal(first, again) and not torch.equal(first, half)


def test_a_crossfade_from_look_to_look_keeps_the_flower():
    first = load_preset(LOOKS["first"])
    for name, path in {**LOOKS, **SG3_ONLY}.items():
        if name in ELSEWHERE:
            continue
        params = load_preset(path)
        if params.noise.loop:  # through the same noise, from the same place
            straight = {"loop": 0.0, "loop_size": first.noise.loop_size}
            params = replace(params, noise=replace(params.noise, **straight))
        assert (params.noise, params.latents) == (first.noise, first.latents), path
        assert params.mapping == first.mapping, path

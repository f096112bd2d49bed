"""StyleGAN1 plays like the other families: layers, edits, blends, noise, truncation."""

import dataclasses

import pytest
import torch
from torch import Tensor

from sgview.engine.diagnosis import first_bad_layer
from sgview.engine.engine import Engine
from sgview.engine.network import Network, tensors_of
from sgview.engine.weights.blending import pair
from sgview.state.params import Blend, Edit, Layer, Mapping, Params
from stylegan3 import StyleGAN2Config
from tests.support.networks import SMALL1, SMALL2, lively


def network(seed: int, **changes) -> Network:
    return Network.of(lively(dataclasses.replace(SMALL1, **changes), seed), f"one-{seed}")


@pytest.fixture(scope="module")
def a() -> Network:
    return network(0)


@pytest.fixture(scope="module")
def b() -> Network:
    return network(1, program="genforce")


def shown(engine: Engine, params: Params) -> Tensor:
    picture = engine.render(params, 1.0)
    assert picture is not None and picture.status.is_finite
    assert all(not edit.error for edit in picture.edits)
    return picture.rgba8.clone()


@pytest.mark.parametrize("program", ["tensorflow", "rosinality", "genforce"])
def test_every_layer_is_shown(engine, program):
    played = network(0, program=program)
    engine.set_network("a", played)
    assert played.status.family == "StyleGAN1"
    for layer in played.status.layers:
        picture = engine.render(Params(layer=Layer(name=layer.name)), 0.0)
        assert picture.status.layer == layer.name
        assert picture.status.size == (layer.size, layer.size)
        assert picture.status.channels == layer.channels
    assert engine.take_notices() == []


@pytest.mark.parametrize("noise_mode", ["const", "random", "none"])
def test_noise_is_a_function_of_time(engine, a, noise_mode):
    engine.set_network("a", a)
    params = Params(noise_mode=noise_mode)
    first = shown(engine, params)
    engine.render(params, 2.0)
    assert torch.equal(shown(engine, params), first)
    others = {"const", "random", "none"} - {noise_mode}
    assert not any(torch.equal(shown(engine, Params(noise_mode=x)), first) for x in others)


@pytest.mark.parametrize(
    "tensor",
    [
        "synthesis.b4.Const.const",
        "synthesis.b8.Conv0_up.weight",
        "synthesis.b8.Conv1.noise_strength",
        "synthesis.b16.Conv1.noise_const",
        "synthesis.b16.Conv0_up.affine.bias",
        "synthesis.b32.ToRGB.weight",
        "mapping.fc1.weight",
    ],
)
def test_an_edit_acts_and_its_removal_restores_every_bit(engine, a, tensor):
    engine.set_network("a", a)
    plain = shown(engine, Params())
    edits = (Edit(tensor=tensor, amount=3.0),)
    assert not torch.equal(shown(engine, Params(edits=edits)), plain)
    assert torch.equal(shown(engine, Params()), plain)


def test_without_noise_strength_no_noise_is_left(engine, a):
    engine.set_network("a", a)
    names = [t.name for t in a.status.tensors if t.name.endswith(".noise_strength")]
    assert len(names) == 8
    edits = tuple(Edit(tensor=name, amount=0.0) for name in names)
    silent = shown(engine, Params(edits=edits))
    assert torch.equal(silent, shown(engine, Params(noise_mode="none")))


def test_networks_of_two_programs_blend_by_resolution(engine, a, b):
    """Whatever program wrote them: tensors of this family are brought to one layout."""
    engine.set_network("a", a)
    engine.set_network("b", b)
    groups = ("mapping", "b4", "b8", "b16", "b32")
    blend = Blend(master=1.0, amounts=dict.fromkeys(groups, 1.0))
    mixed = shown(engine, Params(blend=blend))
    assert torch.equal(mixed, shown(engine, Params(blend=Blend(source="b"))))
    one = Blend(master=1.0, amounts={"b8": 0.5})
    assert not torch.equal(shown(engine, Params(blend=one)), shown(engine, Params()))


def test_stylegan2_shares_nothing_with_it(a):
    assert isinstance(SMALL2, StyleGAN2Config)
    other = Network.of(lively(SMALL2), "two")
    pairing = pair(a, other, tensors_of(a.generator), tensors_of(other.generator))
    assert not pairing.partners
    assert {group.reason for group in pairing.groups} == {"A is StyleGAN1 and B is StyleGAN2"}


def test_truncation_moves_the_first_rows_alone(engine, a):
    engine.set_network("a", a)
    full = shown(engine, Params())
    mapping = Mapping(truncation_psi=0.0, truncation_cutoff=2, class_weights=(0.0, 1.0))
    assert not torch.equal(shown(engine, Params(mapping=mapping)), full)
    none = Mapping(truncation_psi=0.0, truncation_cutoff=0)
    assert torch.equal(shown(engine, Params(mapping=none)), full)


def test_a_bad_layer_is_named():
    generator = lively(SMALL1)
    generator.get_parameter("synthesis.b8.Conv1.bias").fill_(float("nan"))
    ws = torch.zeros(1, generator.num_ws, generator.w_dim)
    assert first_bad_layer(generator, ws, "const") == "8x8/Conv1"

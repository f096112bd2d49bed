"""Weights written by one kernel, against the same written by torch."""

import copy
import math

import pytest
import torch

from sgview.engine.network import tensors_of
from sgview.engine.weights.fused import linear_form
from sgview.engine.weights.live import LiveWeights
from sgview.state.params import Blend, Edit

WEIGHT = "synthesis.input.weight"
BIAS = "synthesis.L1_20_8.bias"
MAGNITUDE = "synthesis.L1_20_8.magnitude_ema"
STEPS = [
    (Blend(amounts={"L1": 0.5, "mapping": 1.3, "input": -0.2}), ()),
    (Blend(amounts={"L1": 9.0}), (Edit(tensor=WEIGHT, operation="multiply", amount=-1.5),)),
    (
        Blend(amounts={"L1": 1.0}),
        (
            Edit(tensor=BIAS, operation="add", amount=0.25),
            Edit(tensor=BIAS, operation="multiply", amount=3.0),
            Edit(tensor=BIAS, operation="add", amount=-1.0),
            Edit(tensor=WEIGHT, operation="noise", amount=0.5),
            Edit(tensor=MAGNITUDE, operation="multiply", amount=-2.0),
        ),
    ),
    (Blend(), (Edit(tensor=WEIGHT, operation="add", amount=0.1, channels=(1, 3)),)),
    (Blend(), ()),
]


def weights_of(network, other, device, *, fuse):
    generator = copy.deepcopy(network.generator).to(device)
    pristine = {name: x.detach().clone() for name, x in tensors_of(generator).items()}
    weights = LiveWeights(generator, pristine, fuse=fuse)
    partners = {name: x.detach().to(device) for name, x in tensors_of(other.generator).items()}
    weights.set_partners(partners)
    return weights, tensors_of(generator), pristine


def test_the_same_as_without_the_kernel(sg3, sg3_other, device):
    plain, expected, _ = weights_of(sg3, sg3_other, device, fuse=False)
    fused, live, pristine = weights_of(sg3, sg3_other, device, fuse=True)
    for blend, edits in STEPS:
        before = {name: x._version for name, x in live.items()}
        old = {name: x.detach().clone() for name, x in live.items()}
        assert plain.update(blend, edits) == fused.update(blend, edits)
        for name, tensor in live.items():
            size = max(expected[name].abs().max(), pristine[name].abs().max())
            assert (tensor - expected[name]).abs().max() <= 1e-5 * size, name
            is_noticed = tensor._version != before[name]
            assert is_noticed or torch.equal(tensor, old[name]), name
    for name, tensor in live.items():
        assert torch.equal(tensor, pristine[name])


@pytest.mark.parametrize(
    ("edits", "form"),
    [
        ((), (1.0, 0.0)),
        ((("multiply", 2.0), ("add", 3.0), ("multiply", -1.0)), (-2.0, -3.0)),
        ((("add", 1.0), ("sign", 0.5)), None),
        ((("multiply", math.inf),), None),
    ],
)
def test_linear_form(edits, form):
    acting = [Edit(tensor=WEIGHT, operation=operation, amount=x) for operation, x in edits]
    assert linear_form(acting) == form


def test_channels_are_not_linear():
    assert linear_form([Edit(tensor=WEIGHT, amount=2.0, channels=(0, 1))]) is None

import pytest
import torch
from msgspec.structs import replace

from sgview.engine.live_network import LiveNetwork
from sgview.engine.network import Network, tensors_of
from sgview.engine.weights.live import MAGNITUDE_FLOOR
from sgview.state.params import Blend, Edit

WEIGHT = "synthesis.input.weight"
CPU = torch.device("cpu")


@pytest.fixture
def network(sg3: Network) -> LiveNetwork:
    return LiveNetwork(sg3, CPU)


@pytest.fixture
def blended(network: LiveNetwork, sg3_other: Network) -> LiveNetwork:
    network.weights.set_partners(tensors_of(sg3_other.generator))
    return network


def live(network: LiveNetwork) -> dict[str, torch.Tensor]:
    return tensors_of(network.generator)


def changed(network: LiveNetwork) -> set[str]:
    return {n for n, x in live(network).items() if not torch.equal(x, network.pristine[n])}


def versions(network: LiveNetwork) -> dict[str, int]:
    return {name: tensor._version for name, tensor in live(network).items()}


def written(network: LiveNetwork, before: dict[str, int]) -> set[str]:
    return {name for name, version in versions(network).items() if version != before[name]}


def test_edits_act_in_order_and_only_on_their_tensor(network):
    edits = (
        Edit(tensor=WEIGHT, operation="add", amount=1.0),
        Edit(tensor=WEIGHT, operation="multiply", amount=2.0),
    )
    statuses = network.weights.update(Blend(), edits)
    assert changed(network) == {WEIGHT}
    assert torch.equal(live(network)[WEIGHT], (network.pristine[WEIGHT] + 1.0) * 2.0)
    assert [(s.amount, s.error) for s in statuses] == [(1.0, ""), (2.0, "")]


@pytest.mark.parametrize(
    "operation", ["multiply", "add", "noise", "zero", "sign", "roll", "shuffle", "quantise"]
)
def test_removing_an_edit_restores_every_bit(network, operation):
    names = [name for name in network.pristine if "filter" not in name]
    edits = tuple(Edit(tensor=name, operation=operation, amount=0.7) for name in names)
    network.weights.update(Blend(), edits)
    assert changed(network)
    network.weights.update(Blend(), ())
    assert changed(network) == set()


def test_tensors_stay_where_they_are_and_networks_stay_pristine(network, sg3):
    addresses = {name: tensor.data_ptr() for name, tensor in live(network).items()}
    kept = {name: tensor.clone() for name, tensor in tensors_of(sg3.generator).items()}
    network.weights.update(Blend(), (Edit(tensor=WEIGHT, amount=3.0),))
    assert {name: tensor.data_ptr() for name, tensor in live(network).items()} == addresses
    assert all(torch.equal(kept[name], x) for name, x in tensors_of(sg3.generator).items())


def test_only_what_changes_is_written(blended):
    edits = (Edit(tensor=WEIGHT, amount=2.0), Edit(tensor="mapping.fc0.bias", amount=2.0))
    blend = Blend(amounts={"L1": 0.5})
    blended.weights.update(blend, edits)
    before = versions(blended)
    blended.weights.update(blend, edits)
    assert written(blended, before) == set()
    moved = (replace(edits[0], amount=2.5), edits[1])
    blended.weights.update(blend, moved)
    assert written(blended, before) == {WEIGHT}
    before = versions(blended)
    blended.weights.update(Blend(amounts={"L1": 0.6}), moved)
    names = written(blended, before)
    assert names and all(name.startswith("synthesis.L1_") for name in names)


def test_disabled_and_solo(network):
    bias = "synthesis.L1_20_8.bias"
    first, second = Edit(tensor=WEIGHT, amount=2.0), Edit(tensor=bias, amount=3.0)
    network.weights.update(Blend(), (replace(first, enabled=False), second))
    assert changed(network) == {bias}
    network.weights.update(Blend(), (replace(first, solo=True), second))
    assert changed(network) == {WEIGHT}
    network.weights.update(Blend(), (replace(first, solo=True, enabled=False), second))
    assert changed(network) == {bias}


def test_edits_that_cannot_act_say_why_and_leave_the_rest(network):
    edits = (
        Edit(tensor="synthesis.b16.conv0.weight"),
        Edit(tensor=WEIGHT, amount=float("inf")),
        Edit(tensor=WEIGHT, channels=(900, 901)),
        Edit(tensor="mapping.w_avg", operation="add", amount=1.0),
    )
    errors = [status.error for status in network.weights.update(Blend(), edits)]
    assert "has no tensor synthesis.b16.conv0.weight" in errors[0]
    assert "not finite" in errors[1] and "channels 0 to 7" in errors[2] and errors[3] == ""
    assert changed(network) == {"mapping.w_avg"}


@pytest.mark.parametrize("amount", [0.5, 1.0, 1.7, -0.6])
def test_blend_is_a_line_through_both_for_every_tensor_of_the_group(blended, sg3_other, amount):
    blended.weights.update(Blend(amounts={"L1": amount, "mapping": amount}), ())
    others = tensors_of(sg3_other.generator)
    for name, tensor in live(blended).items():
        wanted = blended.pristine[name]
        if name.startswith(("synthesis.L1_", "mapping.")):
            wanted = wanted * (1 - amount) + others[name] * amount
        assert torch.allclose(tensor, wanted, atol=1e-6), name
    assert not torch.equal(live(blended)["mapping.w_avg"], blended.pristine["mapping.w_avg"])
    if amount == 1.0:
        assert torch.equal(live(blended)["mapping.w_avg"], others["mapping.w_avg"])


def test_master_scales_the_amounts(blended):
    blended.weights.update(Blend(master=0.5, amounts={"input": 0.5}), ())
    halved = live(blended)[WEIGHT].clone()
    blended.weights.update(Blend(amounts={"input": 0.25}), ())
    assert torch.equal(live(blended)[WEIGHT], halved)
    blended.weights.update(Blend(master=0.0, amounts={"input": 0.25}), ())
    assert changed(blended) == set()


def test_edits_come_after_the_blend(blended, sg3_other):
    blended.weights.update(Blend(amounts={"input": 1.0}), (Edit(tensor=WEIGHT, amount=2.0),))
    assert torch.equal(live(blended)[WEIGHT], tensors_of(sg3_other.generator)[WEIGHT] * 2.0)


def test_magnitude_ema_never_falls_below_the_floor(blended):
    name = "synthesis.L1_20_8.magnitude_ema"
    for amount in (-50.0, 50.0):
        blended.weights.update(Blend(amounts={"L1": amount}), ())
        assert live(blended)[name] >= MAGNITUDE_FLOOR
    blended.weights.update(Blend(), (Edit(tensor=name, amount=-1.0),))
    assert live(blended)[name] == torch.tensor(MAGNITUDE_FLOOR)


def test_losing_the_partner_restores_blended_tensors(blended):
    blended.weights.update(Blend(amounts={"L2": 0.5}), (Edit(tensor=WEIGHT, amount=2.0),))
    blended.weights.set_partners({})
    assert changed(blended) == {WEIGHT}
    blended.weights.update(Blend(amounts={"L2": 0.5}), ())
    assert changed(blended) == set()


def test_amounts_that_are_not_finite_or_unknown_are_left_out(blended):
    blended.weights.update(Blend(amounts={"L2": float("nan"), "b16": 0.5, "": 1.0}), ())
    assert changed(blended) == set()

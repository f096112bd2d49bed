import pytest

from sgview.engine.network import tensors_of
from sgview.engine.weights.blending import group_amounts, pair
from sgview.state.params import Blend
from stylegan3.layers import group_of


def pair_of(a, b):
    return pair(a, b, tensors_of(a.generator), tensors_of(b.generator))


def groups(pairing):
    return {group.name: group for group in pairing.groups}


def test_equal_configurations_blend_whole(sg3, sg3_other):
    pairing = pair_of(sg3, sg3_other)
    assert [g.name for g in pairing.groups] == ["mapping", "input", "L0", "L1", "L2", "L3", "L4"]
    assert all(g.is_blendable and not g.reason for g in pairing.groups)
    assert "mapping.w_avg" in pairing.partners
    assert "synthesis.L2_20_8.magnitude_ema" in pairing.partners
    # Filters are the same in both: nothing to blend.
    assert not any(name.endswith("_filter") for name in pairing.partners)


def test_layers_are_paired_by_index_whatever_their_sizes(sg3, make_sg3):
    wider = make_sg3(2, channel_base=160, channel_max=10)
    assert "synthesis.L2_20_10.weight" in tensors_of(wider.generator)
    pairing = pair_of(sg3, wider)
    group = groups(pairing)["L2"]
    assert "synthesis.L2_20_8.weight" not in pairing.partners
    assert "synthesis.L2_20_8.magnitude_ema" in pairing.partners
    assert group.is_blendable
    assert "weight is 8 × 8 × 3 × 3 in A, 10 × 10 × 3 × 3 in B" in group.reason
    assert groups(pairing)["mapping"].reason == ""


def test_other_latent_size(sg3, make_sg3):
    pairing = pair_of(sg3, make_sg3(2, z_dim=12))
    assert "fc0.weight is 8 × 8 in A, 8 × 12 in B" in groups(pairing)["mapping"].reason
    assert groups(pairing)["L1"].is_blendable and groups(pairing)["L1"].reason == ""


def test_fewer_layers_in_b(sg3, make_sg3):
    group = groups(pair_of(sg3, make_sg3(2, num_layers=3)))["L4"]
    assert not group.is_blendable and "no such layer" in group.reason


def test_families_share_nothing(sg3, sg2):
    for a, b, reason in (
        (sg3, sg2, "A is StyleGAN3-T and B is StyleGAN2"),
        (sg2, sg3, "A is StyleGAN2 and B is StyleGAN3-T"),
    ):
        pairing = pair_of(a, b)
        assert pairing.partners == {}
        assert {(g.is_blendable, g.reason) for g in pairing.groups} == {(False, reason)}


def test_stylegan2_pairs_by_resolution_and_place(sg2, make_sg2):
    pairing = pair_of(sg2, make_sg2(1))
    assert [g.name for g in pairing.groups] == ["mapping", "b4", "b8", "b16"]
    assert {"synthesis.b4.const", "synthesis.b8.conv0.noise_const"} <= pairing.partners.keys()
    larger = pair_of(make_sg2(1, img_resolution=32), sg2)
    assert not groups(larger)["b32"].is_blendable
    assert "no such layer" in groups(larger)["b32"].reason
    resnet = pair_of(sg2, make_sg2(1, architecture="resnet"))
    assert "B has no torgb.weight" in groups(resnet)["b8"].reason


@pytest.mark.parametrize(
    ("tensor", "group"),
    [
        ("mapping.fc0.weight", "mapping"),
        ("synthesis.input.weight", "input"),
        ("synthesis.input.affine.bias", "input"),
        ("synthesis.L14_1024_3.affine.weight", "L14"),
        ("synthesis.L1_36_512.weight", "L1"),
        ("synthesis.b4.const", "b4"),
        ("synthesis.b1024.torgb.weight", "b1024"),
    ],
)
def test_groups_of_tensors(tensor, group):
    assert group_of(tensor) == group


def test_amounts():
    blend = Blend(master=2.0, amounts={"L0": 0.25, "L1": 0.0, "L2": float("inf"), "L3": -1.0})
    assert group_amounts(blend) == {"L0": 0.5, "L3": -2.0}
    assert group_amounts(Blend(master=0.0, amounts={"L0": 1.0})) == {}
    assert group_amounts(Blend(source="a", amounts={"L0": 1.0})) == {}

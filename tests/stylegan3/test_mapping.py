import math

import pytest
import torch

from stylegan3.mapping import FullyConnected, MappingNetwork

pytestmark = pytest.mark.usefixtures("no_grad")


@pytest.fixture
def mapping():
    torch.manual_seed(0)
    network = MappingNetwork(6, 3, 8, 5, num_layers=2).requires_grad_(False)
    network.w_avg.normal_()
    return network


def test_fully_connected_scales_weight_and_bias():
    torch.manual_seed(0)
    layer = FullyConnected(4, 3, activation="lrelu", lr_multiplier=0.01, bias_init=0.5)
    x = torch.randn(2, 4)
    y = x @ (layer.weight * 0.01 / 2).t() + 0.5
    want = torch.where(y < 0, 0.2 * y, y) * math.sqrt(2)
    torch.testing.assert_close(layer(x), want)
    assert layer.weight.std() > 20  # published initialisation: unit variance / multiplier


def test_amplitude_of_z_does_not_matter(mapping):
    z = torch.randn(2, 6)
    torch.testing.assert_close(mapping(z), mapping(z * 0.3), rtol=1e-4, atol=1e-5)


def test_truncation_pulls_the_first_rows_to_the_mean(mapping):
    z, c = torch.randn(2, 6), torch.eye(3)[:2]
    full = mapping(z, c)
    assert full.shape == (2, 5, 8)
    half = mapping(z, c, truncation_psi=0.5, truncation_cutoff=2)
    torch.testing.assert_close(half[:, :2], (full[:, :2] + mapping.w_avg) / 2)
    assert torch.equal(half[:, 2:], full[:, 2:])
    torch.testing.assert_close(
        mapping(z, c, truncation_psi=0), mapping.w_avg.expand(2, 5, 8).contiguous()
    )
    assert torch.equal(mapping(z, c, 0.5, 0), full)
    assert mapping(z, c, 0.5, 99).shape == full.shape


def test_no_label_is_class_zero(mapping):
    z = torch.randn(2, 6)
    assert torch.equal(mapping(z), mapping(z, torch.eye(3)[:1].expand(2, -1)))
    assert not torch.allclose(mapping(z), mapping(z, torch.eye(3)[1:2].expand(2, -1)))


def test_zero_latent_is_finite(mapping):
    assert mapping(torch.zeros(1, 6), torch.zeros(1, 3)).isfinite().all()


def test_running_mean_moves_only_when_asked(mapping):
    z, before = torch.randn(4, 6), mapping.w_avg.clone()
    w = mapping(z)[:, 0]
    assert torch.equal(mapping.w_avg, before)
    mapping(z, update_emas=True)
    torch.testing.assert_close(mapping.w_avg, w.mean(0) + 0.998 * (before - w.mean(0)))


def test_wrong_shapes_are_named(mapping):
    with pytest.raises(ValueError, match=r"z must have shape \[N, 6\], not \[2, 5\]"):
        mapping(torch.zeros(2, 5))
    with pytest.raises(ValueError, match=r"c must have shape \[2, 3\], not \[2, 4\]"):
        mapping(torch.zeros(2, 6), torch.zeros(2, 4))


def test_layer_and_embedding_widths():
    network = MappingNetwork(
        6, 3, 8, 5, num_layers=3, embed_features=4, layer_features=10, activation="relu"
    )
    shapes = {name: tuple(p.shape) for name, p in network.named_parameters() if "weight" in name}
    assert shapes == {
        "embed.weight": (4, 3),
        "fc0.weight": (10, 10),
        "fc1.weight": (10, 10),
        "fc2.weight": (8, 10),
    }

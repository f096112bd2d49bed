import dataclasses

import pytest
import torch

from stylegan3 import Generator, StyleGAN2Config
from stylegan3.ops.upfirdn2d import upsample2d

pytestmark = pytest.mark.usefixtures("no_grad")

CONFIG = StyleGAN2Config(
    img_resolution=16, channel_base=256, channel_max=12, z_dim=8, w_dim=8, num_mapping_layers=2
)


def build(**changes):
    torch.manual_seed(0)
    G = Generator(dataclasses.replace(CONFIG, **changes)).requires_grad_(False)
    for name, tensor in G.named_parameters():
        if name.endswith("noise_strength"):
            tensor.fill_(0.2)
    return G


def test_skip_sums_the_pictures_of_all_blocks():
    G = build()
    ws = G.mapping(torch.randn(2, 8))
    picture = G.synthesis(ws, layer="b4.torgb")
    for block in ("b8", "b16"):
        picture = upsample2d(picture, G.synthesis.b4.resample_filter)
        picture = picture + G.synthesis(ws, layer=f"{block}.torgb")
    torch.testing.assert_close(G.synthesis(ws), picture)


@pytest.mark.parametrize(
    ("architecture", "names"),
    [
        ("orig", "input b4.conv1 b4 b8.conv0 b8.conv1 b8 b16.conv0 b16.conv1 b16.torgb b16"),
        (
            "resnet",
            "input b4.conv1 b4 b8.conv0 b8.conv1 b8.skip b8"
            " b16.conv0 b16.conv1 b16.skip b16.torgb b16",
        ),
        (
            "skip",
            "input b4.conv1 b4.torgb b4 b8.conv0 b8.conv1 b8.torgb b8"
            " b16.conv0 b16.conv1 b16.torgb b16",
        ),
    ],
)
def test_architectures(architecture, names):
    G = build(architecture=architecture)
    assert [layer.name for layer in G.synthesis.layers] == names.split()
    assert G.synthesis.layer_names == names.split()[1:]
    z = torch.randn(2, 8)
    assert G(z).shape == (2, 3, 16, 16)
    ws = G.mapping(z)
    if architecture != "skip":
        torch.testing.assert_close(G.synthesis(ws), G.synthesis(ws, layer="b16.torgb"))
    assert G.synthesis.layers[1].group == "b4"


def test_resnet_adds_the_shortcut():
    G = build(architecture="resnet")
    ws = G.mapping(torch.randn(1, 8))
    before = G.synthesis(ws, layer="b4")
    shortcut = G.synthesis.b8.skip(before, gain=0.5**0.5)
    want = shortcut + G.synthesis(ws, layer="b8.conv1")
    torch.testing.assert_close(G.synthesis(ws, layer="b8"), want)


def test_noise_modes():
    G = build()
    ws = G.mapping(torch.randn(2, 8))
    const, none = G.synthesis(ws), G.synthesis(ws, noise_mode="none")
    torch.manual_seed(1)
    random = G.synthesis(ws, noise_mode="random")
    torch.manual_seed(1)
    assert torch.equal(random, G.synthesis(ws, noise_mode="random"))
    assert torch.equal(const, G.synthesis(ws))
    assert not torch.allclose(const, none)
    assert not torch.allclose(const, random)
    for name, tensor in G.named_parameters():
        if name.endswith("noise_strength"):
            tensor.zero_()
    torch.testing.assert_close(G.synthesis(ws), none)


def test_without_noise_there_are_no_noise_tensors():
    G = build(use_noise=False)
    assert not any("noise" in name for name in G.state_dict())
    assert G(torch.randn(1, 8), noise_mode="random").isfinite().all()


def test_other_resampling_filters_and_activations():
    G = build(resample_filter=(1.0, 2.0, 1.0), activation="swish", conv_clamp=None)
    assert G.synthesis.b8.resample_filter.shape == (3, 3)
    assert G(torch.randn(1, 8)).shape == (1, 3, 16, 16)


def test_clamp_bounds_the_layers():
    G = build(conv_clamp=0.5)
    ws = G.mapping(torch.randn(1, 8))
    assert float(G.synthesis(ws, layer="b8.conv0").abs().max()) == pytest.approx(0.5)


def test_zeroed_weights_give_finite_pictures():
    G = build()
    G.synthesis.b8.conv0.weight.zero_()
    G.synthesis.b8.conv1.affine.weight.zero_()
    G.synthesis.b8.conv1.affine.bias.zero_()
    assert G(torch.randn(1, 8)).isfinite().all()

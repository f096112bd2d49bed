import math

import pytest
import torch

from stylegan3 import Generator, StyleGAN3Config
from stylegan3.alias_free.synthesis import SynthesisInput

pytestmark = pytest.mark.usefixtures("no_grad")

CONFIG = StyleGAN3Config(
    img_resolution=32, channel_base=512, channel_max=16, z_dim=8, w_dim=8, num_layers=6
)
R_CONFIG = StyleGAN3Config(
    img_resolution=32,
    channel_base=512,
    channel_max=16,
    z_dim=8,
    w_dim=8,
    num_layers=6,
    conv_kernel=1,
    use_radial_filters=True,
)


@pytest.fixture(name="G")
def fresh_generator():
    torch.manual_seed(0)
    return Generator(CONFIG).requires_grad_(False)


def rotation(angle):
    c, s = math.cos(angle), math.sin(angle)
    return torch.tensor([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def test_input_features_are_waves_on_the_plane():
    torch.manual_seed(0)
    layer = SynthesisInput(8, 5, size=12, rate=16, bandwidth=2.0).requires_grad_(False)
    layer.weight.copy_(torch.eye(5) * math.sqrt(5))
    y = layer(torch.randn(1, 8))
    assert y.shape == (1, 5, 12, 12)
    for channel, row, column in ((0, 0, 0), (3, 2, 7), (4, 11, 5)):
        x_, y_ = ((v + 0.5) / 12 * (12 / 16) - 0.5 * 12 / 16 for v in (column, row))
        fx, fy = layer.freqs[channel].tolist()
        want = math.sin(2 * math.pi * (fx * x_ + fy * y_ + float(layer.phases[channel])))
        assert float(y[0, channel, row, column]) == pytest.approx(want, abs=1e-5)


def test_fresh_frequencies_fill_the_pass_band():
    torch.manual_seed(0)
    radius = SynthesisInput(8, 4096, size=12, rate=16, bandwidth=2.0).freqs.norm(dim=1)
    assert float(radius.max()) <= 2.0
    # uniform on a disc: a quarter lies within half the radius
    assert float((radius < 1.0).float().mean()) == pytest.approx(0.25, abs=0.03)


def test_affine_starts_at_no_transform(G):
    features = G.synthesis(G.mapping(torch.randn(2, 8)), layer="input")
    torch.testing.assert_close(features[0], features[1])


def test_transform_moves_the_picture():
    torch.manual_seed(0)
    G = Generator(CONFIG).requires_grad_(False)
    z = torch.randn(1, 8)
    before = G(z)
    G.synthesis.input.transform[0, 2] = 4 / 32  # the inverse: the picture moves by -4 px
    after = G(z)
    torch.testing.assert_close(after[..., :-4], before[..., 4:], rtol=0, atol=1e-3)
    assert float((after - before).norm() / before.norm()) > 0.5


def test_r_turns_with_its_input():
    torch.manual_seed(0)
    G = Generator(R_CONFIG).requires_grad_(False)
    z = torch.randn(1, 8)
    before = G(z)
    G.synthesis.input.transform.copy_(rotation(math.pi / 2))
    turned = torch.rot90(before, -1, (2, 3))
    other = torch.rot90(before, 1, (2, 3))
    error = min(float((G(z) - t).norm() / before.norm()) for t in (turned, other))
    assert error < 1e-3


@pytest.mark.parametrize("value", [0.0, -1.0, 1e-12])
def test_magnitude_ema_is_floored(G, value):
    z = torch.randn(1, 8)
    magnitude_ema = G.synthesis.L2_52_16.magnitude_ema
    magnitude_ema.fill_(1e-8)
    floor = G(z)
    magnitude_ema.fill_(value)
    assert torch.equal(G(z), floor)
    assert floor.isfinite().all()


@pytest.mark.parametrize("prefix", ["L1_36_16.weight", "L1_36_16.affine", "input.affine", "L", "i"])
def test_zeroed_tensors_give_finite_pictures(G, prefix):
    zeroed = [p for name, p in G.synthesis.named_parameters() if name.startswith(prefix)]
    assert zeroed
    for tensor in zeroed:
        tensor.zero_()
    assert G(torch.randn(2, 8)).isfinite().all()


def test_scaling_a_weight_changes_nothing_but_torgb(G):
    z = torch.randn(1, 8)
    before = G(z)
    for name in G.synthesis.layer_names[:-1]:
        G.synthesis.get_submodule(name).weight.mul_(3)
    torch.testing.assert_close(G(z), before, rtol=0, atol=1e-5)
    G.synthesis.get_submodule(G.synthesis.layer_names[-1]).weight.mul_(3)
    torch.testing.assert_close(G(z), before * 3, rtol=1e-4, atol=1e-4)


def test_magnitudes_are_tracked_only_when_asked(G):
    z = torch.randn(4, 8)
    layer = G.synthesis.get_submodule(G.synthesis.layer_names[0])
    G(z)
    assert float(layer.magnitude_ema) == 1
    energy = G.synthesis(G.mapping(z), layer="input").square().mean()
    G(z, update_emas=True)
    torch.testing.assert_close(layer.magnitude_ema, 0.999 + 0.001 * energy)


def test_noise_mode_is_accepted_and_ignored(G):
    z = torch.randn(1, 8)
    assert torch.equal(G(z, noise_mode="random"), G(z, noise_mode="none"))


def test_fresh_network_has_published_tensors(G):
    state = G.state_dict()
    assert "synthesis.L0_36_16.up_filter" in state
    assert state["synthesis.L0_36_16.up_filter"].shape == (12,)
    assert not any("L6_32_3.up_filter" in key for key in state)  # ToRGB filters nothing
    assert next(iter(state)) == "synthesis.input.weight"

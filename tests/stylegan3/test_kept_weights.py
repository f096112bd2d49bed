"""Networks whose owner tells of changes keep what follows from weights, in quicker forms."""

import copy
from typing import Any

import pytest
import torch

from stylegan3 import Canvas, Generator, StyleGAN2Config, StyleGAN3Config, trust_version_counters

SMALL: dict[str, Any] = {"z_dim": 16, "w_dim": 16, "num_mapping_layers": 1}
CONFIGS = {
    "stylegan2": StyleGAN2Config(img_resolution=32, channel_max=64, **SMALL),
    "stylegan2 resnet": StyleGAN2Config(
        img_resolution=32, channel_max=48, architecture="resnet", **SMALL
    ),
    "stylegan3-t": StyleGAN3Config(img_resolution=32, channel_max=64, num_layers=6, **SMALL),
    "stylegan3-r": StyleGAN3Config(
        img_resolution=32,
        channel_max=48,
        num_layers=6,
        conv_kernel=1,
        use_radial_filters=True,
        **SMALL,
    ),
}


@pytest.fixture(params=CONFIGS, scope="module")
def pair(request) -> tuple[Generator, Generator]:
    """A generator that keeps nothing, and one that does."""
    torch.manual_seed(1)
    plain = Generator(CONFIGS[request.param]).requires_grad_(False).eval()
    kept = copy.deepcopy(plain)
    trust_version_counters(kept)
    return plain, kept


def assert_alike(pair: tuple[Generator, Generator], count: int = 1, **options) -> None:
    plain, kept = pair
    ws = torch.randn(count, plain.num_ws, plain.w_dim, generator=torch.Generator().manual_seed(2))
    want = copy.deepcopy(plain).double().synthesis(ws.double(), **options)
    for _ in range(2):  # makes what is kept, and uses it
        y = kept.synthesis(ws, **options)
        assert y.shape == want.shape
        assert (y - want).norm() < 1e-4 * want.norm()


@pytest.mark.parametrize("count", [1, 2])
def test_pictures(pair, count: int) -> None:
    assert_alike(pair, count)


def test_every_layer(pair) -> None:
    for layer in pair[0].synthesis.layer_names:
        assert_alike(pair, layer=layer)


@pytest.mark.parametrize("size", [(48, 32), (32, 40)])
def test_canvases(pair, size: tuple[int, int]) -> None:
    assert_alike(pair, canvas=Canvas(*size))


def test_changes_of_weights_are_followed(pair) -> None:
    for generator in pair:
        g = torch.Generator().manual_seed(3)
        for name, tensor in generator.synthesis.state_dict(keep_vars=True).items():
            if name.endswith((".weight", ".bias", "noise_const", "noise_strength")):
                tensor.add_(torch.randn(tensor.shape, generator=g) * 0.2)
    assert_alike(pair)
    assert_alike(pair, count=2)

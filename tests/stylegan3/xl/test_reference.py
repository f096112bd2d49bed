"""StyleGAN-XL against what the published program computes: the whole, truncated, every layer."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

import stylegan3
from stylegan3 import Generator
from tests.support import DATA
from tests.support.networks import names_of, unpacked

pytestmark = pytest.mark.usefixtures("no_grad")
Network = tuple[Generator, dict[str, Tensor]]


@pytest.fixture(scope="module", params=["sgxl-t-sr-cond-32", "sgxl-r-sr-sr-uncond-64"])
def network(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Network:
    path = DATA / f"{request.param}.pkl"
    if not path.exists():
        path = unpacked(path.name, tmp_path_factory.mktemp("xl"))
    with np.load(DATA / f"{request.param}.npz") as recorded:
        return stylegan3.load(path), {k: torch.from_numpy(recorded[k]) for k in recorded}


@pytest.fixture(scope="module")
def play(network: Network) -> Callable[..., Tensor]:
    generator, recorded = network
    label = recorded["c"] if generator.c_dim else None

    def play(**truncation: float) -> Tensor:
        return generator(recorded["z"], label, **truncation)

    return play


def assert_near(got: Tensor, wanted: Tensor) -> None:
    assert got.shape == wanted.shape
    assert (got - wanted).norm() <= 1e-5 * wanted.norm()


def test_pictures(network: Network, play: Callable[..., Tensor]) -> None:
    recorded = network[1]
    assert_near(play(), recorded["image"])
    assert_near(play(truncation_psi=0.7), recorded["image_psi0.7"])
    assert_near(play(truncation_psi=0.7, truncation_cutoff=3), recorded["image_psi0.7_cutoff3"])


@pytest.mark.parametrize("sample", ["", "second/"])
def test_rows_of_every_class_and_its_average(network: Network, sample: str) -> None:
    generator, recorded = network
    z, c = recorded[f"{sample}z"], recorded[f"{sample}c"] if generator.c_dim else None
    assert_near(generator.mapping(z, c), recorded[f"{sample}ws"])
    truncated = generator.mapping(z, c, truncation_psi=0.7)
    assert_near(truncated, recorded[f"{sample}ws_psi0.7"])


def test_every_layer(network: Network) -> None:
    generator, recorded = network
    layers = [name.removeprefix("part/") for name in recorded if name.startswith("part/")]
    assert layers == names_of(generator)
    for layer in layers:
        features = generator.synthesis(recorded["ws"], layer=layer)
        assert_near(features[0, :4, -12:, :12], recorded[f"part/{layer}"])


def test_a_w_of_its_own(network: Network) -> None:
    generator, recorded = network
    rows = recorded["w_direct"].unsqueeze(1).expand(-1, generator.num_ws, -1)
    assert_near(generator.synthesis(rows), recorded["image_w_direct"])

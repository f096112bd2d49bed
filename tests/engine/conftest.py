"""Networks small enough to run hundreds of times."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

from sgview.engine import fast_path
from sgview.engine.engine import Engine
from sgview.engine.network import Network
from stylegan3 import Generator, StyleGAN2Config, StyleGAN3Config
from stylegan3.cuda import nvrtc
from tests.emulator.devices import device

SG3 = {
    "z_dim": 8, "w_dim": 8, "img_resolution": 16, "num_layers": 4, "num_critical": 1,
    "channel_base": 128, "channel_max": 8, "margin_size": 2,
}  # fmt: skip
SG2 = {
    "z_dim": 6, "w_dim": 10, "img_resolution": 16, "num_mapping_layers": 2, "channel_base": 128,
    "channel_max": 8,
}  # fmt: skip

__all__ = ["device"]

MakeNetwork = Callable[..., Network]
PrepareBy = Callable[[Callable[..., Any]], None]


def build(config: StyleGAN2Config | StyleGAN3Config, seed: int, name: str) -> Network:
    """Return a network whose tensors are all of different, lively values."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        generator = Generator(config).requires_grad_(False)
        for key, tensor in generator.state_dict(keep_vars=True).items():
            if key.endswith(("bias", "noise_strength", "w_avg", "input.affine.weight")):
                tensor.add_(torch.randn(tensor.shape) * 0.3)
            if key.endswith("magnitude_ema"):
                tensor.mul_(1.0 + torch.rand(tensor.shape))
    return Network.of(generator, name, f"/networks/{name}.pkl")


@pytest.fixture(scope="session")
def make_sg3() -> MakeNetwork:
    return lambda seed=0, **options: build(StyleGAN3Config(**SG3 | options), seed, f"three-{seed}")


@pytest.fixture(scope="session")
def make_sg2() -> MakeNetwork:
    return lambda seed=0, **options: build(StyleGAN2Config(**SG2 | options), seed, f"two-{seed}")


@pytest.fixture(scope="session")
def sg3(make_sg3: MakeNetwork) -> Network:
    return make_sg3(0)


@pytest.fixture(scope="session")
def sg3_other(make_sg3: MakeNetwork) -> Network:
    return make_sg3(1)


@pytest.fixture(scope="session")
def sg2(make_sg2: MakeNetwork) -> Network:
    return make_sg2(0)


@pytest.fixture
def prepare_by(monkeypatch: pytest.MonkeyPatch) -> PrepareBy:
    """Have what prepares networks for the fast path replaced, as if a card was there."""

    def replace(prepare: Callable[..., Any]) -> None:
        monkeypatch.setattr(nvrtc, "unavailable_reason", lambda: None)
        monkeypatch.setattr(fast_path, "FastSynthesis", prepare)

    return replace


@pytest.fixture
def engine() -> Iterator[Engine]:
    with Engine("cpu") as engine:
        yield engine

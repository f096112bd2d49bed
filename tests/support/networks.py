"""Networks small enough to run often, with odd channel counts, and those that lie here packed."""

import lzma
from pathlib import Path

import torch
from torch import Tensor

from stylegan3 import (
    Config,
    Generator,
    StyleGAN1Config,
    StyleGAN2Config,
    StyleGAN3Config,
    StyleGANXLConfig,
)
from tests.support import DATA

SMALL3 = StyleGAN3Config(
    z_dim=24,
    w_dim=20,
    img_resolution=32,
    num_layers=6,
    channel_base=640,
    channel_max=21,
    margin_size=4,
)
SMALL2 = StyleGAN2Config(
    z_dim=24, w_dim=20, img_resolution=32, num_mapping_layers=3, channel_base=400, channel_max=27
)
SMALL_XL = StyleGANXLConfig(
    z_dim=24,
    c_dim=4,
    w_dim=20,
    img_resolution=64,
    num_layers=6,
    channel_base=640,
    channel_max=21,
    margin_size=4,
    head_layers=(5, 4),
    up_factors=(2, 2),
    embed_classes=6,
    embed_features=7,
)


def unpacked(name: str, folder: Path) -> Path:
    """Write the file that lies in `tests/data/NAME.xz` to `folder`."""
    path = folder / name
    path.write_bytes(lzma.decompress((DATA / f"{name}.xz").read_bytes()))
    return path


SMALL1 = StyleGAN1Config(
    z_dim=24, c_dim=3, w_dim=20, img_resolution=32, num_mapping_layers=3, channel_base=400,
    channel_max=27, label_concat=True, layer_features=17,
)  # fmt: skip


def lively(config: Config, seed: int = 0) -> Generator:
    """Return a network none of whose tensors is at its trivial start."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        generator = Generator(config).requires_grad_(False)
        for name, tensor in generator.state_dict(keep_vars=True).items():
            if name.endswith(("bias", "noise_strength", "w_avg", "input.affine.weight")):
                tensor.add_(torch.randn(tensor.shape) * 0.3)
            if name.endswith("magnitude_ema"):
                tensor.mul_(1 + torch.rand(tensor.shape))
    return generator


def latent(generator: Generator, seed: int = 1) -> Tensor:
    return torch.randn(1, generator.z_dim, generator=torch.Generator().manual_seed(seed))


def names_of(generator: Generator) -> list[str]:
    """Return the names of all layers that can be shown, the input included."""
    return [layer.name for layer in generator.synthesis.layers]

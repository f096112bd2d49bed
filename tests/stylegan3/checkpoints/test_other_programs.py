"""Networks of programs that extend the published ones, and what those compute from them."""

from pathlib import Path

import numpy as np
import pytest
import torch

import stylegan3
from stylegan3.checkpoints import read, save_safetensors
from tests.support import DATA

FAULTS = DATA / "faults"
NAMES = (
    "autolume_pruned",
    "eps_4x6",
    "human_rect",
    "resample121",
    "tf_configD",
    "tf_resample_none",
)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("psi", [1, 0.7])
def test_pictures_are_those_of_the_other_program(name: str, psi: float) -> None:
    expected = np.load(FAULTS / f"{name}.npz")
    generator = stylegan3.load(FAULTS / f"{name}.pkl")
    with torch.no_grad():
        image = generator(torch.from_numpy(expected["z"]), None, truncation_psi=psi).numpy()
    wanted = expected[f"img_{psi}"]
    assert image.shape == wanted.shape
    assert np.linalg.norm(image - wanted) / np.linalg.norm(wanted) < 1e-5


@pytest.mark.parametrize("name", NAMES)
def test_conversion_keeps_them(name: str, tmp_path: Path) -> None:
    before = read(FAULTS / f"{name}.pkl")
    save_safetensors(before, tmp_path / "a.safetensors")
    after = read(tmp_path / "a.safetensors")
    assert after.config == before.config
    assert all(torch.equal(after.state_dict[k], v) for k, v in before.state_dict.items())


@pytest.mark.parametrize("name", NAMES)
def test_shapes_alone_tell_the_same_network(name: str, tmp_path: Path) -> None:
    state = read(FAULTS / f"{name}.pkl").state_dict
    torch.save(state, tmp_path / "a.pt")
    again = stylegan3.load(tmp_path / "a.pt")
    ws = torch.ones(1, again.num_ws, again.w_dim)
    with torch.no_grad():
        expected = stylegan3.load(FAULTS / f"{name}.pkl").synthesis(ws)
        assert torch.equal(again.synthesis(ws), expected)


def test_widths_that_follow_no_rule() -> None:
    config = read(FAULTS / "autolume_pruned.pkl").config
    assert isinstance(config, stylegan3.StyleGAN2Config)
    assert config.block_channels == (7, 7, 5)


def test_the_filter_is_that_of_the_layers_that_upsample() -> None:
    checkpoint = read(FAULTS / "resample121.pkl")
    assert isinstance(checkpoint.config, stylegan3.StyleGAN2Config)
    assert checkpoint.config.resample_filter == (1, 2, 1)
    assert checkpoint.state_dict["synthesis.b8.conv0.resample_filter"].shape == (3, 3)
    assert checkpoint.notes == ()

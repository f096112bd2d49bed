"""Networks that are not square, or whose labels stand beside z: pictures, every layer, truncation.

References are crops: every fifth feature map of a layer, every third row and column.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import stylegan3
from stylegan3 import Generator
from stylegan3.ops.upfirdn2d import upsample2d
from tests.support import DATA

HUMAN = DATA / "sg3-t-human-64x32.pt"
CONDITIONAL = DATA / "sg2-tf-minhw-cond-32.pkl"
PLACES = {"Conv": "conv1", "Conv0_up": "conv0", "Conv1": "conv1"}


def relative(found: Tensor, expected: np.ndarray) -> float:
    assert found.shape == expected.shape
    return float(np.linalg.norm(found.numpy() - expected) / np.linalg.norm(expected))


@pytest.fixture(params=[HUMAN, CONDITIONAL], ids=["human", "conditional"])
def path(request: pytest.FixtureRequest) -> Path:
    return request.param


@pytest.mark.parametrize(
    ("key", "options"),
    [
        ("", {}),
        ("_psi0.7", {"truncation_psi": 0.7}),
        ("_psi0.7_cutoff3", {"truncation_psi": 0.7, "truncation_cutoff": 3}),
    ],
)
def test_pictures(path: Path, key: str, options: dict[str, Any]) -> None:
    expected, generator = np.load(path.with_suffix(".npz")), stylegan3.load(path)
    z = torch.from_numpy(expected["z"])
    c = torch.from_numpy(expected["c"]) if generator.c_dim else None
    with torch.no_grad():
        ws = generator.mapping(z, c, **options)
        image = generator.synthesis(ws)
    assert image.shape[2:] == (generator.img_height, generator.img_width)
    assert relative(ws, expected[f"ws{key}"]) < 1e-5
    assert relative(image[:, :, ::3, ::3], expected[f"image{key}"]) < 1e-5


def test_a_vector_as_every_row(path: Path) -> None:
    expected, generator = np.load(path.with_suffix(".npz")), stylegan3.load(path)
    ws = torch.from_numpy(expected["w_direct"])[:, None].expand(-1, generator.num_ws, -1)
    with torch.no_grad():
        image = generator.synthesis(ws)
    assert relative(image[:, :, ::3, ::3], expected["image_w_direct"]) < 1e-5


def test_layers_of_stylegan_human() -> None:
    expected, generator = np.load(HUMAN.with_suffix(".npz")), stylegan3.load(HUMAN)
    ws = torch.from_numpy(expected["ws"][:1])
    for spec in generator.synthesis.layers:
        with torch.no_grad():
            features = generator.synthesis(ws, layer=spec.name)
        assert features.shape[2:] == spec.dimensions[::-1]
        crop = features[:, ::5, ::3, ::3]
        assert relative(crop, expected[f"layer/{spec.name}"]) < 1e-5, spec.name


def test_layers_of_a_tensorflow_network() -> None:
    expected, generator = np.load(CONDITIONAL.with_suffix(".npz")), stylegan3.load(CONDITIONAL)
    ws = torch.from_numpy(expected["ws"][:1])
    picture = None
    for key in (key for key in expected if key.startswith("layer/")):
        scope, part = key.removeprefix("layer/").split("/")
        block = f"b{scope.partition('x')[0]}"
        with torch.no_grad():
            features = generator.synthesis(ws, layer=f"{block}.{PLACES.get(part, 'torgb')}")
        if part == "ToRGB":  # that program shows the picture so far
            if picture is not None:
                taps = generator.synthesis.get_submodule(block).resample_filter
                assert isinstance(taps, Tensor)
                features = features + upsample2d(picture, taps)
            picture = features
        assert relative(features[:, ::5, ::3, ::3], expected[key]) < 1e-5, key


def test_names_and_shapes_tell_that_pictures_are_not_square(tmp_path: Path) -> None:
    human = stylegan3.load(HUMAN)
    torch.save(human.state_dict(), tmp_path / "human.pt")
    again = stylegan3.load(tmp_path / "human.pt")
    assert (again.img_width, again.img_height, again.img_resolution) == (32, 64, 64)
    ws = torch.ones(1, again.num_ws, again.w_dim)
    with torch.no_grad():
        assert torch.equal(again.synthesis(ws), human.synthesis(ws))


@pytest.mark.parametrize("init_res", [(1, 1), (3, 5), (4, 2), (7, 4)])
@pytest.mark.parametrize("architecture", ["skip", "resnet", "orig"])
def test_any_first_size(init_res: tuple[int, int], architecture: str) -> None:
    config = stylegan3.StyleGAN2Config(
        z_dim=8,
        w_dim=8,
        img_resolution=16,
        channel_base=64,
        channel_max=8,
        num_mapping_layers=2,
        init_res=init_res,
        architecture=architecture,  # type: ignore[arg-type]
    )
    generator = Generator(config).requires_grad_(False)
    ws = torch.randn(2, generator.num_ws, 8)
    for spec in generator.synthesis.layers:
        assert generator.synthesis(ws, layer=spec.name).shape[2:] == spec.dimensions[::-1]
    for noise_mode in ("const", "random", "none"):
        image = generator.synthesis(ws, noise_mode=noise_mode)
        assert image.shape == (2, 3, init_res[0] * 4, init_res[1] * 4)


@pytest.mark.parametrize("init_res", [(0, 4), (4,), (4, 4.0), (4, 1 << 20), (1 << 10, 4)])
def test_first_sizes_that_no_network_has(init_res: Any) -> None:
    with pytest.raises(ValueError, match="init_res"):
        stylegan3.StyleGAN2Config(init_res=init_res)

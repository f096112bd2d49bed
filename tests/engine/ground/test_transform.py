"""Moving the picture: the matrix, what the network makes of it, and turning it back."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from sgview.engine.engine import Engine
from sgview.engine.ground.transform import STILL, matrix, placement, turned_back
from sgview.engine.networks import load_network
from sgview.state.motion import Motion
from sgview.state.params import Edit, Ground, InputTransform, Layer, Params
from tests.support import DATA

GRIDS = [
    InputTransform(x=0.3, y=-0.2),
    InputTransform(rotate=33.0),
    InputTransform(scale=0.6),
    InputTransform(shear=0.4),
    InputTransform(x=-0.1, y=0.4, rotate=-70.0, scale=1.7, shear=-0.2),
]


@pytest.fixture(scope="module", params=["sg3-t-64-a.pkl", "sg3-r-64.pkl"])
def recorded(request):
    """A network as published, with what the published program made of these latents."""
    network = load_network(DATA / request.param)
    with Engine("cpu") as engine:
        engine.set_network("a", network)
        archive = np.load((DATA / request.param).with_suffix(".npz"))
        yield engine, network, archive


def moved(grid: InputTransform, **others) -> Params:
    return Params(ground=Ground(input=grid), **others)


def relative_error(got: np.ndarray, wanted: np.ndarray) -> float:
    return float(np.linalg.norm(got - wanted) / np.linalg.norm(wanted))


def features(network, w: np.ndarray, transform: np.ndarray) -> np.ndarray:  # [C, H, W]
    """The input of one sample in float64, written out from the paper's formulas."""
    tensors = network.generator.synthesis.input
    state = {name: t.double().numpy() for name, t in tensors.state_dict().items()}
    affine = state["affine.weight"] / math.sqrt(len(w)) @ w + state["affine.bias"]
    rc, rs, tx, ty = affine / np.hypot(affine[0], affine[1])
    turn = np.array([[rc, -rs, 0.0], [rs, rc, 0.0], [0.0, 0.0, 1.0]])
    move = np.array([[1.0, 0.0, -tx], [0.0, 1.0, -ty], [0.0, 0.0, 1.0]])
    m = turn @ move @ transform
    phases = state["phases"] + state["freqs"] @ m[:2, 2]
    freqs = state["freqs"] @ m[:2, :2]
    rate, band = tensors.sampling_rate, tensors.bandwidth
    height = np.clip(1 - (np.linalg.norm(freqs, axis=1) - band) / (rate / 2 - band), 0, 1)
    size = int(tensors.size[0])
    grid = (np.arange(size) + 0.5 - size / 2) / rate
    y, x = np.meshgrid(grid, grid, indexing="ij")
    angles = freqs[:, 0, None, None] * x + freqs[:, 1, None, None] * y + phases[:, None, None]
    waves = np.sin(2 * np.pi * angles) * height[:, None, None]
    weight = state["weight"] / math.sqrt(len(freqs))
    return np.einsum("oi,ihw->ohw", weight, waves)


@pytest.mark.parametrize("grid", GRIDS)
def test_the_features_are_the_paper_s_with_the_matrix_set(recorded, grid):
    engine, network, archive = recorded
    ws = torch.from_numpy(archive["ws"][:1])
    made = engine.synthesise(moved(grid, layer=Layer(name="input")), ws=ws)[0].double().numpy()
    inverse = np.linalg.inv(matrix(placement(grid, Motion())))
    assert relative_error(made, features(network, archive["ws"][0, 0], inverse)) < 1e-5
    still = features(network, archive["ws"][0, 0], np.eye(3))
    assert relative_error(made, still) > 0.1


@pytest.mark.parametrize("grid", GRIDS)
def test_the_picture_is_that_of_the_network_with_the_matrix_set(recorded, grid):
    """The plain generator, which gives the published pictures, with its buffer written by hand."""
    engine, network, archive = recorded
    ws = torch.from_numpy(archive["ws"][:1])
    assert relative_error(engine.synthesise(Params(), ws=ws).numpy(), archive["image"][:1]) < 1e-5
    made = engine.synthesise(moved(grid), ws=ws)
    other = load_network(Path(network.status.path))
    inverse = np.linalg.inv(matrix(placement(grid, Motion())))
    generator: Any = other.generator
    generator.synthesis.input.transform.copy_(torch.from_numpy(inverse))
    with torch.no_grad():
        wanted = generator.synthesis(ws)
    assert relative_error(made.numpy(), wanted.numpy()) < 1e-5


def test_x_is_to_the_right_y_upwards_and_angles_anticlockwise(recorded):
    """Whole pixels of the sampling grid and right angles: features only change places."""
    engine, network, archive = recorded
    ws = torch.from_numpy(archive["ws"][:1])
    rate = network.generator.synthesis.input.sampling_rate

    def shown(grid: InputTransform) -> torch.Tensor:
        return engine.synthesise(moved(grid, layer=Layer(name="input")), ws=ws)[0]

    still = shown(InputTransform())
    right = shown(InputTransform(x=3 / rate))
    assert torch.allclose(right[..., 3:], still[..., :-3], atol=1e-4)
    up = shown(InputTransform(y=2 / rate))
    assert torch.allclose(up[:, :-2], still[:, 2:], atol=1e-4)
    turned = shown(InputTransform(rotate=90.0))
    assert torch.allclose(turned, still.rot90(1, (1, 2)), atol=1e-4)


def test_what_is_set_and_where_speeds_have_led_add_up():
    positions = {"ground.x": 0.1, "ground.y": -0.2, "ground.rotate": 30.0, "ground.scale": 1.0}
    grid = InputTransform(x=0.3, y=0.1, rotate=15.0, scale=1.5, shear=0.2)
    place = placement(grid, Motion(positions=positions))
    assert place == pytest.approx((0.4, -0.1, 45.0, 3.0, 0.2))
    assert np.array_equal(matrix(STILL), np.eye(3))


@pytest.mark.parametrize("octaves", [-1e9, 1e9])
def test_a_zoom_that_is_forgotten_stays_finite(octaves):
    place = placement(InputTransform(), Motion(positions={"ground.scale": octaves}))
    inverse = np.linalg.inv(matrix(place))
    assert np.isfinite(inverse).all()


def test_an_edit_of_the_transform_lies_below_it(recorded):
    engine, _, archive = recorded
    ws = torch.from_numpy(archive["ws"][:1])
    edit = Edit(tensor="synthesis.input.transform", operation="multiply", amount=1.0)
    plain = engine.synthesise(moved(GRIDS[0]), ws=ws)
    assert torch.equal(engine.synthesise(moved(GRIDS[0], edits=(edit,)), ws=ws), plain)
    doubled = edit.__class__(tensor=edit.tensor, amount=2.0)
    assert not torch.equal(engine.synthesise(moved(GRIDS[0], edits=(doubled,)), ws=ws), plain)


@pytest.mark.parametrize("size", [(64, 64), (48, 80)])
def test_turned_back(size):
    """A picture that was moved by whole pixels is where it was, and black where it came from."""
    height, width = size
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(1, 3, height, width, generator=generator) * 2 - 1
    shifted = image.roll((-8, 4), (2, 3))  # 8 px up, 4 px to the right
    back = turned_back(shifted, (4 / height, 8 / height, 0.0, 1.0, 0.0))
    assert torch.allclose(back[..., 8:, : width - 4], image[..., 8:, : width - 4], atol=1e-4)
    assert torch.allclose(back[..., :7, :], torch.tensor(-1.0))
    assert torch.allclose(back[..., width - 3 :], torch.tensor(-1.0))
    half = turned_back(image, (0.0, 0.0, 180.0, 1.0, 0.0))
    assert torch.allclose(half[..., 2:-2, 2:-2], image.rot90(2, (2, 3))[..., 2:-2, 2:-2], atol=1e-4)


def test_turning_back_is_for_the_picture_and_for_moved_ones_alone(recorded):
    engine, _, archive = recorded
    ws = torch.from_numpy(archive["ws"][:1])
    still = engine.synthesise(moved(InputTransform(untransform=True)), ws=ws)
    assert torch.equal(still, engine.synthesise(Params(), ws=ws))
    away = InputTransform(x=0.25, untransform=True)
    plain = engine.synthesise(moved(InputTransform(x=0.25)), ws=ws)
    back = engine.synthesise(moved(away), ws=ws)
    assert torch.allclose(back[..., 1:-17], plain[..., 17:-1], atol=1e-3)
    layer = Layer(name="L0")
    shown = engine.synthesise(moved(away, layer=layer), ws=ws)
    same = engine.synthesise(moved(InputTransform(x=0.25), layer=layer), ws=ws)
    assert torch.equal(shown, same)

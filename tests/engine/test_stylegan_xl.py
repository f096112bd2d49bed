"""StyleGAN-XL through the engine: pictures, layers, edits, blends, and a morph between classes."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
import torch

from sgview.engine.engine import Engine
from sgview.engine.networks import load_network
from sgview.state.morph import morph
from sgview.state.params import Blend, Edit, Layer, Mapping, Params
from stylegan3.checkpoints import read, save_safetensors
from tests.support import DATA
from tests.support.networks import unpacked

NAME = "sgxl-t-sr-cond-32"
WANTED = np.load(DATA / f"{NAME}.npz")
LABEL = tuple(map(float, WANTED["c"][0]))


def relative_error(got: torch.Tensor, wanted: np.ndarray) -> float:
    return float(np.linalg.norm(got.numpy() - wanted) / np.linalg.norm(wanted))


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    folder = tmp_path_factory.mktemp("xl")
    path = unpacked(f"{NAME}.pkl", folder)
    save_safetensors(read(path), folder / "b.safetensors")
    with Engine("cpu") as engine:
        engine.set_network("a", load_network(path))
        engine.set_network("b", load_network(folder / "b.safetensors"))
        yield engine


@pytest.fixture
def z() -> torch.Tensor:
    return torch.from_numpy(WANTED["z"])


@pytest.mark.parametrize(
    ("key", "truncation"),
    [
        ("image", {}),
        ("image_psi0.7", {"truncation_psi": 0.7}),
        ("image_psi0.7_cutoff3", {"truncation_psi": 0.7, "truncation_cutoff": 3}),
    ],
)
def test_pictures(engine: Engine, z: torch.Tensor, key: str, truncation: dict) -> None:
    params = Params(mapping=Mapping(class_weights=LABEL, **truncation))
    assert relative_error(engine.synthesise(params, z=z), WANTED[key]) < 1e-5


def test_layers_by_name_and_number(engine: Engine) -> None:
    ws = torch.from_numpy(WANTED["ws"])
    for name in ("L7_36_24", "L9_36_24", "L16_32_3", "input"):
        for spelt in (name, name.partition("_")[0]):
            features = engine.synthesise(Params(layer=Layer(name=spelt)), ws=ws)
            assert relative_error(features[0, :4, -12:, :12], WANTED[f"part/{name}"]) < 1e-5


def test_an_edit_and_a_blend_act_on_a_stage(engine: Engine, z: torch.Tensor) -> None:
    mapping = Mapping(class_weights=LABEL)
    edits = (Edit(tensor="synthesis.L12_52_23.bias", amount=3.0),)
    edited = engine.synthesise(Params(mapping=mapping, edits=edits), z=z)
    assert relative_error(edited, WANTED["image"]) > 1e-3
    same = Params(mapping=mapping, blend=Blend(amounts={"L12": 0.5, "L3": 1.0}))
    assert relative_error(engine.synthesise(same, z=z), WANTED["image"]) < 1e-5


def test_a_morph_between_classes_moves_all_the_way(engine: Engine, z: torch.Tensor) -> None:
    def params(label: tuple[float, ...]) -> Params:
        return Params(mapping=Mapping(class_weights=label, truncation_psi=0.7))

    a, b = params(LABEL), params((0.0, 0.0, 1.0))
    pictures = [engine.synthesise(morph(a, b, x / 8), z=z) for x in range(9)]
    assert relative_error(pictures[0], WANTED["image_psi0.7"]) < 1e-5
    moves = [float((y - x).norm()) for x, y in pairwise(pictures)]
    assert min(moves) > 0
    assert max(moves) < 0.6 * sum(moves)

"""Edits, blends, layers and truncation through the engine, against published outputs."""

import numpy as np
import pytest
import torch

from sgview.engine.engine import Engine
from sgview.engine.networks import load_network
from sgview.state.params import Blend, Edit, Layer, Mapping, Params
from tests.support import DATA

EDITS_AND_BLENDS = np.load(DATA / "sg3-t-64-edits-blends.npz")


def relative_error(got: torch.Tensor, wanted: np.ndarray) -> float:
    difference = np.linalg.norm(got.numpy().astype(np.float64) - wanted)
    return float(difference / np.linalg.norm(wanted))


@pytest.fixture(scope="module")
def pair():
    with Engine("cpu") as engine:
        engine.set_network("a", load_network(DATA / "sg3-t-64-a.pkl"))
        engine.set_network("b", load_network(DATA / "sg3-t-64-b.pkl"))
        yield engine


@pytest.mark.parametrize("case", [k for k in EDITS_AND_BLENDS.files if k.startswith("edit/")])
def test_edit(pair, case):
    tensor, _, factor = case.removeprefix("edit/").partition("*")
    params = Params(edits=(Edit(tensor=tensor, amount=float(factor)),))
    image = pair.synthesise(params, z=torch.from_numpy(EDITS_AND_BLENDS["z"]))
    assert relative_error(image, EDITS_AND_BLENDS[case]) < 1e-5


@pytest.mark.parametrize("case", [k for k in EDITS_AND_BLENDS.files if k.startswith("blend/")])
def test_blend(pair, case):
    layer, _, amount = case.removeprefix("blend/").partition("@")
    group = layer.partition("_")[0]
    params = Params(blend=Blend(amounts={group: float(amount)}))
    image = pair.synthesise(params, z=torch.from_numpy(EDITS_AND_BLENDS["z"]))
    assert relative_error(image, EDITS_AND_BLENDS[case]) < 1e-5


def test_after_all_that_the_weights_are_the_pristine_ones(pair):
    pair.synthesise(Params(), z=torch.from_numpy(EDITS_AND_BLENDS["z"]))
    for live in pair._live.values():
        for name, tensor in live.generator.state_dict().items():
            assert torch.equal(tensor, live.pristine[name]), name


@pytest.mark.parametrize("name", ["sg3-t-64-b", "sg2-64-a", "sg2-cond-resnet-32"])
def test_image_and_truncation(name):
    wanted = np.load(DATA / f"{name}.npz")
    with Engine("cpu") as engine:
        engine.set_network("a", load_network(DATA / f"{name}.pkl"))
        z = torch.from_numpy(wanted["z"])
        label = tuple(map(float, wanted["c"][0])) if wanted["c"].size else ()
        mapping = Mapping(class_weights=label)
        count = 1 if label else len(z)  # the engine plays one label
        image = engine.synthesise(Params(mapping=mapping), z=z[:count])
        assert relative_error(image, wanted["image"][:count]) < 1e-5
        truncated = Mapping(truncation_psi=0.7, truncation_cutoff=3, class_weights=label)
        image = engine.synthesise(Params(mapping=truncated), z=z[:count])
        assert relative_error(image, wanted["image_psi0.7_cutoff3"][:count]) < 1e-5


@pytest.mark.parametrize("name", ["sg3-t-64-a", "sg2-64-a"])
def test_layers_and_w_direct(name):
    wanted = np.load(DATA / f"{name}.npz")
    with Engine("cpu") as engine:
        engine.set_network("a", load_network(DATA / f"{name}.pkl"))
        ws = torch.from_numpy(wanted["ws"][:1])
        layers = [k.removeprefix("layer/") for k in wanted.files if k.startswith("layer/")]
        assert len(layers) > 10
        for layer in layers:
            features = engine.synthesise(Params(layer=Layer(name=layer)), ws=ws)
            expected = wanted[f"layer/{layer}"][0]  # of large layers the first channels
            assert relative_error(features[0][: len(expected)], expected) < 1e-5, layer
        rows = torch.from_numpy(wanted["w_direct"]).unsqueeze(1).repeat(1, ws.shape[1], 1)
        assert relative_error(engine.synthesise(Params(), ws=rows), wanted["image_w_direct"]) < 1e-5

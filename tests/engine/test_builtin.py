"""The networks that come with sgview: there, whole, small, and the ones that were looked at."""

import json
import tomllib

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from safetensors import safe_open

from sgview import resources
from sgview.engine.engine import Engine
from sgview.engine.network import style_fingerprint
from sgview.engine.networks import builtin_networks, load_network
from sgview.show.direction_names import LONGEST
from sgview.state.directions import read_direction
from sgview.state.networks import BUILT_IN_NETWORKS, is_built_in
from sgview.state.params import Blend, Params
from tests.support import ROOT

RECORDED = np.load(ROOT / "tests" / "data" / "builtin-pictures.npz")
NAMES = ("blooms", "planets")
PAIRS = ("sg2", "sg3")
FAMILIES = {"sg2": "StyleGAN2", "sg3": "StyleGAN3-T"}
MOST = {"sg2": 3_200_000, "sg3": 6_000_000}  # parameters that 12 MB of float16 hold
PREFIX = {"sg2": "", "sg3": "sg3-"}
GROUPS = {
    "sg2": ["mapping", "b4", "b8", "b16", "b32", "b64", "b128", "b256"],
    "sg3": ["mapping", "input", *(f"L{i}" for i in range(15))],
}


@pytest.fixture(scope="module", params=PAIRS)
def kind(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def pair(kind):
    return builtin_networks(kind)


def pictures(generator) -> torch.Tensor:  # [2, 3, 32, 32]
    z = torch.from_numpy(RECORDED["z"])
    with torch.no_grad():
        image = generator(z, truncation_psi=0.7)
    return F.adaptive_avg_pool2d(image, 32)


def test_they_are_described_as_built_in(pair, kind):
    assert [n.status.name for n in pair] == [PREFIX[kind] + name for name in NAMES]
    for network in pair:
        assert network.status.path == ""
        assert network.status.family == FAMILIES[kind]
        assert network.status.img_resolution == 256
        assert network.status.num_parameters < MOST[kind]
    assert pair[0].generator.config == pair[1].generator.config


@pytest.mark.parametrize("index", [0, 1])
def test_they_draw_what_was_recorded(pair, kind, index):
    expected = torch.from_numpy(RECORDED[PREFIX[kind] + NAMES[index]])
    error = (pictures(pair[index].generator) - expected).norm() / expected.norm()
    assert error < 1e-3


def test_the_recorded_pictures_tell_them_apart(pair, kind):
    planets = torch.from_numpy(RECORDED[PREFIX[kind] + "planets"])
    assert (pictures(pair[0].generator) - planets).norm() > 10


def test_every_group_blends(pair, kind):
    with Engine("cpu") as engine:
        engine.set_network("a", pair[0])
        engine.set_network("b", pair[1])
        only_a = engine.render(Params(), 0.0)
        groups = [group.name for group in only_a.blend_groups]
        assert groups == GROUPS[kind]
        assert all(group.is_blendable for group in only_a.blend_groups)
        # all of B blended in is B
        all_of_b = engine.render(Params(blend=Blend(amounts=dict.fromkeys(groups, 1.0))), 0.0)
        only_b = engine.render(Params(blend=Blend(source="b")), 0.0)
    difference = (all_of_b.rgba8.int() - only_b.rgba8.int()).abs()
    assert difference.max() <= 1
    assert (only_a.rgba8.int() - only_b.rgba8.int()).abs().float().mean() > 10


@pytest.mark.parametrize("name", NAMES)
def test_files_say_what_they_are(kind, name):
    with safe_open(resources.asset(f"{kind}-{name}.safetensors"), "pt") as file:
        metadata = file.metadata()
    record = json.loads(metadata["training"])
    assert metadata["license"] == "MIT"
    assert record["family"] == name
    assert record["images"] > 100_000
    assert record["commit"] != "unknown"
    # near other pictures of the data, far from a network without training
    assert record["frechet_data"] < record["frechet"] < 3 * record["frechet_data"]
    assert record["frechet"] < record["frechet_untrained"] / 20


def test_files_stay_small():
    folder = resources.asset("")
    sizes = {path.name: path.stat().st_size for path in folder.rglob("*") if path.is_file()}
    expected = {f"{pair}-{name}.safetensors" for pair in PAIRS for name in NAMES}
    assert {name for name in sizes if name.endswith(".safetensors")} == expected
    assert max(sizes.values()) <= 12_000_000
    assert sum(sizes.values()) <= 40_000_000


def test_the_wheel_has_them():
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    wheel = build["targets"]["wheel"]
    assert "src/sgview" in wheel["packages"]  # whole, the folder of assets with it
    left_out = [path for pattern in wheel["exclude"] for path in ROOT.glob(pattern)]
    assert left_out and not [path for path in left_out if path.is_relative_to(ROOT / "src")]
    assert not [path for path in left_out if path.suffix != ".py"]
    assert "exclude" not in build
    assert wheel["force-include"]["configs"] == "sgview/configs"
    ignored = (ROOT / ".gitignore").read_text().split()  # what git leaves out, hatch does too
    assert not [p for p in ignored if "assets" in p or "safetensors" in p]


@pytest.mark.parametrize("name", BUILT_IN_NETWORKS)
def test_each_is_opened_by_its_name(name: str) -> None:
    network = load_network(f"built-in:{name}")
    assert network.status.name == name
    assert network.status.path == f"built-in:{name}"
    assert is_built_in(network.status.path)
    assert not is_built_in(name)  # a file may be called so


def test_directions_have_names(pair):
    named = json.loads(resources.asset("directions.json").read_text(encoding="utf-8"))
    for network in pair:
        names = named[style_fingerprint(network.generator)]
        assert len(names) >= 10
        for direction, name in names.items():
            assert str(read_direction(direction)) == direction and 0 < len(name) <= LONGEST

from pathlib import Path

import pytest
import torch

from sgview.engine.network import tensors_of
from sgview.engine.networks import load_network, open_networks
from stylegan3 import CheckpointError, load
from tests.support import DATA


@pytest.mark.parametrize(
    ("file", "family", "z_dim"),
    [
        ("sg3-t-64-a.pkl", "StyleGAN3-T", 32),
        ("sg3-r-64.pkl", "StyleGAN3-R", 32),
        ("sg2-cond-resnet-32.pkl", "StyleGAN2", 32),
        ("sg2-rosinality-64.pt", "StyleGAN2", 32),
    ],
)
def test_reads_a_network_and_tells_how_far_it_is(file, family, z_dim):
    shares: list[float] = []
    network = load_network(DATA / file, shares.append)
    assert network.status.family == family and network.status.z_dim == z_dim
    assert network.status.name == Path(file).stem and network.status.path == str(DATA / file)
    assert shares and shares == sorted(shares) and shares[0] >= 0.0 and shares[-1] <= 1.0
    assert not any(p.requires_grad for p in network.generator.parameters())
    assert not network.generator.training


def test_the_tensors_are_those_of_the_file():
    expected = tensors_of(load(DATA / "sg2-64-a.pkl"))
    got = tensors_of(load_network(DATA / "sg2-64-a.pkl").generator)
    assert got.keys() == expected.keys()
    assert all(torch.equal(got[name], expected[name]) for name in got)


def test_a_file_that_is_no_network_is_one_sentence(tmp_path):
    path = tmp_path / "page.pkl"
    path.write_text("<!DOCTYPE html><html>404</html>")
    with pytest.raises(CheckpointError) as caught:
        load_network(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)
    with pytest.raises(CheckpointError):
        load_network(tmp_path / "missing.pkl")


A, B = DATA / "sg3-t-64-a.pkl", DATA / "sg3-t-64-b.pkl"


@pytest.mark.parametrize(
    ("a", "b", "demo", "names"),
    [
        ("", "", "sg2", {"a": "blooms", "b": "planets"}),
        ("", "", "sg3", {"a": "sg3-blooms", "b": "sg3-planets"}),
        ("", B, "sg2", {"a": "blooms", "b": B.stem}),
        (A, "", "sg3", {"a": A.stem}),
        (A, B, "sg2", {"a": A.stem, "b": B.stem}),
    ],
)
def test_the_networks_that_are_to_play(a, b, demo, names):
    networks = open_networks(a, b, demo)
    assert {slot: network.status.name for slot, network in networks.items()} == names


def test_reading_stops_where_progress_raises():
    class StopReadingError(Exception):
        pass

    def stop(share):
        raise StopReadingError

    with pytest.raises(StopReadingError):
        load_network(DATA / "sg3-t-64-a.pkl", stop)

"""Directions against numpy, files of each shape, and what they do to rows of w."""

import numpy as np
import pytest
import torch
from msgspec.structs import replace
from safetensors.torch import save_file

from sgview.engine.engine import Engine
from sgview.engine.latents import cloud
from sgview.engine.latents.analyses import Analyses, Want
from sgview.engine.latents.direction_files import VectorFiles
from sgview.engine.network import Network
from sgview.engine.networks import builtin_networks
from sgview.state.directions import Direction, read_direction
from sgview.state.params import Directions, Latents, Mapping, Params
from tests.support.networks import SMALL1, SMALL2, SMALL3, SMALL_XL, lively


@pytest.fixture(scope="module")
def blooms() -> Network:
    return builtin_networks("sg2")[0]


def normal(seed: int, length: int) -> torch.Tensor:
    return torch.randn(1, length, generator=torch.Generator().manual_seed(seed))


def test_names_of_directions():
    assert read_direction("sefa3") == Direction("sefa", 2)
    assert read_direction("pca1:4-0") == Direction("pca", 0, rows=(0, 4))
    assert read_direction("smile#2:8-13") == Direction("file", file="smile#2", rows=(8, 13))
    for name in ("sefa3", "pca12:0-4", "smile", "night sky:2-2"):
        assert str(read_direction(name)) == name
    for name in ("", "sefa99", "a.b", "x" * 300, "smile:1-"):
        with pytest.raises(ValueError, match=r"direction|each kind"):
            read_direction(name)


@pytest.mark.parametrize("rows", [None, (0, 3), (6, 9)])
def test_sefa_agrees_with_numpy_on_a_trained_network(blooms, rows):
    generator = blooms.generator
    convs = {4: ("conv1", "torgb")}
    names = [
        f"b{size}.{name}"
        for size in (4, 8, 16, 32, 64, 128, 256)
        for name in convs.get(size, ("conv0", "conv1", "torgb"))
    ]
    places, row = [], 0
    for name in names:
        places.append(row)
        row += not name.endswith("torgb")
    first, last = rows or (0, 99)
    state = generator.state_dict()
    held = [
        state[f"synthesis.{name}.affine.weight"].numpy().astype(np.float64)
        for name, place in zip(names, places, strict=True)
        if first <= min(place, generator.num_ws - 1) <= last
    ]
    a = np.concatenate(held) / np.sqrt(generator.w_dim)
    values, axes = np.linalg.eigh(a.T @ a)
    ws = cloud.sample_w(generator, 500)
    found = cloud.sefa_directions(generator, rows, ws, 6)
    for number in range(6):
        wanted = axes[:, np.argsort(-values)[number]]
        length = (ws.numpy().astype(np.float64) @ wanted).std(ddof=1)
        assert abs(abs(found[number].double().numpy() @ wanted) - length) < 1e-3 * length
        assert abs(np.linalg.norm(found[number]) - length) < 1e-3 * length


def test_principal_directions_agree_with_numpy_on_a_trained_network(blooms):
    ws = cloud.sample_w(blooms.generator, 1500)
    found = cloud.principal_directions(ws, 8)
    centred = ws.double().numpy() - ws.double().numpy().mean(0)
    _, deviations, axes = np.linalg.svd(centred, full_matrices=False)
    for number in range(8):
        wanted = axes[number] * deviations[number] / np.sqrt(len(ws) - 1)
        assert min(np.abs(found[number].numpy() - s * wanted).max() for s in (1, -1)) < 2e-3
    lengths = found.norm(dim=1)
    assert (lengths.diff() <= 0).all()


@pytest.mark.parametrize("config", [SMALL1, SMALL2, SMALL3, SMALL_XL], ids=lambda c: c.family)
def test_styles_are_told_which_row_they_read(config):
    """Each affine layer is watched while the network runs on rows that are told apart."""
    generator = lively(config)
    seen: dict[str, int] = {}
    affines = [(n, m) for n, m in generator.synthesis.named_modules() if n.endswith("affine")]
    for name, module in affines:
        module.register_forward_hook(
            lambda _, given, out, name=name: seen.update({name: round(float(given[0][0, 0]))})
        )
    ws = torch.zeros(1, generator.num_ws, generator.w_dim)
    ws[0, :, 0] = torch.arange(generator.num_ws)
    generator.synthesis(ws)
    told = [row for row, _ in cloud.style_weights(generator)]
    assert told == [seen[name] for name, _ in affines]
    assert {0, generator.num_ws - 1} <= set(told)


@pytest.mark.parametrize("config", [SMALL1, SMALL2, SMALL3, SMALL_XL], ids=lambda c: c.family)
def test_a_direction_is_added_to_its_rows(config, tmp_path):
    generator = lively(config)
    vector = torch.randn(generator.w_dim, generator=torch.Generator().manual_seed(5))
    (tmp_path / "directions").mkdir()
    np.save(tmp_path / "directions" / "smile.npy", vector.numpy())
    latents = Latents(source="seeds", seed=3)
    amounts = {"smile:1-2": 2.0, "sefa1": -1.0, "missing": 3.0, "pca2": 0.0}
    params = Params(latents=latents, directions=Directions(strength=0.5, amounts=amounts))
    with Engine("cpu", latents=tmp_path) as engine, torch.no_grad():
        network = Network.of(generator, "small")
        engine.set_network("a", network)
        ws = generator.mapping(normal(3, generator.z_dim))
        ws[:, 1:3] += vector
        found = engine.found.analyses.directions(network, Want("sefa"))
        assert found is not None
        ws -= 0.5 * found[0]
        wanted = generator.synthesis(ws, noise_mode="const")
        assert torch.allclose(engine.synthesise(params), wanted, atol=1e-4)
        assert sum("missing" in notice.text for notice in engine.take_notices()) == 1


def test_files_of_each_shape(tmp_path):
    files = VectorFiles(tmp_path)
    one, rows, many = torch.randn(8), torch.randn(5, 8), torch.randn(3, 1, 8)
    np.save(tmp_path / "one.npy", one.numpy())
    np.save(tmp_path / "boundary.npy", one[None].numpy())
    np.savez(tmp_path / "ganspace.npz", lat_comp=many.numpy(), lat_mean=one.numpy())
    torch.save({"direction": rows}, tmp_path / "rows.pt")
    save_file({"directions": many.contiguous()}, tmp_path / "many.safetensors")
    np.save(tmp_path / "listed.npy", torch.cat([rows, rows])[:7].numpy())
    for name in ("one", "one.npy", "boundary"):
        found = files.direction(name, 5, 8)
        assert found is not None and torch.equal(found, one.expand(5, -1))
    found = files.direction("rows", 5, 8)
    assert found is not None and torch.equal(found, rows)
    for name in ("ganspace#3", "many#3"):
        found = files.direction(name, 5, 8)
        assert found is not None and torch.equal(found, many[2].expand(5, -1))
    found = files.direction("listed#2", 5, 8)  # seven of them are no rows of five
    assert found is not None and torch.equal(found, rows[1].expand(5, -1))
    assert not files.take_notices()


def test_files_that_are_no_directions_say_so_once(tmp_path):
    files = VectorFiles(tmp_path)
    np.save(tmp_path / "wide.npy", np.zeros(9, np.float32))
    np.save(tmp_path / "endless.npy", np.full(8, np.nan, np.float32))
    np.savez(tmp_path / "other.npz", picture=np.zeros(8, np.float32))
    (tmp_path / "broken.npy").write_bytes(b"\x93NUMPY\x01\x00")
    np.save(tmp_path / "deep.npy", np.zeros((1, 2, 3, 8), np.float32))
    names = ("wide", "endless", "other", "broken", "deep", "gone", "wide#2")
    for name in names * 2:
        assert files.direction(name, 5, 8) is None
    told = [notice.text for notice in files.take_notices()]
    assert len(told) == len(names)
    assert any("9 numbers, the network's w has 8" in text for text in told)


def test_what_took_seconds_is_read_from_the_disk(tmp_path, sg2, monkeypatch):
    with Analyses(tmp_path) as first:
        found = first.directions(sg2, Want("pca"))
        modes = first.modes(sg2, 4)
    assert found is not None and modes is not None
    assert len(list(tmp_path.glob("*.npy"))) == 2
    monkeypatch.setattr(cloud, "sample_w", None)
    with Analyses(tmp_path) as second:
        again, modes_again = second.directions(sg2, Want("pca")), second.modes(sg2, 4)
        assert again is not None and modes_again is not None
        assert torch.equal(found, again) and torch.equal(modes[0], modes_again[0])
        assert modes[1] == modes_again[1]
    for path in tmp_path.glob("*.npy"):
        path.write_bytes(b"damaged")
    monkeypatch.undo()
    with Analyses(tmp_path) as third:
        assert third.directions(sg2, Want("pca")) is not None


def test_the_window_plays_on_until_directions_are_found(sg2):
    with Analyses() as analyses:
        analyses.waits = False
        seen = analyses.directions(sg2, Want("sefa"))
        analyses.waits = True
        assert seen is None or isinstance(seen, torch.Tensor)
        assert analyses.directions(sg2, Want("sefa")) is not None
        assert not analyses.is_busy()


def test_truncation_towards_a_latent_and_towards_modes(tmp_path, blooms):
    generator = blooms.generator
    centre = generator.mapping(normal(77, generator.z_dim))[0, 0]
    np.savez(tmp_path / "petals.npz", w=centre.numpy())
    averages = torch.stack([generator.mapping(normal(s, generator.z_dim))[0, 0] for s in range(6)])
    np.save(tmp_path / "centroids.npy", averages.numpy())
    w = generator.mapping(normal(3, generator.z_dim))[0, 0]
    base = Params(latents=Latents(source="seeds", seed=3))
    with Engine("cpu", latents=tmp_path) as engine, torch.no_grad():
        engine.set_network("a", blooms)

        def shown(mapping: Mapping) -> torch.Tensor:
            params = replace(base, mapping=mapping, layer=replace(base.layer, name="b16.conv0"))
            return engine.synthesise(params)

        def made(ws: torch.Tensor) -> torch.Tensor:
            rows = ws.expand(1, generator.num_ws, -1)
            return generator.synthesis(rows, layer="b16.conv0")

        towards = Mapping(truncation_psi=0.3, centre="latent", centre_entry="petals")
        assert torch.allclose(shown(towards), made(torch.lerp(centre, w, 0.3)), atol=1e-3)
        cut = replace(towards, truncation_cutoff=2)
        rows = w.expand(generator.num_ws, -1).clone()
        rows[:2] = torch.lerp(centre, w, 0.3)
        assert torch.allclose(shown(cut), made(rows), atol=1e-3)
        hard = Mapping(truncation_psi=0.0, centre="modes", centroids="centroids", softness=0.0)
        nearest = averages[(averages - w).norm(dim=1).argmin()]
        assert torch.equal(nearest, averages[3])
        assert torch.allclose(shown(hard), made(nearest), atol=1e-3)
        soft = shown(replace(hard, softness=1e6))  # as soft as can be: the average of averages
        assert torch.allclose(soft, made(averages.mean(0)), atol=1e-2)
        lost = shown(replace(towards, centre_entry="gone"))
        mean = torch.lerp(generator.mapping.w_avg, w, 0.3)
        assert torch.allclose(lost, made(mean), atol=1e-3)


def test_modes_are_the_clusters_of_w():
    random = torch.Generator().manual_seed(1)
    centres = torch.randn(5, 12, generator=random) * 10
    ws = (centres[:, None] + torch.randn(5, 200, 12, generator=random)).reshape(-1, 12)
    found, spread = cloud.k_means(ws, 5)
    assert torch.cdist(found, centres).min(0).values.max() < 0.5
    assert 10.0 < spread < 14.0  # twelve numbers of variance 1
    few, _ = cloud.k_means(ws[:3], 8)
    assert len(few) == 3

"""Vectors and rows of w at places, and between them."""

import numpy as np
import pytest
import torch
from msgspec.structs import replace

from sgview.engine.engine import Engine
from sgview.engine.latents.latents import ROW, LatentSource, slerp
from sgview.state.latent_places import Between, PlanePlace, SeedPlace
from sgview.state.motion import Motion
from sgview.state.params import Edit, Key, Latents, Mapping, Params, Path, Plane


def normal(seed: int, length: int = 512) -> torch.Tensor:
    return torch.randn(length, generator=torch.Generator().manual_seed(seed))


def exact_slerp(a: np.ndarray, b: np.ndarray, x: float) -> np.ndarray:
    a, b = a.astype(np.float64), b.astype(np.float64)
    angle = np.arccos(np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b)))
    return (np.sin((1 - x) * angle) * a + np.sin(x * angle) * b) / np.sin(angle)


@pytest.mark.parametrize("x", [0.0, 0.123, 0.5, 0.9, 1.0])
def test_slerp_agrees_with_float64(x):
    for seed in range(5):
        a, b = normal(seed), normal(seed + 1)
        wanted = exact_slerp(a.numpy(), b.numpy(), x)
        assert np.abs(slerp(a, b, x).numpy() - wanted).max() < 5e-6


def test_the_plane_has_seeds_at_whole_numbers_and_no_jumps():
    source = LatentSource()
    assert torch.equal(source.place(PlanePlace(7, 2.0, -1.0), 64), normal(7 + 2 - ROW, 64))
    assert torch.equal(source.place(PlanePlace(7, 0.0, 0.0), 64), normal(7, 64))
    way = torch.stack([source.place(PlanePlace(0, n / 100 - 1, 0.3), 512) for n in range(300)])
    assert way.diff(dim=0).norm(dim=1).max() < 1.0  # of about 22
    assert way.norm(dim=1).min() > 19.0 and way.norm(dim=1).max() < 27.0
    far = source.place(PlanePlace(0, 1e6 + 0.5, -3e5), 64)
    assert torch.isfinite(far).all()


@pytest.fixture
def engine(sg3):  # its z and w have 8 numbers
    with Engine("cpu") as engine:
        engine.set_network("a", sg3)
        yield engine


def image(engine: Engine, latents: Latents, motion: Motion | None = None, **more) -> torch.Tensor:
    picture = engine.render(Params(latents=latents, **more), 0.0, motion)
    assert picture is not None
    return picture.rgba8.int()


def difference(a: torch.Tensor, b: torch.Tensor) -> int:
    return int((a - b).abs().max())


def test_a_path_through_z(engine):
    path = Path(keys=(Key(at=0.0, place="seed 3"), Key(at=2.0, place="seed 8")))
    at = {"source": "path", "path": path}
    for position, seed in ((0.0, 3), (2.0, 8), (6.0, 3)):
        shown = image(engine, Latents(**at), Motion(positions={"path": position}))
        assert torch.equal(shown, image(engine, Latents(source="seeds", seed=seed)))
    z = slerp(normal(3, 8), normal(8, 8), 0.25).unsqueeze(0)
    live = engine.render(Params(latents=Latents(**at)), 0.5)
    assert live is not None and live.values is not None
    assert np.allclose(live.values, z[0].numpy(), atol=1e-6)


@pytest.mark.parametrize("mapping", [Mapping(), Mapping(truncation_psi=0.6, truncation_cutoff=3)])
def test_a_path_through_w(engine, mapping):
    generator = engine.networks["a"].generator
    psi, cutoff = mapping.truncation_psi, mapping.truncation_cutoff
    keys = [normal(seed, 8).unsqueeze(0) for seed in (3, 8, 5)]
    a, b, c = (
        generator.mapping(z, truncation_psi=psi, truncation_cutoff=cutoff).detach() for z in keys
    )
    made = tuple(Key(at=float(n), place=f"seed {s}") for n, s in enumerate((3, 8, 5)))
    params = Params(mapping=mapping, latents=Latents(source="path", path=Path(keys=made)))

    def rows(curve, position):
        path = Path(keys=made, curve=curve, closing=1.0)
        shown = replace_path(params, path)
        picture = engine.render(shown, 0.0, Motion(positions={"path": position}))
        assert picture is not None and picture.values is not None
        return torch.from_numpy(picture.values)

    assert torch.allclose(rows("linear", 0.25), torch.lerp(a, b, 0.25)[0, 0], atol=1e-5)
    assert torch.allclose(rows("linear", 2.5), torch.lerp(c, a, 0.5)[0, 0], atol=1e-5)
    # Catmull-Rom at the middle of a span of even keys: (-p0 + 9 p1 + 9 p2 - p3) / 16
    middle = (-c + 9 * a + 9 * b - c) / 16
    assert torch.allclose(rows("cubic", 0.5), middle[0, 0], atol=1e-4)


def replace_path(params: Params, path: Path) -> Params:
    return replace(params, latents=replace(params.latents, path=path))


def test_files_of_w(engine, tmp_path):
    generator = engine.networks["a"].generator
    ws = generator.mapping(normal(3, 8).unsqueeze(0)).detach()
    other = generator.mapping(normal(4, 8).unsqueeze(0)).detach()
    ws[:, 3:] = other[:, 3:]  # W+
    np.savez(tmp_path / "petals.npz", ws=torch.cat([ws, other]).numpy())
    engine.library.files.folder = tmp_path
    wanted = engine.synthesise(Params(), ws=ws)
    params = Params(latents=Latents(source="library", entry="petals"))
    assert torch.allclose(engine.synthesise(params), wanted, atol=1e-5)
    second = image(engine, Latents(source="library", entry="petals#2"))
    assert difference(second, image(engine, Latents(source="seeds", seed=4))) <= 1
    # psi acts on it, and leaves it alone at 1
    none = Mapping(truncation_psi=0.0)
    average = engine.synthesise(Params(mapping=none, latents=Latents(source="seeds")))
    psi_0 = engine.synthesise(Params(mapping=none, latents=params.latents))
    assert torch.allclose(psi_0, average, atol=1e-4)
    # an edit of the mapping network shows in what was mapped, at once
    path = Path(keys=(Key(place="seed 1"), Key(at=1.0, place="file petals")))
    mixed = Latents(source="path", path=path)
    before = image(engine, mixed, Motion(positions={"path": 0.5}))
    edit = Edit(tensor="mapping.fc0.bias", operation="add", amount=50.0)
    after = image(engine, mixed, Motion(positions={"path": 0.5}), edits=(edit,))
    assert not torch.equal(before, after)
    assert torch.equal(before, image(engine, mixed, Motion(positions={"path": 0.5})))


def test_a_file_that_is_not_there_is_told_once_and_the_show_goes_on(engine, tmp_path):
    engine.library.files.folder = tmp_path
    np.save(tmp_path / "w.npy", np.zeros((1, 300), np.float32))
    seed = image(engine, Latents(source="seeds"))
    for entry, words in (("gone", "no latent gone"), ("w", "has 300 numbers, the network's has")):
        for _ in range(3):
            assert torch.equal(image(engine, Latents(source="library", entry=entry)), seed)
        notices = engine.take_notices()
        assert len(notices) == 1 and words in notices[0].text


def test_a_glide_leaves_and_arrives_without_a_jump(engine):
    here = Latents(source="seeds", seed=9)
    start = image(engine, Latents(source="seeds", seed=2))
    assert torch.equal(image(engine, here, Motion(trail=(("seed 2", 0.0),))), start)
    arrived = image(engine, here, Motion(trail=(("seed 2", 1.0),)))
    assert difference(arrived, image(engine, here)) <= 1
    source = LatentSource()
    way = Between(Between(SeedPlace(1.0), SeedPlace(2.0), 0.5), SeedPlace(9.0), 0.5)
    wanted = slerp(slerp(normal(1), normal(2), 0.5), normal(9), 0.5)
    assert torch.equal(source.at(way, 512), wanted)


def test_the_plane_plays(engine):
    on_plane = Latents(source="plane", seed=5, plane=Plane(x=1.0))
    assert torch.equal(image(engine, on_plane), image(engine, Latents(source="seeds", seed=6)))
    moved = image(engine, Latents(source="plane", seed=5), Motion(positions={"plane.x": 1.0}))
    assert torch.equal(moved, image(engine, on_plane))

"""Style mixing against the synthesis of mixed rows, for every family and source."""

import pytest
import torch
from msgspec.structs import replace

from sgview.engine.engine import Engine
from sgview.engine.network import Network
from sgview.state.motion import Motion
from sgview.state.params import Key, Latents, Mapping, Mixing, Noise, Params, Path, Plane
from tests.support.networks import SMALL1, SMALL2, SMALL3, SMALL_XL, lively


def normal(seed: int, length: int) -> torch.Tensor:
    return torch.randn(1, length, generator=torch.Generator().manual_seed(seed))


def output(engine: Engine, params: Params, motion: Motion | None = None) -> torch.Tensor:
    picture = engine.render(params, 0.0, motion)
    assert picture is not None
    return picture.rgba8[..., :3].int()


def rgb(image: torch.Tensor) -> torch.Tensor:  # [1, 3, H, W] -> [H, W, 3]
    return (image[0, :3] * 127.5 + 128).clamp(0, 255).to(torch.uint8).permute(1, 2, 0).int()


def difference(a: torch.Tensor, b: torch.Tensor) -> int:
    return int((a - b).abs().max())


@pytest.mark.parametrize("config", [SMALL1, SMALL2, SMALL3, SMALL_XL], ids=lambda c: c.family)
def test_mixed_pictures_are_those_of_mixed_rows(config):
    generator = lively(config)
    rows = (0.0, 0.25, 1.0, 1.7, -0.5)
    params = Params(
        latents=Latents(source="seeds", seed=3),
        mapping=Mapping(truncation_psi=0.7, truncation_cutoff=3),
        mixing=Mixing(rows=rows, seed=8, amount=0.8),
    )
    with Engine("cpu") as engine, torch.no_grad():
        engine.set_network("a", Network.of(generator, "small"))
        a, b = (
            generator.mapping(
                normal(seed, generator.z_dim), truncation_psi=0.7, truncation_cutoff=3
            )
            for seed in (3, 8)
        )
        amounts = torch.zeros(generator.num_ws, 1)
        amounts[: len(rows), 0] = torch.tensor(rows) * 0.8
        wanted = generator.synthesis(a + amounts * (b - a), noise_mode="const")
        made = engine.synthesise(params)
        assert torch.allclose(made, wanted, atol=1e-4)
        off = replace(params, mixing=Mixing(rows=(0.0, 0.0), seed=8))
        assert torch.equal(engine.synthesise(off), engine.synthesise(replace(off, mixing=Mixing())))


@pytest.fixture
def engine(sg3):
    with Engine("cpu") as engine:
        engine.set_network("a", sg3)
        yield engine


PATH = Path(keys=(Key(at=0.0, place="seed 5"), Key(at=4.0, place="seed 9")))


@pytest.mark.parametrize(
    ("mixing", "alone"),
    [
        (Mixing(source="seeds", seed=4, between=0.5), Latents(source="seeds", seed=4, between=0.5)),
        (Mixing(source="plane", seed=4), Latents(source="plane", seed=4, plane=Plane(x=0.5))),
        (Mixing(source="path"), Latents(source="path", path=PATH)),
    ],
    ids=["seeds", "plane", "path"],
)
def test_all_rows_of_a_second_source_are_that_source(engine, mixing, alone):
    first = Latents(source="seeds", plane=Plane(x=0.5), path=PATH)
    motion = Motion(positions={"path": 1.0})
    params = Params(latents=first, mixing=replace(mixing, rows=(1.0,) * 40))
    wanted = output(engine, Params(latents=alone), motion)
    assert difference(output(engine, params, motion), wanted) <= 1
    assert difference(output(engine, Params(latents=first), motion), wanted) > 5


def test_noise_is_mixed_with_the_same_noise_of_another_seed(engine):
    params = Params(noise=Noise(seed=1), mixing=Mixing(source="noise", seed=5, rows=(1.0,) * 40))
    wanted = output(engine, Params(noise=Noise(seed=5)))
    assert difference(output(engine, params), wanted) <= 1
    in_w = replace(params, latents=Latents(space="w"))
    wanted = output(engine, Params(noise=Noise(seed=5), latents=Latents(space="w")))
    assert difference(output(engine, in_w), wanted) <= 1


def test_the_second_source_walks_by_itself(engine):
    mixing = Mixing(rows=(1.0,) * 40, seed=4, seed_speed=0.5)
    params = Params(latents=Latents(source="seeds"), mixing=mixing)
    moved = output(engine, params, Motion(positions={"mixing.seed": 1.0, "seed": 7.0}))
    wanted = output(engine, Params(latents=Latents(source="seeds", seed=5)))
    assert difference(moved, wanted) <= 1
    again = output(engine, params, Motion(positions={"mixing.seed": 0.0}))
    assert difference(again, output(engine, Params(latents=Latents(source="seeds", seed=4)))) <= 1


def test_the_second_source_is_on_its_way_while_it_glides(engine):
    params = Params(mixing=Mixing(rows=(1.0,) * 40, seed=9))
    halfway = output(engine, params, Motion(trails={"mixing": (("seed 4", 0.25),)}))
    way = Path(keys=(Key(at=0.0, place="seed 4"), Key(at=4.0, place="seed 9")))
    alone = Params(latents=Latents(source="path", path=way))
    assert difference(halfway, output(engine, alone, Motion(positions={"path": 1.0}))) <= 1
    assert difference(halfway, output(engine, params)) > 5

import pytest
import torch

from sgview.engine.latents.latents import LatentSource, class_label, slerp
from sgview.state.motion import motion_at
from sgview.state.params import Latents, Noise, Params


def vector(t=0.0, length=64, rows=1, **latents):
    return at(LatentSource(), Params(latents=Latents(**latents)), t, length, rows=rows)


def at(source, params, t, length, **options):
    return source.vector(params, motion_at(params, t), length, **options)


@pytest.mark.parametrize("length", [1, 32, 512, 777])
@pytest.mark.parametrize("latents", [{}, {"mode": "independent"}, {"source": "seeds"}])
def test_any_length(length, latents):
    values = vector(1.0, length, **latents)
    assert values.shape == (1, length) and values.dtype == torch.float32
    assert torch.isfinite(values).all()


@pytest.mark.parametrize(
    "latents",
    [{}, {"mode": "independent"}, {"gaussianise": True}, {"source": "seeds", "seed_speed": 0.5}],
)
def test_the_same_at_the_same_time_whatever_came_before(latents):
    source = LatentSource()
    params = Params(latents=Latents(**latents))
    first = at(source, params, 0.7, 64)
    at(source, params, 9.1, 64)
    assert torch.equal(at(source, params, 0.7, 64), first)
    assert torch.equal(at(LatentSource(), params, 0.7, 64), first)


def test_seeds_are_walked():
    third = vector(seed=3, source="seeds")
    assert torch.equal(third, vector(99.0, seed=3, source="seeds"))
    assert torch.equal(vector(2.0, seed=1, seed_speed=1.0, source="seeds"), third)
    assert torch.equal(vector(-1.0, seed=4, seed_speed=1.0, source="seeds"), third)
    assert not torch.allclose(vector(seed=4, source="seeds"), third, atol=0.5)
    between = [vector(t, seed=3, seed_speed=1.0, source="seeds") for t in (0.499, 0.5, 0.501)]
    assert (between[1] - between[0]).abs().max() < 0.02
    assert (between[2] - between[1]).abs().max() < 0.02


def test_seeds_are_standard_normal():
    values = vector(length=20_000, seed=5, source="seeds")
    assert values.std() == pytest.approx(1.0, abs=0.02)
    assert values.mean() == pytest.approx(0.0, abs=0.02)


def test_slerp_keeps_the_length():
    generator = torch.Generator().manual_seed(0)
    a, b = torch.randn(2, 512, generator=generator)
    assert torch.allclose(slerp(a, b, 0.0), a, atol=1e-5)
    assert torch.allclose(slerp(a, b, 1.0), b, atol=1e-5)
    assert slerp(a, b, 0.5).norm() == pytest.approx(((a.norm() + b.norm()) / 2).item(), rel=0.02)
    assert torch.allclose(slerp(a, a, 0.3), a)
    assert torch.isfinite(slerp(a, -a, 0.5)).all()
    assert torch.isfinite(slerp(a * 0, a, 0.5)).all()


def test_gaussianise_widens():
    noise = Noise(translate_speed=(0.1, 0.05, 0.0))
    params = [Params(noise=noise, latents=Latents(gaussianise=g)) for g in (False, True)]
    source = LatentSource()
    spreads = [
        torch.cat([at(source, p, 90.0 * k, 64) for k in range(30)]).std().item() for p in params
    ]
    assert spreads[1] == pytest.approx(0.9, abs=0.15)  # the amplitude
    assert spreads[0] < 0.7


@pytest.mark.parametrize(
    ("weights", "c_dim", "label"),
    [
        ((), 3, [1.0, 0.0, 0.0]),
        ((0.0, 1.0), 3, [0.0, 1.0, 0.0]),
        ((0.2, 0.3, 0.5, 9.0), 3, [0.2, 0.3, 0.5]),
        ((), 1, [1.0]),
    ],
)
def test_class_label(weights, c_dim, label):
    assert class_label(weights, c_dim).tolist() == [pytest.approx(label)]


def test_networks_without_classes_have_no_label():
    assert class_label((1.0,), 0) is None

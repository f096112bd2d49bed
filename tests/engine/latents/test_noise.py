import math

import pytest
import torch

from sgview.engine.latents.cuda_noise import NoiseKernel, dimensions_of
from sgview.engine.latents.gaussian import normal_quantiles
from sgview.engine.latents.latents import LatentSource
from sgview.engine.latents.lattice import GRADIENTS, lattice_hash, mix
from sgview.engine.latents.noise import STILL, look_up, moved, playing
from sgview.engine.latents.noise import place_strip as place
from sgview.engine.latents.noise import sample_noise as sample
from sgview.engine.latents.perlin import perlin
from sgview.engine.latents.simplex import simplex
from sgview.state.motion import motion_at
from sgview.state.params import Noise, Params
from stylegan3.cuda import nvrtc
from tests.emulator import emulated_kernel

TYPES = ("simplex2d", "simplex3d", "simplex4d", "perlin2d", "perlin3d", "perlin4d", "random")
SMOOTH = TYPES[:-1]


def way(noise, t):
    return moved(noise, motion_at(Params(noise=noise), t))


def sample_noise(noise, t, *args, **options):
    return sample(noise, way(noise, t), *args, **options)


def place_strip(noise, t):
    return place(noise, way(noise, t))


def naive_simplex(point: list[float], seed: int) -> float:
    """The paper's construction for one point, corner by corner, in Python's float64."""
    n = len(point)
    skew, unskew = (math.sqrt(n + 1) - 1) / n, (1 - 1 / math.sqrt(n + 1)) / n
    cell = [math.floor(x + sum(point) * skew) for x in point]
    inside = [x - (c - sum(cell) * unskew) for x, c in zip(point, cell, strict=True)]
    order = sorted(range(n), key=lambda d: -inside[d])
    total, corner = 0.0, [0] * n
    for step in [None, *order]:
        if step is not None:
            corner[step] = 1
        offset = [x - c + sum(corner) * unskew for x, c in zip(inside, corner, strict=True)]
        falloff = max(0.0, 0.5 - sum(o * o for o in offset))
        lattice = torch.tensor([c + k for c, k in zip(cell, corner, strict=True)])
        table = GRADIENTS[n]
        gradient = table[int(lattice_hash(lattice, torch.tensor(seed))) % len(table)].tolist()
        total += falloff**4 * sum(g * o for g, o in zip(gradient, offset, strict=True))
    return total


@pytest.mark.parametrize("dimensions", [2, 3, 4])
def test_simplex_is_the_papers_construction(dimensions):
    generator = torch.Generator().manual_seed(dimensions)
    points = torch.rand(60, dimensions, generator=generator, dtype=torch.float64) * 40 - 20
    scale = {2: 99.2, 3: 76.88, 4: 62.8}[dimensions]
    wanted = [naive_simplex(p.tolist(), 7) * scale for p in points]
    got = simplex(points, torch.full((60,), 7))
    assert torch.allclose(got.double(), torch.tensor(wanted).double(), atol=1e-5)


@pytest.mark.parametrize("function", [simplex, perlin])
@pytest.mark.parametrize("dimensions", [2, 3, 4])
def test_range_and_smoothness(function, dimensions):
    generator = torch.Generator().manual_seed(0)
    points = torch.rand(50_000, dimensions, generator=generator, dtype=torch.float64) * 100
    values = function(points, torch.zeros(1, dtype=torch.int64))
    assert 0.8 < values.abs().max() <= 1.0
    assert values.mean().abs() < 0.02
    nudged = function(points + 1e-4, torch.zeros(1, dtype=torch.int64))
    assert (values - nudged).abs().max() < 5e-3  # no jumps, at cell borders neither


@pytest.mark.parametrize("function", [simplex, perlin])
def test_smooth_far_from_the_origin(function):
    points = torch.tensor([[1e7, -1e7]], dtype=torch.float64) + torch.linspace(
        0, 1, 2001, dtype=torch.float64
    ).unsqueeze(-1)
    values = function(points, torch.zeros(1, dtype=torch.int64))
    assert values.diff().abs().max() < 0.01
    assert values.std() > 0.05


def test_gradients_are_what_the_papers_ask():
    assert [len(GRADIENTS[d]) for d in (2, 3, 4)] == [8, 12, 32]
    for d, length in ((2, 1.0), (3, 2.0**0.5), (4, 3.0**0.5)):
        assert torch.allclose(GRADIENTS[d].norm(dim=1), torch.tensor(length))
        assert GRADIENTS[d].sum(0).abs().max() < 1e-6
        assert len({tuple(g.tolist()) for g in GRADIENTS[d]}) == len(GRADIENTS[d])


def test_hash_is_32_bits_one_to_one_and_level():
    numbers = torch.arange(100_000)
    hashed = mix(numbers)
    assert hashed.min() >= 0 and hashed.max() < 2**32
    assert len(hashed.unique()) == len(numbers)
    bits = ((hashed.unsqueeze(-1) >> torch.arange(32)) & 1).double().mean(0)
    assert (bits - 0.5).abs().max() < 0.01
    assert mix(torch.tensor(1)) == 1753845952  # fixed for ever: presets hold seeds


@pytest.mark.parametrize("noise_type", TYPES)
def test_default_strip(noise_type):
    noise = Noise(type=noise_type)
    frames = torch.cat([sample_noise(noise, t, 512) for t in range(0, 400, 20)])
    assert frames.shape == (20, 512) and frames.dtype == torch.float32
    assert 0.15 < frames.std() < 0.6
    assert 0.5 < frames.abs().max() < 2.0
    assert torch.equal(sample_noise(noise, 2.0, 512), sample_noise(noise, 2.0, 512))
    assert not torch.equal(sample_noise(noise, 2.0, 512), sample_noise(noise, 2.1, 512))


@pytest.mark.parametrize("noise_type", SMOOTH)
def test_the_default_moves_along_the_strip(noise_type):
    # 0.1 strip widths a second: after 1.25 s of 512 samples, 64 samples further
    noise = Noise(type=noise_type)
    before, after = sample_noise(noise, 0.0, 512)[0], sample_noise(noise, 1.25, 512)[0]
    assert torch.allclose(after[:-64], before[64:], atol=1e-4)


@pytest.mark.parametrize("noise_type", SMOOTH)
def test_neighbours_are_alike_in_a_field_and_not_in_tracks(noise_type):
    noise = Noise(type=noise_type)
    field = torch.cat([sample_noise(noise, 10.0 * k, 256) for k in range(20)])
    tracks = sample_noise(noise, 0.0, 2000, is_independent=True)[0]
    assert field.diff(dim=1).abs().max() < 0.2
    pairs = torch.stack([tracks[:-1], tracks[1:]])
    assert torch.corrcoef(pairs)[0, 1].abs() < 0.08
    later = sample_noise(noise, 0.05, 2000, is_independent=True)[0]
    assert (later - tracks).abs().max() < 0.2  # each track is smooth in time


def test_independent_tracks_do_not_depend_on_the_length():
    noise = Noise()
    long = sample_noise(noise, 1.0, 512, is_independent=True)
    assert torch.equal(sample_noise(noise, 1.0, 32, is_independent=True), long[:, :32])


@pytest.mark.parametrize("noise_type", TYPES)
@pytest.mark.parametrize("is_independent", [False, True])
def test_gaussianised_noise_is_normal(noise_type, is_independent):
    # The strip moves sideways too: along a lattice line Perlin noise has a spread of its own.
    noise = Noise(type=noise_type, amplitude=1.0, translate_speed=(0.1, 0.037, 0.013))
    quantiles = normal_quantiles(noise_type)
    values = torch.cat(
        [
            sample_noise(noise, 97.0 * k, 32, is_independent=is_independent, quantiles=quantiles)
            for k in range(1, 120)
        ]
    ).flatten()
    # Harmonics included: each octave is made normal, and so is their weighted sum.
    shares = [(values < z).double().mean().item() for z in (-2.0, -1.0, 0.0, 1.0, 2.0)]
    assert shares == pytest.approx([0.0228, 0.1587, 0.5, 0.8413, 0.9772], abs=0.04)
    assert values.std() == pytest.approx(1.0, abs=0.08)


def test_quantile_table_rises_and_is_odd():
    table = normal_quantiles("simplex3d")
    assert (table.diff() >= 0).all()
    assert torch.allclose(table, -table.flip(0))
    assert 4.0 < table[-1] < 5.0


def test_look_up_interpolates():
    table = torch.tensor([0.0, 10.0, 40.0])
    x = torch.tensor([-1.0, -0.5, 0.0, 0.5, 1.0])
    assert look_up(table, x).tolist() == [0.0, 5.0, 10.0, 25.0, 40.0]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"amplitude": 1.8}, lambda x: x * 2),
        ({"offset": 0.5}, lambda x: x + 0.5),
        ({"exponent": 2.0}, lambda x: x.sign() * (x / 0.9).abs().pow(2) * 0.9),
        ({"seed": 1 + 2**32}, lambda x: x),
    ],
)
def test_value_parameters(change, expected):
    plain = sample_noise(Noise(), 3.0, 100)
    assert torch.allclose(sample_noise(Noise(**change), 3.0, 100), expected(plain), atol=1e-6)


def test_other_seeds_give_other_noise():
    rows = torch.cat([sample_noise(Noise(seed=seed), 0.0, 64) for seed in (-1, 0, 1, 2, 2**31)])
    assert torch.isfinite(rows).all()
    assert torch.cdist(rows, rows).fill_diagonal_(9.0).min() > 0.5


def test_place_of_the_strip():
    assert place_strip(Noise(), 10.0).origin == (1.0, 0.0, 0.0, 0.0)
    assert place_strip(Noise(), 10.0).direction == (1.0, 0.0, 0.0, 0.0)
    noise = Noise(period=0.5, translate=(1.0, 2.0, 3.0), translate_speed=(0.0, 1.0, 0.0))
    assert place_strip(noise, 2.0).origin == (2.0, 8.0, 6.0, 0.0)
    assert place_strip(noise, 2.0).direction == (2.0, 0.0, 0.0, 0.0)
    turned = place_strip(Noise(rotate=(0.0, 0.0, 90.0), scale=(3.0, 1.0, 1.0)), 0.0)
    assert turned.direction == pytest.approx((0.0, 3.0, 0.0, 0.0))
    # The pivot stays where it is, whatever turns and scales about it.
    noise = Noise(pivot=(0.25, 0.0, 0.0), rotate=(10.0, 20.0, 30.0), scale=(2.0, 3.0, 4.0))
    strip = place_strip(noise, 0.0)
    at_pivot = [o + 0.25 * d for o, d in zip(strip.origin, strip.direction, strict=True)]
    assert at_pivot == pytest.approx([0.25, 0.0, 0.0, 0.0])
    fourth = place_strip(Noise(translate_4d=2.0, translate_4d_speed=0.5), 4.0)
    assert fourth.origin[3] == 4.0


@pytest.mark.parametrize("noise_type", ["simplex4d", "perlin4d"])
def test_fourth_dimension_moves_only_what_has_one(noise_type):
    still = Noise(type=noise_type, translate_speed=(0, 0, 0))
    shifted = Noise(type=noise_type, translate_speed=(0, 0, 0), translate_4d=0.3)
    assert not torch.allclose(sample_noise(still, 0, 64), sample_noise(shifted, 0, 64), atol=0.02)
    flat, flat_moved = Noise(type="simplex3d"), Noise(type="simplex3d", translate_4d=0.3)
    assert torch.equal(sample_noise(flat, 0, 64), sample_noise(flat_moved, 0, 64))


def test_harmonics():
    first = sample_noise(Noise(harmonics=0), 0.0, 200)
    assert torch.allclose(sample_noise(Noise(harmonics=3, harmonic_gain=0.0), 0.0, 200), first)
    rough = sample_noise(Noise(harmonics=4, harmonic_gain=1.0), 0.0, 200)
    assert rough.diff().abs().mean() > 3 * first.diff().abs().mean()


def test_rows():
    equal = sample_noise(Noise(), 1.0, 32, rows=3)
    assert equal.shape == (3, 32) and torch.equal(equal[0], equal[2])
    own = sample_noise(Noise(monochrome=False), 1.0, 32, rows=3)
    assert torch.equal(own[0], equal[0])
    assert not torch.allclose(own[0], own[1], atol=0.1)


def load_emulated(spec, device):
    if not emulated_kernel.has_compiler():
        pytest.skip("g++ is not installed")
    return emulated_kernel.load(spec)


def check_kernel(noise, device, **options):
    table = normal_quantiles(noise.type) if options.pop("gaussianise", False) else None
    on_device = None if table is None else table.to(device)
    out = torch.empty(options.get("rows", 1), 200, device=device)
    is_independent = options.get("is_independent", False)
    dimensions = dimensions_of(noise)
    assert dimensions is not None
    make = NoiseKernel(dimensions, out, is_independent=is_independent, quantiles=on_device)
    got = make(noise, way(noise, 12.3))
    wanted = sample_noise(noise, 12.3, 200, quantiles=table, **options)
    assert got.shape == wanted.shape
    assert torch.allclose(got.cpu(), wanted, atol=1e-4 if table is not None else 1e-5)


KERNEL_CASES = [
    (Noise(type="simplex2d"), {}),
    (Noise(type="simplex3d", rotate=(10, 20, 30), period=0.1, harmonics=5), {}),
    (Noise(type="simplex4d", translate_4d=1.5, exponent=1.7, offset=0.2, seed=99), {}),
    (Noise(type="simplex2d", translate=(1e6, -1e6, 0.0)), {"is_independent": True}),
    (Noise(type="simplex3d", seed=-5), {"is_independent": True, "gaussianise": True}),
    (Noise(type="simplex4d", monochrome=False), {"rows": 5}),
    (Noise(type="simplex2d"), {"rows": 3, "gaussianise": True}),
]


@pytest.mark.parametrize(("noise", "options"), KERNEL_CASES)
def test_kernel_source_compiled_for_the_cpu(noise, options, monkeypatch):
    monkeypatch.setattr(nvrtc, "load", load_emulated)
    check_kernel(noise, torch.device("cpu"), **options)


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no NVIDIA GPU")
@pytest.mark.parametrize(("noise", "options"), KERNEL_CASES)
def test_kernel_on_the_gpu(noise, options):
    check_kernel(noise, torch.device("cuda", 0), **options)


@pytest.mark.parametrize("noise_type", TYPES)
@pytest.mark.parametrize("length", [3.7, 49.0])
def test_a_loop_ends_where_it_began(noise_type, length):
    noise = Noise(type=noise_type, loop=length, rotate=(0.0, 20.0, 0.0), period=0.7)
    source = LatentSource()

    def at(t):
        params = Params(noise=noise)
        return source.vector(params, motion_at(params, t), 64)

    start = at(0.0)
    frames = 200
    for turn in (1, -1, 3, 1000):
        assert torch.equal(at(turn * length), start)
        assert torch.equal(at(turn * length + length / frames), at(length / frames))
    way = torch.cat([at(length * n / frames) for n in range(frames + 1)])
    if noise_type in SMOOTH:
        steps = way.diff(dim=0).square().mean(1).sqrt()
        assert steps.max() < 0.15 and steps.min() > 0.0  # even at the seam
    assert (way - start).abs().max() > 0.5  # it leads somewhere


def test_a_loop_begins_where_the_noise_is_without_it():
    noise = Noise(type="simplex4d", translate=(0.3, 0.1, 0.2), translate_4d=0.7)
    still = sample(noise, STILL, 64)
    looped = Noise(type="simplex4d", translate=(0.3, 0.1, 0.2), translate_4d=0.7, loop=5.0)
    assert torch.equal(sample(playing(looped), way(looped, 0.0), 64), still)
    assert playing(Noise(loop=1.0)).type == "simplex4d"
    assert playing(Noise(type="perlin2d", loop=1.0)).type == "perlin4d"
    assert playing(Noise(type="perlin2d")).type == "perlin2d"
